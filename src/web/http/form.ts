/** Reads what a plain HTML form sends. */

import { decodeBody } from "../../github/webhook.ts";
import { MAX_REQUEST_BYTES } from "../../model/limits.ts";
import { problem } from "./answer.ts";
import { readBounded } from "./body.ts";
import type { Read } from "./body.ts";

const URLENCODED = "application/x-www-form-urlencoded";

export async function readForm(request: Request): Promise<Read<URLSearchParams>> {
  const refuse = (answer: Response): Read<URLSearchParams> => ({ ok: false, answer });
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== undefined && type !== URLENCODED) return refuse(problem(400, `A form is sent as ${URLENCODED}.`));
  const bytes = await readBounded(request, MAX_REQUEST_BYTES);
  if (!bytes) return refuse(problem(413, `A form holds at most ${MAX_REQUEST_BYTES} bytes.`));
  const text = decodeBody(bytes);
  return text === null
    ? refuse(problem(400, "The form is not UTF-8."))
    : { ok: true, value: new URLSearchParams(text) };
}
