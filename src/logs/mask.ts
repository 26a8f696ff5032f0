/** Hides secrets in log bytes before they leave the attempt, wherever the bytes happen to be cut. */

import { isUtf8 } from "node:buffer";
import { bytesOf, joinBytes, textOf } from "./bytes.ts";
import { withoutEscapes } from "./escapes.ts";
import type { Bare } from "./escapes.ts";
import { MAX_NEEDLE_BYTES, needlesOf } from "./needles.ts";

export interface Mask {
  /**
   * Masks the prefix of `bytes` that can be decided. What may be the beginning of a secret or of a character is held back:
   * the caller gives it again, from `consumed` on, with what follows. With `final` all is decided.
   * Any cutting of the input leads to the same output. Invalid UTF-8 becomes U+FFFD; the result is valid UTF-8.
   */
  apply(bytes: Uint8Array, options: { final: boolean }): Masked;
  /** Masks a text that stands alone: a name, an error message, an annotation. */
  text(text: string): string;
  readonly values: ReadonlySet<string>;
  /** This mask with more values. */
  with(values: Iterable<string>): Mask;
}

interface Masked {
  /** May share memory with the input. */
  text: Uint8Array;
  /** Raw bytes that `text` stands for. */
  consumed: number;
}

const SHOWN = bytesOf("***");

/** Matches that overlap are hidden as one, up to this length: a log of nothing but one secret's repetitions moves on too. */
const MAX_RUN_BYTES = 16 * MAX_NEEDLE_BYTES;

/** Values of less than `MIN_SECRET_CHARS` are not masked: see `isMaskable`. */
export function createMask(secrets: Iterable<string>): Mask {
  const values = new Set(secrets);
  const find = createSearch(createFinder(needlesOf(values)));
  const apply: Mask["apply"] = (bytes, { final }) => {
    const { runs, decided } = final
      ? { runs: find(bytes).runs(bytes.length), decided: bytes.length }
      : decide(bytes, find(bytes));
    return { text: hide(bytes.subarray(0, decided), runs), consumed: decided };
  };
  return {
    apply,
    text: (text) => textOf(apply(bytesOf(text), { final: true }).text),
    values,
    with: (more) => createMask([...values, ...more]),
  };
}

/** Stretches to hide: `[from, to, from, to, …]`, in order, apart. */
type Runs = number[];

interface Finder {
  /** There is nothing to be found. */
  isEmpty: boolean;
  /** What is hidden by the needles that begin before `until`. */
  runs(bytes: Uint8Array, until: number): Runs;
  /** First offset from `from` on at which a needle may have begun that the bytes do not show the end of; else their length. */
  pending(bytes: Uint8Array, from: number): number;
}

/** A finder's answers about these bytes: as they are, and as they are shown, without escape sequences. */
interface Search {
  runs(until: number): Runs;
  pending(from: number): number;
  /** The nearest offset before it that is not inside an escape sequence. */
  outside(at: number): number;
}

/** A secret that is spread over more raw bytes than this, by escape sequences in it, is not found: so long may it be held back. */
const MAX_SPREAD_BYTES = 16 * 1024;

function createSearch(finder: Finder): (bytes: Uint8Array) => Search {
  return (bytes) => {
    const bare = finder.isEmpty ? null : withoutEscapes(bytes);
    const plain: Search = {
      runs: (until) => finder.runs(bytes, until),
      pending: (from) => finder.pending(bytes, from),
      outside: (at) => at,
    };
    return bare === null ? plain : searchBare(finder, bytes, { plain, bare });
  };
}

function searchBare(finder: Finder, bytes: Uint8Array, { plain, bare }: { plain: Search; bare: Bare }): Search {
  return {
    runs: (until) => {
      const found = finder.runs(bare.text, bare.bareOf(until));
      const spread: Runs = [];
      for (let i = 0; i < found.length; i += 2) {
        const from = bare.rawOf(found[i] ?? 0);
        const to = bare.rawOf((found[i + 1] ?? 0) - 1) + 1;
        if (to - from <= MAX_SPREAD_BYTES) spread.push(from, to);
      }
      return unite(plain.runs(until), spread);
    },
    pending: (from) => {
      const nearest = bare.bareOf(Math.max(from, bytes.length - MAX_SPREAD_BYTES));
      const at = finder.pending(bare.text, nearest);
      const shown = at === bare.text.length ? bytes.length : bare.rawOf(at);
      return bare.outside(Math.min(plain.pending(from), shown, bare.open));
    },
    outside: (at) => bare.outside(at),
  };
}

function unite(some: Runs, others: Runs): Runs {
  if (some.length === 0 || others.length === 0) return some.length === 0 ? others : some;
  const pairs = [some, others].flatMap((runs) =>
    runs.flatMap((from, i) => (i % 2 === 0 ? [[from, runs[i + 1] ?? 0] as const] : [])),
  );
  const united: Runs = [];
  for (const [from, to] of pairs.sort((a, b) => a[0] - b[0])) {
    if (from >= lastEnd(united)) united.push(from, to);
    else united[united.length - 1] = Math.max(lastEnd(united), to);
  }
  return united;
}

/** How far the bytes can be decided: before any needle or character that is still open, and not inside a run that may grow. */
function decide(bytes: Uint8Array, search: Search): { runs: Runs; decided: number } {
  let open = search.pending(0);
  let runs = search.runs(open);
  while (open < lastEnd(runs) && isFull(runs)) {
    open = search.pending(lastEnd(runs));
    runs = search.runs(open);
  }
  const decided = open < lastEnd(runs) ? search.outside(runs.at(-2) ?? 0) : open;
  return { runs, decided: Math.min(decided, openCharacter(bytes)) };
}

function lastEnd(runs: Runs): number {
  return runs.at(-1) ?? 0;
}

function isFull(runs: Runs): boolean {
  return lastEnd(runs) - (runs.at(-2) ?? 0) >= MAX_RUN_BYTES;
}

/** Where an unfinished UTF-8 sequence starts at the end of the bytes; their length if there is none. */
function openCharacter(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return byte >= sequenceOfMoreThan(back) ? bytes.length - back : bytes.length;
    if (byte < 0x80) break;
  }
  return bytes.length;
}

/** The smallest lead byte of a sequence longer than `length`. */
function sequenceOfMoreThan(length: number): number {
  return [0xc0, 0xc0, 0xe0, 0xf0][length] ?? 0xff;
}

function hide(bytes: Uint8Array, runs: Runs): Uint8Array {
  const valid = isUtf8(bytes);
  const shown = (from: number, to: number) => {
    const part = bytes.subarray(from, to);
    return valid ? part : bytesOf(textOf(part));
  };
  const parts: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < runs.length; i += 2) {
    const from = runs[i] ?? 0;
    if (from >= bytes.length) break;
    parts.push(shown(at, from), SHOWN);
    at = runs[i + 1] ?? 0;
  }
  const rest = shown(at, bytes.length);
  return joinBytes([...parts, rest]);
}

/**
 * Wu and Manber's search for many needles: a table says for each three bytes how far the window may jump, and only where it says
 * nothing are needles compared. Its cost hardly grows with the number of needles, and its memory not at all, other than an automaton's.
 */
function createFinder(needles: Uint8Array[]): Finder {
  if (needles.length === 0) return { isEmpty: true, runs: () => [], pending: (bytes) => bytes.length };
  const longestFirst = needles.toSorted((a, b) => b.length - a.length);
  const window = Math.min(MAX_WINDOW, longestFirst.at(-1)?.length ?? 0);
  const { jumps, candidates } = createTable(longestFirst, window);
  const byFirst = Map.groupBy(longestFirst, (needle) => needle[0] ?? 0);
  return {
    isEmpty: false,
    runs(bytes, until) {
      const runs: Runs = [];
      const stop = Math.min(bytes.length, until + window - 1);
      let end = window - 1;
      while (end < stop) {
        const block = hash(bytes[end - 2] ?? 0, bytes[end - 1] ?? 0, bytes[end] ?? 0);
        const jump = jumps[block] ?? 0;
        if (jump > 0) {
          end += jump;
          continue;
        }
        const start = end - window + 1;
        const needle = candidates.get(block)?.find((candidate) => isAt(bytes, start, candidate));
        if (needle) addRun(runs, start, start + needle.length);
        end++;
      }
      return runs;
    },
    pending(bytes, from) {
      const first = Math.max(from, bytes.length - MAX_NEEDLE_BYTES + 1, 0);
      for (let start = first; start < bytes.length; start++) {
        const known = bytes.length - start;
        const needles = byFirst.get(bytes[start] ?? 0);
        if (needles?.some((needle) => needle.length > known && isAt(bytes, start, needle, known))) return start;
      }
      return bytes.length;
    },
  };
}

/** Jumps are bytes; a window of this many is jumped over in one go. */
const MAX_WINDOW = 64;
const TABLE_BITS = 16;

function hash(a: number, b: number, c: number): number {
  return ((a << 10) ^ (b << 5) ^ c) & ((1 << TABLE_BITS) - 1);
}

function createTable(needles: Uint8Array[], window: number) {
  const jumps = new Uint8Array(1 << TABLE_BITS).fill(window - 2);
  const candidates = new Map<number, Uint8Array[]>();
  for (const needle of needles) {
    for (let end = 2; end < window; end++) {
      const block = hash(needle[end - 2] ?? 0, needle[end - 1] ?? 0, needle[end] ?? 0);
      jumps[block] = Math.min(jumps[block] ?? 0, window - 1 - end);
      if (end === window - 1) candidates.set(block, [...(candidates.get(block) ?? []), needle]);
    }
  }
  return { jumps, candidates };
}

function isAt(bytes: Uint8Array, start: number, needle: Uint8Array, length = needle.length): boolean {
  if (start + length > bytes.length) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== needle[i]) return false;
  }
  return true;
}

/** Matches come in order of their start. One that begins inside a full run is dropped with the rest of its text shown. */
function addRun(runs: Runs, from: number, to: number): void {
  if (from >= lastEnd(runs)) runs.push(from, to);
  else if (!isFull(runs)) runs[runs.length - 1] = Math.max(lastEnd(runs), to);
}
