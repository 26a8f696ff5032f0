/** What the log page's script asks for: rows, hits, headings, and to be told what is new. */

import { z } from "zod";
import type { Wanted } from "../../logs/lines.ts";
import { readPatch } from "../../logs/live.ts";
import { readCursor } from "../../logs/viewers.ts";
import type { LiveCursor, LivePatch } from "../../logs/wire.ts";
import type { Attempt } from "../../model/job.ts";
import { readBuildView } from "../api/builds.ts";
import { findAttempt } from "../api/logs.ts";
import { json, notFound, problem } from "../http/answer.ts";
import { readQuery } from "../http/query.ts";
import { renderPart } from "../pages/layout.tsx";
import type { Rooms } from "../rooms.ts";
import type { LogRooms } from "./reader.ts";
import { searchLog } from "./search-log.ts";
import { StepTitle } from "./section.tsx";
import { readLogPage, readPageFrom, windowOf, WINDOW_LINES } from "./window.ts";

const count = z
  .string()
  .regex(/^[1-9]\d{0,11}$/, "is not a whole number from 1")
  .transform(Number);
const attemptQuery = z.object({ attempt: count });
const rowsQuery = attemptQuery.extend({ from: count.optional(), count: count.optional() });
const searchQuery = attemptQuery.extend({ q: z.string().min(1).max(1000), case: z.enum(["0", "1"]).default("0") });
const liveQuery = attemptQuery.extend({ cursor: z.string().optional() });

/** Inside the LogStream; a reader that left is noticed after it. */
const WAIT_MS = 10_000;

interface Asked {
  build: string;
  job: string;
  request: Request;
}

/** Those of `rows`, `hits`, `live` and `titles`. */
export async function getLogPart(
  rooms: LogRooms & Pick<Rooms, "publicUrl">,
  { id: build, job, part }: { id: string; job: string; part: string },
  request: Request,
): Promise<Response> {
  const asked = { build, job, request };
  if (part === "rows") return await getLogRows(rooms, asked);
  if (part === "hits") return await getLogHits(rooms, asked);
  if (part === "live") return await followLogRows(rooms, asked);
  return part === "titles" ? await getTitles(rooms, asked) : notFound("part of a log", part);
}

/** Lines from a number on, or the last ones. */
async function getLogRows(rooms: LogRooms, { build, job, request }: Asked): Promise<Response> {
  const query = readQuery(request.url, rowsQuery);
  if (!query.ok) return query.answer;
  const found = await findAttempt(rooms.db, build, job, query.value.attempt);
  if (!found.ok) return found.answer;
  const lines = Math.min(query.value.count ?? WINDOW_LINES, WINDOW_LINES);
  const { from } = query.value;
  const wanted: Wanted = from === undefined ? { last: lines } : { from, count: lines };
  return json(windowOf(await readLogPage(rooms, found.value, wanted), wanted));
}

async function getLogHits(rooms: LogRooms, { build, job, request }: Asked): Promise<Response> {
  const query = readQuery(request.url, searchQuery);
  if (!query.ok) return query.answer;
  const found = await findAttempt(rooms.db, build, job, query.value.attempt);
  if (!found.ok) return found.answer;
  const { q, case: matchCase } = query.value;
  return json(await searchLog(rooms, found.value, { text: q, matchCase: matchCase === "1" }));
}

/** HTML of each step's heading, by its number. */
async function getTitles(rooms: Pick<Rooms, "db" | "publicUrl">, { build, job, request }: Asked): Promise<Response> {
  const view = await readBuildView(rooms, build, new URL(request.url).searchParams.get("run_attempt") ?? undefined);
  if (!view.ok) return view.answer;
  const steps = view.value.jobs.find((one) => one.id === job)?.steps ?? [];
  return json(Object.fromEntries(steps.map((step) => [step.number, renderPart(StepTitle({ step }))])));
}

/** Over a WebSocket to the LogStream, or else one answer with what is new; an empty one after a while without news. */
async function followLogRows(rooms: LogRooms, { build, job, request }: Asked): Promise<Response> {
  const query = readQuery(request.url, liveQuery);
  if (!query.ok) return query.answer;
  const isSocket = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  // Another site's page may open a socket to us, with the cookies of whoever looks at it.
  if (isSocket && request.headers.get("origin") !== ownOrigin(request))
    return problem(403, "Only a page of Sandlot's own may follow.");
  const found = await findAttempt(rooms.db, build, job, query.value.attempt);
  if (!found.ok) return found.answer;
  if (isSocket) return await rooms.logs.get(rooms.logs.idFromName(found.value.id)).fetch(request);
  const cursor = readCursor(query.value.cursor ?? "");
  if (cursor === null) return problem(400, "cursor is not what a page was given.");
  return json(await patchFor(rooms, found.value, cursor));
}

/** A proxy may speak to us by another scheme than its visitors to it. */
function ownOrigin(request: Request): string | null {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  const origin = request.headers.get("origin");
  return origin !== null && URL.canParse(origin) && new URL(origin).host === host ? origin : null;
}

/** Null where there is no news. */
async function patchFor(rooms: LogRooms, attempt: Attempt, cursor: LiveCursor): Promise<LivePatch | null> {
  if (attempt.archivedAt === null) {
    const patch = await rooms.logs.get(rooms.logs.idFromName(attempt.id)).waitForPatch(cursor, WAIT_MS);
    if (patch !== "gone") return patch;
  }
  return await readPatch((offset) => readPageFrom(rooms, attempt, offset), cursor);
}
