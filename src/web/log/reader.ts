/** Reads the log of an attempt where it is: in its LogStream while it is live, in R2 once archived; offsets mean the same in both. */

import { archivedOffset } from "../../logs/archive.ts";
import { cutNotice } from "../../logs/stream.ts";
import type { ArchiveIndex, ReadResult } from "../../logs/stream.ts";
import type { Attempt } from "../../model/job.ts";
import { readAttempt } from "../../store/attempts.ts";
import { logIndexKey, logKey } from "../../store/keys.ts";
import type { Rooms } from "../rooms.ts";

export type LogRooms = Pick<Rooms, "db" | "blobs" | "logs">;

const NEWLINE = 10;
const READ_BYTES = 1024 * 1024;
/** Inside the LogStream; a reader that left is noticed after it. */
const WAIT_MS = 10_000;
const MAX_FAILED_READS = 5;
const RETRY_MS = 200;

/** Null while the log is live. */
export async function readArchiveIndex(blobs: R2Bucket, attempt: Attempt): Promise<ArchiveIndex | null> {
  const object = await blobs.get(logIndexKey(attempt));
  return object && (await object.json<ArchiveIndex>());
}

/** `next` is where the log ended when it was asked; the bytes come as they are pulled. */
export interface OpenLog {
  from: number;
  next: number;
  /** Nothing more will come after `next`. */
  ended: boolean;
  bytes: AsyncGenerator<Uint8Array>;
}

/** The log from a stored-log offset up to what there is now. Null where the offset lies beyond. */
export async function openLog(rooms: LogRooms, attempt: Attempt, from: number): Promise<OpenLog | null> {
  if (attempt.archivedAt === null) {
    const first = await readLive(rooms, attempt, from, 0);
    if (from <= first.size && (first.size > 0 || !isOver(attempt))) {
      const bytes = liveUntil(rooms, attempt, first, first.size);
      return { from, next: first.size, ended: first.ended, bytes };
    }
  }
  const index = await readArchiveIndex(rooms.blobs, attempt);
  const size = index?.size ?? 0;
  if (from > size) return null;
  return { from, next: size, ended: isOver(attempt), bytes: archivedFrom(rooms.blobs, attempt, index, from) };
}

/** How long the log is by now, and its index where it is archived. */
export interface LogExtent {
  size: number;
  index: ArchiveIndex | null;
}

export async function measureLog(rooms: LogRooms, attempt: Attempt): Promise<LogExtent> {
  if (attempt.archivedAt === null) {
    const { size } = await readLive(rooms, attempt, Number.MAX_SAFE_INTEGER, 0);
    if (size > 0 || !isOver(attempt)) return { size, index: null };
  }
  const index = await readArchiveIndex(rooms.blobs, attempt);
  return { size: index?.size ?? 0, index };
}

/** The stretch between two stored-log offsets, of which `to` is at most the size that was measured. */
export async function* readLogPart(
  rooms: LogRooms,
  attempt: Attempt,
  extent: LogExtent,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  if (from >= to) return;
  if (extent.index) return yield* archivedUntil(rooms.blobs, attempt, from, to, extent.index);
  const first = await readLive(rooms, attempt, from, 0);
  if (first.size < to) return yield* archivedUntil(rooms.blobs, attempt, from, to);
  yield* liveUntil(rooms, attempt, first, to);
}

function isOver(attempt: Attempt): boolean {
  return attempt.state.status === "completed";
}

async function* liveUntil(
  rooms: LogRooms,
  attempt: Attempt,
  first: ReadResult,
  end: number,
): AsyncGenerator<Uint8Array> {
  const show = shower(first.from);
  for (let result = first; ;) {
    yield* show(result, end);
    if (result.next >= end) return;
    result = await readLive(rooms, attempt, result.next, 0);
    if (result.size < end) return yield* archivedUntil(rooms.blobs, attempt, result.from, end);
  }
}

/** Follows until the attempt ends; an archiving under way changes nothing: neither a byte less nor one twice. */
export async function* followLog(rooms: LogRooms, attempt: Attempt, from: number): AsyncGenerator<Uint8Array> {
  if (attempt.archivedAt !== null) return yield* archivedFrom(rooms.blobs, attempt, null, from);
  const show = shower(from);
  let waitMs = 0;
  for (let at = from; ; waitMs = WAIT_MS) {
    const result = await readLive(rooms, attempt, at, waitMs);
    yield* show(result, Infinity);
    if (result.next > at) {
      at = result.next;
      continue;
    }
    // An emptied stream holds less than was read, and at its start it cannot tell that it ever held anything.
    if (at > result.size || (result.size === 0 && (await isKept(rooms, attempt)))) {
      return yield* archivedFrom(rooms.blobs, attempt, null, at);
    }
    if (result.ended) return;
  }
}

/** Nothing more will be written to the stream: the log is in R2, or the attempt is gone without one. */
async function isKept(rooms: LogRooms, attempt: Attempt): Promise<boolean> {
  const now = await readAttempt(rooms.db, attempt.id);
  if (now === null || now.archivedAt !== null || now.destroyedAt !== null) return true;
  return isOver(now) && (await readArchiveIndex(rooms.blobs, now)) !== null;
}

/** Gives on what was read, up to a stored-log offset, and a line in the place of what was cut. */
function shower(from: number): (result: ReadResult, end: number) => Generator<Uint8Array> {
  let midLine = from > 0;
  return function* show(result, end) {
    if (result.cut > 0) yield new TextEncoder().encode(cutNotice(result.cut, { midLine }));
    const bytes = result.bytes.subarray(0, Math.max(0, end - result.from));
    if (bytes.length === 0) return;
    midLine = bytes.at(-1) !== NEWLINE;
    yield bytes;
  };
}

async function* archivedFrom(
  blobs: R2Bucket,
  attempt: Attempt,
  known: ArchiveIndex | null,
  from: number,
): AsyncGenerator<Uint8Array> {
  const index = known ?? (await readArchiveIndex(blobs, attempt));
  // An attempt that never wrote a byte leaves nothing behind.
  if (!index && from === 0) return;
  yield* archivedUntil(blobs, attempt, from, index?.size ?? 0, index);
}

async function* archivedUntil(
  blobs: R2Bucket,
  attempt: Attempt,
  from: number,
  to: number,
  known: ArchiveIndex | null = null,
): AsyncGenerator<Uint8Array> {
  const index = known ?? (await readArchiveIndex(blobs, attempt));
  if (!index) throw new Error(`The log of ${attempt.id} is neither live nor archived.`);
  const offset = archivedOffset(index, from);
  const length = archivedOffset(index, to) - offset;
  if (length <= 0) return;
  yield* readText(blobs, attempt, { offset, length });
}

/** A stream that moves (a deploy, an eviction) fails its waiting readers; they ask again from where they are. */
async function readLive(rooms: LogRooms, attempt: Attempt, from: number, waitMs: number): Promise<ReadResult> {
  for (let failed = 0; ;) {
    try {
      return await rooms.logs.get(rooms.logs.idFromName(attempt.id)).read(from, READ_BYTES, waitMs);
    } catch (error) {
      failed += 1;
      if (failed === MAX_FAILED_READS) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * failed));
    }
  }
}

/** An archived stretch that does not reach across the cut. */
export async function* readArchived(
  blobs: R2Bucket,
  attempt: Attempt,
  index: ArchiveIndex,
  span: { from: number; to: number },
): AsyncGenerator<Uint8Array> {
  const length = span.to - span.from;
  if (length > 0) yield* readText(blobs, attempt, { offset: archivedOffset(index, span.from), length });
}

/** In large pieces: one by one as they come, those of 100 MB take ten times longer on one machine. */
async function* readText(
  blobs: R2Bucket,
  attempt: Attempt,
  range: { offset: number; length: number },
): AsyncGenerator<Uint8Array> {
  const object = await blobs.get(logKey(attempt), { range });
  if (!object) throw new Error(`The archived log of ${attempt.id} is gone.`);
  const reader = object.body.getReader({ mode: "byob" });
  try {
    for (let left = range.length; left > 0;) {
      const wanted = Math.min(READ_BYTES, left);
      const { value } = await reader.readAtLeast(wanted, new Uint8Array(wanted));
      if (!value || value.length === 0) throw new Error(`The archived log of ${attempt.id} is shorter than it was.`);
      left -= value.length;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
