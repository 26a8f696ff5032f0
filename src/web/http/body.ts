/** Reads what is sent to us, and never more of it than was allowed. */

import type { z } from "zod";
import { decodeBody } from "../../github/webhook.ts";
import { MAX_REQUEST_BYTES } from "../../model/limits.ts";
import { problem } from "./answer.ts";

/** Null as soon as it is known to be longer than `maxBytes`, by its header or by counting. */
export async function readBounded(request: Request, maxBytes: number): Promise<Uint8Array | null> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) {
    await request.body?.cancel();
    return null;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the stream.
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return joinBytes(chunks, size);
}

/** Takes what a refused request still sends: a connection with unread bytes is cut, and the answer lost with it. */
export async function drain(request: Request): Promise<void> {
  if (request.body !== null && !request.bodyUsed) await readBounded(request, MAX_REQUEST_BYTES);
}

function joinBytes(chunks: Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1 && chunks[0]) return chunks[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

export type Read<T> = { ok: true; value: T } | { ok: false; answer: Response };

/** A JSON body of our own API; none at all stands for `{}`. Use strict schemas: an unknown field is refused by its name. */
export async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<Read<T>> {
  const refuse = (answer: Response): Read<T> => ({ ok: false, answer });
  const bytes = await readBounded(request, MAX_REQUEST_BYTES);
  if (!bytes) return refuse(problem(413, `A request holds at most ${MAX_REQUEST_BYTES} bytes.`));
  const text = decodeBody(bytes);
  if (text === null) return refuse(problem(400, "The body is not UTF-8."));
  const given = parseJson(text.trim() === "" ? "{}" : text);
  if (!given.ok) return refuse(problem(400, `The body is not JSON: ${given.error}.`));
  const parsed = schema.safeParse(given.value);
  if (!parsed.success) return refuse(problem(400, describeIssues(parsed.error)));
  return { ok: true, value: parsed.data };
}

/** The error says where, not what: the text may hold a secret. */
export function parseJson(text: string): { ok: true; value: unknown } | { ok: false; error: string } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    const [place] = /at position \d+/.exec(String(error)) ?? ["from its first character on"];
    return { ok: false, error: `it cannot be read ${place}` };
  }
}

export function describeIssues(error: z.ZodError): string {
  const told = error.issues.slice(0, 5).map((issue) => {
    const path = issue.path.map(String).join(".");
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
  return `${told.join("; ")}.`;
}
