/** Log bytes and text, one into the other: what the rest of this room needs of Node's Buffer, with types of its own. */

import { Buffer } from "node:buffer";

export const NEWLINE = 10;
export const RETURN = 13;

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text);
}

/** UTF-8 by default, invalid sequences as U+FFFD, a byte order mark kept. */
export function textOf(bytes: Uint8Array, encoding: "utf8" | "latin1" | "hex" | "base64" = "utf8"): string {
  return view(bytes).toString(encoding);
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only ? only : Buffer.concat(parts);
}

/** The last offset up to which the bytes hold whole characters, at most `at`. */
export function characterStart(bytes: Uint8Array, at: number): number {
  let start = Math.min(at, bytes.length);
  const lowest = Math.max(0, start - 3);
  while (start > lowest && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--;
  return start;
}

/** How many lines end in the bytes. A call for each line end would cost more than to look at each byte. */
export function countLines(bytes: Uint8Array): number {
  const { length } = bytes;
  let count = 0;
  for (let at = 0; at < length; at++) if (bytes[at] === NEWLINE) count++;
  return count;
}

interface View {
  toString(encoding: string): string;
}

/** The same memory; its type is spelled out, since that of `Buffer` is lost where Node's types meet the Worker's. */
function view(bytes: Uint8Array): View {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
