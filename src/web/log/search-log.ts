/** Searches an attempt's whole log, where it is. */

import { placeAt } from "../../logs/places.ts";
import type { SearchAnswer } from "../../logs/wire.ts";
import type { Attempt } from "../../model/job.ts";
import { readArchived, readArchiveIndex } from "./reader.ts";
import type { LogRooms } from "./reader.ts";
import { LogSearch, type Sought } from "./search.ts";

const READ_BYTES = 4 * 1024 * 1024;

export async function searchLog(rooms: LogRooms, attempt: Attempt, sought: Sought): Promise<SearchAnswer> {
  const live = attempt.archivedAt === null ? await searchLive(rooms, attempt, sought) : null;
  return live ?? (await searchArchived(rooms, attempt, sought));
}

/** Null where the stream holds nothing: it was archived, or has not begun. */
async function searchLive(rooms: LogRooms, attempt: Attempt, sought: Sought): Promise<SearchAnswer | null> {
  const logs = rooms.logs.get(rooms.logs.idFromName(attempt.id));
  const search = new LogSearch(sought);
  const { size } = await logs.read(Number.MAX_SAFE_INTEGER, 1, 0);
  if (size === 0) return null;
  for (let at = 0; at < size;) {
    const part = await logs.read(at, Math.min(READ_BYTES, size - at), 0);
    // It was emptied while it was read.
    if (part.size < size) return null;
    if (part.bytes.length === 0) break;
    if (part.cut > 0) search.skipTo((await logs.lineAt(part.from)) ?? 0);
    search.add(part.bytes);
    at = part.next;
  }
  return search.end();
}

async function searchArchived(rooms: LogRooms, attempt: Attempt, sought: Sought): Promise<SearchAnswer> {
  const index = await readArchiveIndex(rooms.blobs, attempt);
  const search = new LogSearch(sought);
  if (index === null) return search.end();
  const { cut, size } = index;
  for (const [from, to] of cut === null ? [[0, size] as const] : [[0, cut.from] as const, [cut.to, size] as const]) {
    if (from > 0) search.skipTo(placeAt(index, from)?.line ?? 0);
    for await (const bytes of readArchived(rooms.blobs, attempt, index, { from, to })) search.add(bytes);
  }
  return search.end();
}
