/** A log that has ended, as R2 keeps it: the text as one object and a small index beside it. */

import { bytesOf, characterStart, joinBytes, NEWLINE, textOf } from "./bytes.ts";
import type { LogStore } from "./log-store.ts";
import { type Archive, type ArchiveIndex, cutNotice, type LogPlace } from "./stream.ts";

const STREAM_BYTES = 1024 * 1024;
/** After so many pieces others have their turn: seldom enough to cost nothing, often enough not to be missed. */
const PIECES_AT_ONCE = 4;
const YIELD_MS = 1;
const MAX_TAIL_BYTES = 64 * 1024;

/** The text is read from the store as it is asked for: a log of any length takes the memory of one piece. */
export function archiveOf(store: LogStore, steps: LogPlace[]): Archive {
  const { size, lines, headEnd, tailFrom } = store.extent();
  const cut = headEnd === null || tailFrom === null || headEnd === tailFrom ? null : { from: headEnd, to: tailFrom };
  const notice = cut
    ? bytesOf(cutNotice(cut.to - cut.from, { midLine: lastByteBefore(store, cut.from) !== NEWLINE }))
    : new Uint8Array();
  const missing = cut ? cut.to - cut.from : 0;
  const index: ArchiveIndex = {
    version: 1,
    bytes: size - missing + notice.length,
    size,
    lines,
    cut: cut && { ...cut, notice: notice.length },
    steps,
    chunks: store.places(),
  };
  let at = 0;
  let pieces = 0;
  const body = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      // Otherwise nothing else is done until a long log is stored: what is ready comes before what arrives.
      if (++pieces % PIECES_AT_ONCE === 0) await scheduler.wait(YIELD_MS);
      const row = store.read(at, STREAM_BYTES);
      if (row && row.offset > at) controller.enqueue(notice.slice());
      if (row) {
        at = row.offset + row.bytes.length;
        controller.enqueue(row.bytes.slice());
        return;
      }
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
  return { index, body };
}

function lastByteBefore(store: LogStore, offset: number): number {
  return store.read(offset - 1, 1)?.bytes[0] ?? NEWLINE;
}

/** Where a stored-log offset is in the archived text; an offset that was cut is where the notice is. */
export function archivedOffset(index: ArchiveIndex, offset: number): number {
  const { cut } = index;
  const within = Math.min(Math.max(0, offset), index.size);
  if (!cut || within <= cut.from) return within;
  return within < cut.to ? cut.from : within - (cut.to - cut.from) + cut.notice;
}

/** The stored-log offset of a place in the archived text; the notice is where the cut begins. */
export function storedOffset(index: ArchiveIndex, archived: number): number {
  const { cut } = index;
  if (!cut || archived <= cut.from) return archived;
  return archived < cut.from + cut.notice ? cut.from : archived - cut.notice + (cut.to - cut.from);
}

/** The last lines of pieces that come last first. */
export function lastLines(backwards: Iterable<Uint8Array>, lines: number): string {
  const parts: Uint8Array[] = [];
  let length = 0;
  let ends = 0;
  for (const part of backwards) {
    parts.unshift(part);
    length += part.length;
    for (const byte of part) if (byte === NEWLINE) ends++;
    if (ends > lines || length > MAX_TAIL_BYTES) break;
  }
  const joined = joinBytes(parts);
  const text = textOf(joined.subarray(characterStart(joined, Math.max(0, joined.length - MAX_TAIL_BYTES))));
  const all = text.replace(/\n$/, "").split("\n");
  return lines <= 0 || text === "" ? "" : `${all.slice(-lines).join("\n")}\n`;
}
