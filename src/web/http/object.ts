/** Answers with an object of R2, or the part of it that was asked for. */

import { Buffer } from "node:buffer";
import { problem } from "./answer.ts";

/** R2 refuses longer keys with an error instead of finding nothing. */
const MAX_KEY_BYTES = 1024;

export interface Span {
  offset: number;
  length: number;
}

/**
 * The one stretch that a `Range` header names in something of `size` bytes; null where it is to be ignored (none,
 * several, another unit: RFC 9110 §14.2).
 */
export function parseRange(header: string | null, size: number): Span | "unsatisfiable" | null {
  const match = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/.exec(header?.trim() ?? "");
  if (!match) return null;
  const [, first, last = "", suffix] = match;
  if (first === undefined) return spanOf(Math.max(0, size - Number(suffix)), size, size);
  if (last === "") return spanOf(Number(first), size, size);
  return Number(last) < Number(first) ? null : spanOf(Number(first), Number(last) + 1, size);
}

function spanOf(offset: number, end: number, size: number): Span | "unsatisfiable" {
  return offset >= size ? "unsatisfiable" : { offset, length: Math.min(end, size) - offset };
}

/** Null where there is no such object. Understands `Range`, `If-Range`, `If-None-Match` and `HEAD`. */
export async function serveObject(
  blobs: R2Bucket,
  key: string,
  request: Request,
  given: Record<string, string>,
): Promise<Response | null> {
  const found = Buffer.byteLength(key) > MAX_KEY_BYTES ? null : await blobs.head(key);
  if (!found) return null;
  const { size, httpEtag: etag } = found;
  const headers = { "accept-ranges": "bytes", "cache-control": "private, no-cache", etag, ...given };
  if (namesTag(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const ifRange = request.headers.get("if-range");
  const span = ifRange === null || ifRange === etag ? parseRange(request.headers.get("range"), size) : null;
  if (span === "unsatisfiable") {
    return problem(416, `It has ${size} bytes.`, { "content-range": `bytes */${size}` });
  }
  const body = request.method === "HEAD" ? null : await readBody(blobs, key, etag, span, size);
  if (span === null) return new Response(body, { headers: { ...headers, "content-length": String(size) } });
  const range = `bytes ${span.offset}-${span.offset + span.length - 1}/${size}`;
  return new Response(body, {
    status: 206,
    headers: { ...headers, "content-length": String(span.length), "content-range": range },
  });
}

async function readBody(
  blobs: R2Bucket,
  key: string,
  etag: string,
  span: Span | null,
  size: number,
): Promise<ReadableStream<Uint8Array> | null> {
  if (size === 0) return null;
  const object = await blobs.get(key, { onlyIf: { etagMatches: unquote(etag) }, ...(span && { range: span }) });
  // What is kept is written once; one that changes between two calls is a fault of ours.
  if (!object || !("body" in object)) throw new Error(`${key} changed while it was read.`);
  return object.body;
}

function namesTag(header: string | null, etag: string): boolean {
  return header !== null && header.split(",").some((one) => [etag, `W/${etag}`, "*"].includes(one.trim()));
}

function unquote(etag: string): string {
  return etag.replaceAll('"', "");
}
