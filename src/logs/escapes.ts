/** Log bytes without their escape sequences, and where each byte stood: a secret in colours is a secret as well. */

/** A longer sequence is taken for text: what may still become one is held back. */
const MAX_ESCAPE_BYTES = 4096;

const ESC = 0x1b;
const BEL = 7;
const BACKSLASH = 0x5c;
const LAST_BYTE = 0x7e;
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
  const first = bytes.indexOf(ESC);
  if (first === -1) return null;
  const text = new Uint8Array(bytes.length);
  text.set(bytes.subarray(0, first));
  // Piece i begins at raws[i] among the raw bytes and at bares[i] in the text.
  const raws = [0];
  const bares = [0];
  let length = first;
  let open = bytes.length;
  for (let at = first; at < bytes.length;) {
    const end = endOfEscape(bytes, at);
    if (end !== TEXT) {
      if (end === OPEN) open = at;
      at = end === OPEN ? bytes.length : end;
      raws.push(at);
      bares.push(length);
    } else text[length++] = bytes[at++] ?? 0;
    // Byte by byte: a coloured line has many short pieces, and a call for each would cost more than all the rest.
    for (let byte = bytes[at]; byte !== undefined && byte !== ESC; byte = bytes[++at]) text[length++] = byte;
  }
  return bareOf({ raws, bares, text: text.subarray(0, length), length: bytes.length, open });
}

interface Pieces {
  raws: number[];
  bares: number[];
  text: Uint8Array;
  /** Of the raw bytes. */
  length: number;
  open: number;
}

function bareOf({ raws, bares, text, length, open }: Pieces): Bare {
  const end = (piece: number) => (raws[piece] ?? 0) + (bares[piece + 1] ?? text.length) - (bares[piece] ?? 0);
  return {
    text,
    open,
    rawOf(at) {
      const piece = lastUpTo(bares, at);
      return (raws[piece] ?? 0) + at - (bares[piece] ?? 0);
    },
    bareOf(raw) {
      const piece = lastUpTo(raws, raw);
      return (bares[piece] ?? 0) + Math.min(raw, end(piece)) - (raws[piece] ?? 0);
    },
    outside(raw) {
      return raw >= length ? raw : Math.min(raw, end(lastUpTo(raws, raw)));
    },
  };
}

/** The last of the rising numbers that is at most `limit`. */
function lastUpTo(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return Math.max(0, low - 1);
}

/** What `endOfEscape` says of a byte that begins no sequence, and of one whose sequence has no end yet. */
const TEXT = -1;
const OPEN = -2;

/** Where the sequence that begins at `at` ends. */
function endOfEscape(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1];
  if (kind === undefined) return OPEN;
  const limit = Math.min(bytes.length, at + MAX_ESCAPE_BYTES);
  const isString = kind !== CSI && STRINGS.has(kind);
  const end = isString ? endOfString(bytes, at + 2, limit) : endOfControl(bytes, at + 1, limit);
  if (end !== null) return end;
  return limit === bytes.length && limit < at + MAX_ESCAPE_BYTES ? OPEN : TEXT;
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
