/** What a page that follows a log is given: the rows that are new, and those that may have changed with them. */

import { lastLineStart, type LogLine, type LogPage, type LogPiece, splitLines } from "./lines.ts";
import { stepAt } from "./places.ts";
import { renderRows, type Rows } from "./rows.ts";
import type { LiveCursor, LivePatch } from "./wire.ts";

/** Of one patch at most. */
export const PATCH_BYTES = 512 * 1024;
/** A page that is farther behind than this goes on near the end. */
export const MAX_BEHIND_BYTES = 2 * 1024 * 1024;
/** Lines that are written over again and again are drawn anew as long as they have no more bytes. */
const REDRAWN_BYTES = 128 * 1024;

/** `read` gives `PATCH_BYTES` from an offset on, or from behind a cut. */
export function patchOf(read: (offset: number) => LogPage, cursor: LiveCursor): LivePatch {
  const page = read(cursor.offset);
  const patch = drawPatch(page, cursor);
  const again = redrawFrom(page, patch, cursor);
  return again === null ? patch : drawPatch(read(again.offset), again);
}

/** The same where bytes are waited for. */
export async function readPatch(read: (offset: number) => Promise<LogPage>, cursor: LiveCursor): Promise<LivePatch> {
  const page = await read(cursor.offset);
  const patch = drawPatch(page, cursor);
  const again = redrawFrom(page, patch, cursor);
  return again === null ? patch : drawPatch(await read(again.offset), again);
}

/** What is written over lies before the cursor: the step's part is drawn from its start, where it is short. */
function redrawFrom({ index }: LogPage, patch: Drawn, cursor: LiveCursor): LiveCursor | null {
  const step = stepAt(index, cursor.offset);
  const start = index.steps.find((one) => one.step === step)?.offset ?? 0;
  if (patch.above === 0 || patch.reset || start >= cursor.offset || patch.next.seen - start > REDRAWN_BYTES)
    return null;
  return { ...cursor, offset: start, midLine: false, group: null };
}

type Drawn = LivePatch & { above: number };

function drawPatch(page: LogPage, cursor: LiveCursor): Drawn {
  const { index, pieces } = page;
  const [piece] = pieces;
  if (!piece) {
    const next = { ...cursor, seen: index.size };
    return { from: Number.MAX_SAFE_INTEGER, reset: false, parts: [], next, ended: page.ended, above: 0 };
  }
  const reset = piece.offset !== cursor.offset;
  const isCut = reset || cursor.midLine;
  const lines = isCut ? splitLines(piece).slice(1) : splitLines(piece);
  const rows = renderRows(lines, index, reset ? null : cursor.group);
  const end = piece.offset + piece.bytes.length;
  const next = cursorBehind(piece, lines, rows, { group: cursor.group, isCut });
  const from = lines[0]?.number ?? Number.MAX_SAFE_INTEGER;
  return { from, reset, parts: rows.parts, next, ended: page.ended && end >= index.size, above: rows.above };
}

/** Where to go on behind the last piece. `before` tells of its start. */
export function cursorBehind(
  { offset, bytes }: LogPiece,
  lines: readonly LogLine[],
  rows: Rows,
  before: { group: number | null; isCut: boolean },
): LiveCursor {
  const end = offset + bytes.length;
  const known = { seen: end, midLine: false };
  const start = lastLineStart(bytes);
  // A line that fills a whole patch is not waited for.
  if (start === 0 && (before.isCut || bytes.length >= PATCH_BYTES))
    return { ...known, offset: end, midLine: true, group: rows.group };
  const redrawn = rows.redraws ? firstLineOfLastStep(lines, rows) : null;
  if (redrawn !== null && end - redrawn < REDRAWN_BYTES) {
    return { ...known, offset: redrawn, group: rows.parts.length === 1 ? before.group : null };
  }
  return { ...known, offset: offset + start, group: rows.group };
}

function firstLineOfLastStep(lines: readonly LogLine[], { parts }: Rows): number | null {
  const number = parts.at(-1)?.first;
  return lines.find((line) => line.number === number)?.offset ?? null;
}
