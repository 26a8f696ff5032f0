/** Twirp over JSON, as actions speak it to our services: https://twitchtv.github.io/twirp/docs/spec_v7.html */

import { z } from "zod";
import { decodeBody } from "../../github/webhook.ts";
import { MAX_SERVICE_REQUEST_BYTES } from "../../model/limits.ts";
import { json } from "../http/answer.ts";
import { describeIssues, parseJson, readBounded } from "../http/body.ts";

const STATUS = {
  invalid_argument: 400,
  malformed: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  bad_route: 404,
  already_exists: 409,
  failed_precondition: 412,
  resource_exhausted: 429,
} as const;

/** A call that is answered with an error: its sender's fault, and never tried again. */
export class TwirpError extends Error {
  override readonly name = "TwirpError";
  readonly code: keyof typeof STATUS;
  constructor(code: keyof typeof STATUS, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws what is no `TwirpError` on: that is our fault, which the clients try again. */
export async function answerTwirp(call: () => Promise<Record<string, unknown>>): Promise<Response> {
  try {
    return json(await call());
  } catch (error) {
    if (!(error instanceof TwirpError)) throw error;
    return json({ code: error.code, msg: error.message }, STATUS[error.code]);
  }
}

/** Every message also names the run and the job that the token names already. */
export const ids = {
  workflow_run_backend_id: z.string().default(""),
  workflow_job_run_backend_id: z.string().default(""),
};

/** 64 bits come as text. */
export const long = z.union([z.string().regex(/^\d{1,15}$/), z.number().int().nonnegative()]).transform(Number);

/** A message in proto3's JSON: absent fields have their default, unknown ones are ignored, names come in either spelling. */
export async function readMessage<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\b/i.test(type))
    throw new TwirpError("bad_route", `unexpected Content-Type: ${type || "none"}`);
  const bytes = await readBounded(request, MAX_SERVICE_REQUEST_BYTES);
  const text = bytes && decodeBody(bytes);
  const given = parseJson(text ?? "");
  if (text === null || !given.ok) throw new TwirpError("malformed", "the body is no JSON message");
  const parsed = schema.safeParse(withProtoNames(given.value));
  if (!parsed.success) throw new TwirpError("invalid_argument", describeIssues(parsed.error));
  return parsed.data;
}

function withProtoNames(message: unknown): unknown {
  if (typeof message !== "object" || message === null || Array.isArray(message)) return message;
  const named = Object.entries(message).map(([name, value]: [string, unknown]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value ?? undefined,
  ]);
  return Object.fromEntries(named) as Record<string, unknown>;
}
