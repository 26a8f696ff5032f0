/** Reads the rows of a live log for people: some of its lines, or what follows a place. */

import { countLines, joinBytes } from "./bytes.ts";
import { type LogPage, rangeOf, stretchesOf, type Wanted } from "./lines.ts";
import { MAX_BEHIND_BYTES, PATCH_BYTES } from "./live.ts";
import type { LogStore } from "./log-store.ts";
import type { LinePlace, LogIndex, LogPlace } from "./stream.ts";

const MAX_READ_BYTES = 4 * 1024 * 1024;

/** What the store does not know of the log. */
export interface LogState {
  steps: LogPlace[];
  ended: boolean;
}

function indexOf(store: LogStore, { steps }: LogState, chunks: LinePlace[]): LogIndex {
  const { size, lines, headEnd, tailFrom } = store.extent();
  const cut = headEnd === null || tailFrom === null || headEnd === tailFrom ? null : { from: headEnd, to: tailFrom };
  return { size, lines, cut, steps, chunks };
}

export function pageOf(store: LogStore, state: LogState, wanted: Wanted): LogPage {
  const index = indexOf(store, state, store.places());
  const pieces = stretchesOf(index, rangeOf(index, wanted)).map(({ offset, line, to }) => {
    return { offset, line, bytes: joinBytes([...bytesBetween(store, offset, to)]) };
  });
  return { index, ended: state.ended, pieces };
}

function* bytesBetween(store: LogStore, from: number, to: number): Generator<Uint8Array> {
  for (let at = from; at < to;) {
    const row = store.read(at, Math.min(to - at, MAX_READ_BYTES));
    if (!row) return;
    yield row.bytes;
    at = row.offset + row.bytes.length;
  }
}

/** `PATCH_BYTES` from an offset on; from nearer to the end, where that is far away. */
export function stretchFrom(store: LogStore, state: LogState, asked: number): LogPage {
  const { size } = store.extent();
  const row = store.read(size - asked > MAX_BEHIND_BYTES ? size - PATCH_BYTES : asked, PATCH_BYTES);
  const places = row === null ? [] : store.placesFrom(row.offset);
  const index = indexOf(store, state, places);
  const place = row && places.findLast(({ offset }) => offset <= row.offset);
  if (!row || !place) return { index, ended: state.ended, pieces: [] };
  const before = store.read(place.offset, row.offset - place.offset)?.bytes ?? new Uint8Array();
  const line = place.line + (row.offset > place.offset ? countLines(before) : 0);
  return { index, ended: state.ended, pieces: [{ ...row, line }] };
}
