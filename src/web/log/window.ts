/** Some lines of an attempt's log as rows, from its LogStream or, ranged, from R2. */

import { Buffer } from "node:buffer";
import { countLines } from "../../logs/bytes.ts";
import {
  lastLineStart,
  linesOf,
  type LogLine,
  type LogPage,
  rangeOf,
  stretchesOf,
  type Wanted,
} from "../../logs/lines.ts";
import { cursorBehind, MAX_BEHIND_BYTES, PATCH_BYTES } from "../../logs/live.ts";
import { placeAt } from "../../logs/places.ts";
import { renderRows, type Rows } from "../../logs/rows.ts";
import type { LogIndex } from "../../logs/stream.ts";
import type { LiveCursor, LogWindow } from "../../logs/wire.ts";
import type { Attempt } from "../../model/job.ts";
import { readArchiveIndex, readArchived } from "./reader.ts";
import type { LogRooms } from "./reader.ts";

/** So many lines are shown at once. */
export const WINDOW_LINES = 5000;
/** Shown before a line that is jumped to. */
const LINES_BEFORE = 200;

const NEWLINE = 10;
const EMPTY: LogIndex = { size: 0, lines: 0, cut: null, steps: [], chunks: [] };

export async function readLogPage(rooms: LogRooms, attempt: Attempt, wanted: Wanted): Promise<LogPage> {
  const isOver = attempt.state.status === "completed";
  if (attempt.archivedAt === null) {
    const page = await rooms.logs.get(rooms.logs.idFromName(attempt.id)).page(wanted);
    if (page !== null) return page;
  }
  const index = await readArchiveIndex(rooms.blobs, attempt);
  if (index === null) return { index: EMPTY, ended: isOver, pieces: [] };
  const stretches = stretchesOf(index, rangeOf(index, wanted));
  const pieces = stretches.map(async ({ offset, line, to }) => {
    return { offset, line, bytes: await join(readArchived(rooms.blobs, attempt, index, { from: offset, to })) };
  });
  return { index, ended: true, pieces: await Promise.all(pieces) };
}

/** What follows an offset of an archived log, as a page that followed it live goes on. */
export async function readPageFrom(rooms: LogRooms, attempt: Attempt, asked: number): Promise<LogPage> {
  const index = await readArchiveIndex(rooms.blobs, attempt);
  if (index === null) return { index: EMPTY, ended: true, pieces: [] };
  const behind = index.size - asked > MAX_BEHIND_BYTES ? index.size - PATCH_BYTES : asked;
  const offset = index.cut && behind >= index.cut.from && behind < index.cut.to ? index.cut.to : behind;
  const place = placeAt(index, offset);
  if (place === null || offset >= index.size) return { index, ended: true, pieces: [] };
  const end = index.cut && offset < index.cut.from ? index.cut.from : index.size;
  const to = Math.min(end, offset + PATCH_BYTES);
  const read = async (from: number, until: number) =>
    await join(readArchived(rooms.blobs, attempt, index, { from, to: until }));
  const line = place.line + countLines(await read(place.offset, offset));
  return { index, ended: true, pieces: [{ offset, line, bytes: await read(offset, to) }] };
}

export function windowOf(page: LogPage, wanted: Wanted): LogWindow {
  const lines = linesOf(page.pieces, wanted);
  const rows = renderRows(lines, page.index, null);
  return {
    parts: rows.parts,
    first: lines[0]?.number ?? 0,
    last: lines.at(-1)?.number ?? 0,
    total: totalLines(page),
    gap: gapOf(lines),
    cursor: cursorOf(page, lines, rows),
  };
}

/** Where to go on from, for a log that grows and a window that reaches its end. */
function cursorOf({ index, pieces, ended }: LogPage, lines: readonly LogLine[], rows: Rows): LiveCursor | null {
  if (ended) return null;
  if (index.size === 0) return { offset: 0, midLine: false, seen: 0, group: null };
  const [piece, line] = [pieces.at(-1), lines.at(-1)];
  if (!piece || !line || piece.offset + piece.bytes.length < index.size) return null;
  const isLast = line.offset >= piece.offset + lastLineStart(piece.bytes.subarray(0, -1));
  return isLast ? cursorBehind(piece, lines, rows, { group: null, isCut: false }) : null;
}

/** The last line counts though it has no end yet. */
function totalLines({ index, pieces }: LogPage): number {
  const last = pieces.at(-1);
  const isEnd = last !== undefined && last.offset + last.bytes.length >= index.size;
  // Only a window at the end can know; the others are off by the line that grows.
  return index.lines + (isEnd && last.bytes.at(-1) !== NEWLINE ? 1 : 0);
}

function gapOf(lines: readonly LogLine[]): LogWindow["gap"] {
  for (const [at, line] of lines.entries()) {
    const before = lines[at - 1];
    if (before && line.number > before.number + 1) return { after: before.number, before: line.number };
  }
  return null;
}

/** The number of the first line at a stored-log offset that a line starts at, such as a step's. */
export function lineAt(index: LogIndex, offset: number): number {
  return (placeAt(index, offset)?.line ?? 0) + 1;
}

/** What to show for a line that is jumped to: it and what stands around it. */
export function around(line: number): Wanted {
  return { from: Math.max(1, line - LINES_BEFORE), count: WINDOW_LINES };
}

async function join(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}
