/** Lines of the stored log by their numbers: which bytes to read for some of them, and what lines those bytes are. */

import { characterStart, NEWLINE, RETURN, textOf } from "./bytes.ts";
import { placeBeforeLine } from "./places.ts";
import type { LinePlace, LogIndex } from "./stream.ts";

/** Bytes of the stored log without a gap. */
export interface LogPiece {
  offset: number;
  /** Line ends before it, those that were cut included. */
  line: number;
  bytes: Uint8Array;
}

/** Some lines: from a number (from 1) on, or the last ones. */
export type Wanted = { from: number; count: number } | { last: number };

export interface LogPage {
  /** Of the whole log; of `chunks` only those that `pieces` need, in a log that is live. */
  index: LogIndex;
  /** Nothing more will come after `index.size`. */
  ended: boolean;
  pieces: LogPiece[];
}

export interface LogLine {
  /** From 1; the same whether the log is live, archived or cut. */
  number: number;
  /** Where it starts in the stored log, or what is left of it. */
  offset: number;
  text: string;
}

/** Of so many bytes a page is made at most: about 5,000 long lines. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;
/** A longer line is shown in part. */
const MAX_LINE_BYTES = 32 * 1024;

/** Offsets between which the wanted lines lie, within `MAX_PAGE_BYTES`; more is read than is wanted, since only some lines' places are known. */
export function rangeOf(index: LogIndex, wanted: Wanted): { from: number; to: number } {
  if ("last" in wanted) {
    const from = placeBeforeLine(index, Math.max(0, index.lines - wanted.last))?.offset ?? 0;
    return { from: withinCut(index, Math.max(from, index.size - MAX_PAGE_BYTES)), to: index.size };
  }
  const from = placeBeforeLine(index, wanted.from - 1)?.offset ?? 0;
  const after = index.chunks.find(({ line }) => line >= wanted.from - 1 + wanted.count);
  return { from, to: Math.min(after?.offset ?? index.size, from + MAX_PAGE_BYTES) };
}

function withinCut({ cut }: LogIndex, offset: number): number {
  return cut !== null && offset > cut.from && offset < cut.to ? cut.to : offset;
}

/** The stretches of a range that are there, with the count of lines before each. Each starts at a place. */
export function stretchesOf(index: LogIndex, range: { from: number; to: number }): (LinePlace & { to: number })[] {
  const { cut } = index;
  const spans =
    cut === null
      ? [range]
      : [
          { ...range, to: Math.min(range.to, cut.from) },
          { ...range, from: Math.max(range.from, cut.to) },
        ];
  return spans.flatMap(({ from, to }) => {
    const place = index.chunks.findLast(({ offset }) => offset <= from);
    return place && from < to ? [{ ...place, to }] : [];
  });
}

/** The lines of the pieces that are wanted, in order. A line that was cut in the middle is two. */
export function linesOf(pieces: readonly LogPiece[], wanted: Wanted): LogLine[] {
  const all = pieces.flatMap((piece) => splitLines(piece));
  if ("last" in wanted) {
    // The first may lack its beginning.
    const whole = all[0]?.offset === 0 || all.length < 2 ? all : all.slice(1);
    return whole.slice(-wanted.last);
  }
  return all.filter(({ number }) => number >= wanted.from && number < wanted.from + wanted.count);
}

/** An unfinished last line is one too. */
export function splitLines({ offset, line, bytes }: LogPiece): LogLine[] {
  const lines: LogLine[] = [];
  for (let from = 0, number = line + 1; from < bytes.length; number++) {
    const end = bytes.indexOf(NEWLINE, from);
    const to = end === -1 ? bytes.length : end;
    lines.push({ number, offset: offset + from, text: shownText(bytes.subarray(from, to)) });
    from = to + 1;
  }
  return lines;
}

/** Of a long line its beginning, or, where it was overwritten again and again, what was written last. */
function shownText(line: Uint8Array): string {
  if (line.length <= MAX_LINE_BYTES) return textOf(line);
  const end = line.at(-1) === RETURN ? line.length - 1 : line.length;
  const tail = line.subarray(characterStart(line, end - MAX_LINE_BYTES), end);
  const redrawn = tail.indexOf(RETURN);
  if (redrawn !== -1) return textOf(tail.subarray(redrawn));
  const shown = line.subarray(0, characterStart(line, MAX_LINE_BYTES));
  return `${textOf(shown)} … ${(line.length - shown.length).toLocaleString("en-US")} more bytes stand in the raw log`;
}

/** The line end that a piece has last, as bytes behind it. */
export function lastLineStart(bytes: Uint8Array): number {
  return bytes.lastIndexOf(NEWLINE) + 1;
}
