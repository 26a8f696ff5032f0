/** Which line, step and time a byte of the stored log belongs to. */

import type { LinePlace, LogIndex } from "./stream.ts";

/** What a row of a log keeps of the times within it: bytes after its start, time (ms), line ends after its start. */
export type RowPlace = [offset: number, at: number, lines: number];

export type PlacesRow = Record<string, string | number | ArrayBuffer> & {
  offset: number;
  at: number;
  step: number;
  line: number;
  places: string;
};

/** So many times are told apart in one log. */
const MAX_TIMES = 10_000;

/** All places in order: each row's own, and those within it that are far enough in time from the one before. */
export function mergePlaces(rows: Iterable<PlacesRow>): LinePlace[] {
  const all: LinePlace[] = [];
  const starts = new Set<LinePlace>();
  for (const { offset, at, step, line, places } of rows) {
    const first = { offset, at, step, line };
    starts.add(first);
    all.push(first);
    if (places === "[]") continue;
    for (const [bytes, time, lines] of JSON.parse(places) as RowPlace[]) {
      all.push({ offset: offset + bytes, at: time, step, line: line + lines });
    }
  }
  const apart = all.length <= MAX_TIMES ? 0 : ((all.at(-1)?.at ?? 0) - (all[0]?.at ?? 0)) / MAX_TIMES;
  let last = Number.NEGATIVE_INFINITY;
  return all.filter((place) => {
    const isKept = starts.has(place) || place.at - last >= apart;
    if (isKept) last = place.at;
    return isKept;
  });
}

/** The place in whose stretch an offset lies; null before the first. */
export function placeAt({ chunks }: Pick<LogIndex, "chunks">, offset: number): LinePlace | null {
  return chunks[lastWhere(chunks, (place) => place.offset <= offset)] ?? null;
}

/** The last place at or before the start of a line, given by how many line ends precede it. */
export function placeBeforeLine({ chunks }: Pick<LogIndex, "chunks">, line: number): LinePlace | null {
  // A place whose count is the same may lie within the line.
  return chunks[lastWhere(chunks, (place) => place.line < line)] ?? chunks[0] ?? null;
}

/** The step whose part an offset lies in; 0 before the first. */
export function stepAt({ steps }: Pick<LogIndex, "steps">, offset: number): number {
  return steps.findLast((step) => step.offset <= offset)?.step ?? 0;
}

/** Index of the last item that fulfils a condition which no item does after one that does not; -1 for none. */
function lastWhere<T>(items: readonly T[], isBefore: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && isBefore(item)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
