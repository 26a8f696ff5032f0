/** The rows of one attempt's log: bytes at offsets, in the SQLite storage of its LogStream. */

import { characterStart, countLines, joinBytes, NEWLINE } from "./bytes.ts";
import { mergePlaces, type PlacesRow, type RowPlace } from "./places.ts";
import type { LinePlace } from "./stream.ts";

/** A row holds 2 MB at most. */
const MAX_ROW_BYTES = 512 * 1024;
/** Small appends go into one row until it has this many bytes. */
const COALESCED_ROW_BYTES = 64 * 1024;
/** So many rows make the part that rolls: it is dropped row by row. */
const ROLLING_ROWS = 8;
const MIN_ROW_BYTES = 256;
/** Bytes of one row that came later than this after the last noted time (ms) have a place of their own. */
const MIN_PLACE_MS = 100;
/** So many places in a row: a log that comes in single bytes gets more rows instead. */
const MAX_ROW_PLACES = 500;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS chunks (offset INTEGER PRIMARY KEY, step INTEGER NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL,
    line INTEGER NOT NULL, places TEXT NOT NULL DEFAULT '[]');
  CREATE TABLE IF NOT EXISTS extent (
    id INTEGER PRIMARY KEY CHECK (id = 0), size INTEGER NOT NULL, max_bytes INTEGER NOT NULL,
    head_end INTEGER, tail_from INTEGER, last_byte INTEGER, lines INTEGER NOT NULL DEFAULT 0);
`;

export interface Extent {
  /** Length of the whole log, what was cut included. */
  size: number;
  maxBytes: number;
  /** Once the log is longer than half of `maxBytes`: where the part ends that stays, and where what is left of the rest starts. */
  headEnd: number | null;
  tailFrom: number | null;
  lastByte: number | null;
  /** Line ends in the whole log. */
  lines: number;
}

interface Row {
  offset: number;
  bytes: Uint8Array;
}

/** Beyond `maxBytes` the middle is missing: the first half stays, the last half rolls. Offsets never change. */
export class LogStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Makes the tables where they are not there yet. */
  create(): void {
    this.#sql.exec(SCHEMA);
  }

  /** A stream that is only asked, before its attempt has begun or after it was emptied, stores nothing. */
  exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'extent'").toArray().length > 0;
  }

  /** Has an effect only before the first byte. */
  configure(maxBytes: number): void {
    this.#sql.exec("INSERT INTO extent (id, size, max_bytes) VALUES (0, 0, ?) ON CONFLICT DO NOTHING", maxBytes);
  }

  extent(): Extent {
    const [extent] = this.#sql
      .exec<Extent & Record<string, number | null>>(
        `SELECT size, max_bytes AS maxBytes, head_end AS headEnd, tail_from AS tailFrom, last_byte AS lastByte, lines FROM extent`,
      )
      .toArray();
    return extent ?? { size: 0, maxBytes: 0, headEnd: null, tailFrom: null, lastByte: null, lines: 0 };
  }

  /** True at the start of the log and after a line end. */
  atLineStart(): boolean {
    return (this.extent().lastByte ?? NEWLINE) === NEWLINE;
  }

  /** Adds bytes that end with a whole character. */
  append(bytes: Uint8Array, step: number, at: number): void {
    if (bytes.length === 0) return;
    const extent = this.extent();
    const half = Math.floor(extent.maxBytes / 2);
    let rest = bytes;
    if (extent.headEnd === null && extent.size + bytes.length > half) {
      const fits = characterStart(bytes, Math.max(0, half - extent.size));
      this.#write(extent, bytes.subarray(0, fits), step, at);
      extent.headEnd = extent.size;
      extent.tailFrom = extent.size;
      rest = bytes.subarray(fits);
    }
    this.#write(extent, rest, step, at);
    extent.lastByte = bytes.at(-1) ?? null;
    this.#roll(extent, half);
    const { size, headEnd, tailFrom, lastByte, lines } = extent;
    this.#sql.exec(
      "UPDATE extent SET size = ?, head_end = ?, tail_from = ?, last_byte = ?, lines = ?",
      size,
      headEnd,
      tailFrom,
      lastByte,
      lines,
    );
  }

  /** Bytes from the offset on, at most `maxBytes`, up to the end or to where the log was cut. Null where nothing follows. */
  read(offset: number, maxBytes: number): Row | null {
    const from = this.#firstKept(offset);
    if (from === null) return null;
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const row of this.#rowsFrom(from)) {
      if (length >= maxBytes || row.offset > from + length) break;
      const part = row.bytes.subarray(from + length - row.offset).subarray(0, maxBytes - length);
      parts.push(part);
      length += part.length;
    }
    const bytes = joinBytes(parts);
    // Memory of its own: sending a part of a row would send all of it.
    return { offset: from, bytes: bytes.buffer.byteLength === bytes.length ? bytes : bytes.slice() };
  }

  /** The offset, or the first one behind it that was not cut; null outside of the log. */
  #firstKept(offset: number): number | null {
    const { headEnd, tailFrom, size } = this.extent();
    if (offset < 0 || offset >= size) return null;
    return headEnd !== null && offset >= headEnd ? Math.max(offset, tailFrom ?? 0) : offset;
  }

  /** Rows of one step, or of all, last first. */
  *backwards(step: number | null): Generator<Uint8Array> {
    let before = Number.MAX_SAFE_INTEGER;
    const where = step === null ? "" : "AND step = ?2";
    while (true) {
      const [row] = this.#sql
        .exec<{ offset: number; bytes: ArrayBuffer }>(
          `SELECT offset, bytes FROM chunks WHERE offset < ?1 ${where} ORDER BY offset DESC LIMIT 1`,
          ...(step === null ? [before] : [before, step]),
        )
        .toArray();
      if (!row) return;
      before = row.offset;
      yield new Uint8Array(row.bytes);
    }
  }

  places(): LinePlace[] {
    return mergePlaces(this.#sql.exec<PlacesRow>("SELECT offset, at, step, line, places FROM chunks ORDER BY offset"));
  }

  /** Those of the row that has the offset, and of the rows behind it. */
  placesFrom(offset: number): LinePlace[] {
    const rows = `SELECT offset, at, step, line, places FROM chunks
      WHERE offset >= (SELECT max(offset) FROM chunks WHERE offset <= ?) ORDER BY offset`;
    return mergePlaces(this.#sql.exec<PlacesRow>(rows, offset));
  }

  #write(extent: Extent, bytes: Uint8Array, step: number, at: number): void {
    const rowBytes = Math.min(MAX_ROW_BYTES, Math.max(MIN_ROW_BYTES, Math.floor(extent.maxBytes / 2 / ROLLING_ROWS)));
    let from = this.#extendLast(extent, bytes, { step, at, rowBytes });
    while (from < bytes.length) {
      const to = bytes.length - from <= rowBytes ? bytes.length : characterStart(bytes, from + rowBytes);
      const offset = extent.size;
      const part = bytes.slice(from, to);
      this.#sql.exec(
        "INSERT INTO chunks (offset, step, at, bytes, line) VALUES (?, ?, ?, ?, ?)",
        offset,
        step,
        at,
        part,
        extent.lines,
      );
      extent.lines += countLines(part);
      extent.size += to - from;
      from = to;
    }
  }

  /** Puts small bytes into the last row where they fit; the count of bytes that it took. */
  #extendLast(extent: Extent, bytes: Uint8Array, to: { step: number; at: number; rowBytes: number }): number {
    const { step, at, rowBytes } = to;
    const limit = Math.min(COALESCED_ROW_BYTES, rowBytes);
    if (bytes.length === 0 || bytes.length >= limit) return 0;
    const last = this.#extendable(extent, limit - bytes.length, step);
    if (last === null) return 0;
    const [row] = this.#sql
      .exec<PlacesRow & { bytes: ArrayBuffer }>("SELECT * FROM chunks WHERE offset = ?", last)
      .toArray();
    const places = row && withPlace(row, { offset: extent.size, at, line: extent.lines });
    if (!row || places === null) return 0;
    const joined = joinBytes([new Uint8Array(row.bytes), bytes]);
    this.#sql.exec("UPDATE chunks SET bytes = ?, places = ? WHERE offset = ?", joined.slice(), places, last);
    extent.lines += countLines(bytes);
    extent.size += bytes.length;
    return bytes.length;
  }

  /** The offset of the last row, where it is the step's and has at most so many bytes. */
  #extendable(extent: Extent, maxBytes: number, step: number): number | null {
    const [last] = this.#sql
      .exec<{ offset: number; step: number; length: number }>(
        "SELECT offset, step, length(bytes) AS length FROM chunks ORDER BY offset DESC LIMIT 1",
      )
      .toArray();
    if (!last || last.step !== step || last.length > maxBytes) return null;
    // What stays and what rolls share no row.
    return extent.headEnd !== null && last.offset < extent.headEnd ? null : last.offset;
  }

  /** Drops the oldest rows behind the part that stays, until what is left of the rest is no longer than that. */
  #roll(extent: Extent, half: number): void {
    while (extent.tailFrom !== null && extent.size - extent.tailFrom > half) {
      const [next] = this.#sql
        .exec<{ offset: number }>("SELECT offset FROM chunks WHERE offset > ? ORDER BY offset LIMIT 1", extent.tailFrom)
        .toArray();
      if (!next) return;
      this.#sql.exec("DELETE FROM chunks WHERE offset = ?", extent.tailFrom);
      extent.tailFrom = next.offset;
    }
  }

  /** The row that holds the offset, and those behind it, each read when asked for. */
  *#rowsFrom(offset: number): Generator<Row> {
    const start = "SELECT offset, bytes FROM chunks WHERE offset <= ? ORDER BY offset DESC LIMIT 1";
    const after = "SELECT offset, bytes FROM chunks WHERE offset > ? ORDER BY offset LIMIT 1";
    let [row] = this.#sql.exec<{ offset: number; bytes: ArrayBuffer }>(start, offset).toArray();
    while (row) {
      yield { offset: row.offset, bytes: new Uint8Array(row.bytes) };
      [row] = this.#sql.exec<{ offset: number; bytes: ArrayBuffer }>(after, row.offset).toArray();
    }
  }
}

/** The row's places with one more, where the last is old enough; null where the row has no room for it. */
function withPlace(row: PlacesRow, place: { offset: number; at: number; line: number }): string | null {
  const places = JSON.parse(row.places) as RowPlace[];
  if (place.at - (places.at(-1)?.[1] ?? row.at) < MIN_PLACE_MS) return row.places;
  if (places.length >= MAX_ROW_PLACES) return null;
  return JSON.stringify([...places, [place.offset - row.offset, place.at, place.line - row.line]]);
}
