/** Log bytes without their escape sequences, and where each byte stood: a secret in colours is a secret as well. */

import { joinBytes } from "./bytes.ts";

/** A longer sequence is taken for text: what may still become one is held back. */
const MAX_ESCAPE_BYTES = 4096;

const [ESC, BEL, BACKSLASH, LAST_BYTE] = [0x1b, 7, 0x5c, 0x7e];
/** OSC, DCS, SOS, PM and APC, which end with BEL or ESC \. */
const STRINGS = new Set(Array.from("]PX^_", (character) => character.charCodeAt(0)));
const CSI = 0x5b;

export interface Bare {
  /** The bytes between the sequences. */
  text: Uint8Array;
  /** Where a byte of `text` stands among the raw ones. */
  rawOf(at: number): number;
  /** The first byte of `text` that stands at `raw` or after it; its length if there is none. */
  bareOf(raw: number): number;
  /** Where the sequence begins that `raw` stands inside of; else `raw`. */
  outside(raw: number): number;
  /** Where a sequence begins that the bytes do not show the end of; their length if there is none. */
  open: number;
}

/** Null where there is no sequence: most stretches of a log have none. */
export function withoutEscapes(bytes: Uint8Array): Bare | null {
  let escape = bytes.indexOf(ESC);
  if (escape === -1) return null;
  // Piece i begins at pieces[i] among the raw bytes and at starts[i] in the text.
  const pieces: { raw: number; bare: number; bytes: Uint8Array }[] = [];
  let from = 0;
  let length = 0;
  let open = bytes.length;
  const keep = (to: number) => {
    pieces.push({ raw: from, bare: length, bytes: bytes.subarray(from, to) });
    length += to - from;
  };
  for (; escape !== -1; escape = bytes.indexOf(ESC, Math.max(from, escape + 1))) {
    const end = endOfEscape(bytes, escape);
    if (end === "text") continue;
    keep(escape);
    from = end === "open" ? bytes.length : end;
    if (end === "open") open = escape;
  }
  keep(bytes.length);
  return bareOf(pieces, { length: bytes.length, open });
}

function bareOf(
  pieces: readonly { raw: number; bare: number; bytes: Uint8Array }[],
  { length, open }: { length: number; open: number },
): Bare {
  const text = joinBytes(pieces.map((piece) => piece.bytes));
  const find = (isAfter: (index: number) => boolean): number => {
    let [low, high] = [0, pieces.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isAfter(middle)) high = middle;
      else low = middle + 1;
    }
    return Math.max(0, low - 1);
  };
  const pieceAt = (raw: number) => pieces[find((index) => (pieces[index]?.raw ?? length) > raw)];
  return {
    text,
    open,
    rawOf(at) {
      const piece = pieces[find((index) => (pieces[index]?.bare ?? 0) > at)];
      return piece === undefined ? at : piece.raw + at - piece.bare;
    },
    bareOf(raw) {
      const piece = pieceAt(raw);
      return piece === undefined ? 0 : piece.bare + Math.min(raw - piece.raw, piece.bytes.length);
    },
    outside(raw) {
      const piece = pieceAt(raw);
      if (piece === undefined || raw >= length) return raw;
      return Math.min(raw, piece.raw + piece.bytes.length);
    },
  };
}

/** Where the sequence that begins at `at` ends; `text` where it is none. */
function endOfEscape(bytes: Uint8Array, at: number): number | "open" | "text" {
  const kind = bytes[at + 1];
  if (kind === undefined) return "open";
  const limit = Math.min(bytes.length, at + MAX_ESCAPE_BYTES);
  const end = STRINGS.has(kind) ? endOfString(bytes, at + 2, limit) : endOfControl(bytes, at + 1, limit);
  if (end !== null) return end;
  return limit === bytes.length && limit < at + MAX_ESCAPE_BYTES ? "open" : "text";
}

/** A byte that belongs to no sequence ends it before itself. */
function endOfControl(bytes: Uint8Array, from: number, limit: number): number | null {
  let at = from + (bytes[from] === CSI ? 1 : 0);
  const highest = bytes[from] === CSI ? 0x3f : 0x2f;
  for (; at < limit; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x20 && byte <= highest) continue;
    return byte > highest && byte <= LAST_BYTE ? at + 1 : at;
  }
  return null;
}

function endOfString(bytes: Uint8Array, from: number, limit: number): number | null {
  for (let at = from; at < limit; at++) {
    if (bytes[at] === BEL) return at + 1;
    if (bytes[at] !== ESC) continue;
    if (at + 1 >= limit) return null;
    return bytes[at + 1] === BACKSLASH ? at + 2 : at;
  }
  return null;
}
