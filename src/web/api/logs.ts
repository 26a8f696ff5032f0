/** A job's log as text: from a byte on, live or archived, and followed to its end. */

import { z } from "zod";
import { asJobId, attemptId } from "../../model/ids.ts";
import type { Attempt } from "../../model/job.ts";
import { readAttempt } from "../../store/attempts.ts";
import { readJob } from "../../store/jobs.ts";
import { logKey } from "../../store/keys.ts";
import { notFound, problem } from "../http/answer.ts";
import type { Read } from "../http/body.ts";
import { serveObject } from "../http/object.ts";
import { readQuery } from "../http/query.ts";
import { streamOf } from "../http/stream.ts";
import { followLog, openLog } from "../log/reader.ts";
import type { LogRooms } from "../log/reader.ts";

const logQuery = z.object({
  /** Stored-log offset. */
  from: z
    .string()
    .regex(/^\d{1,15}$/, "is not a number of bytes")
    .transform(Number)
    .optional(),
  attempt: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, "is not a whole number from 1")
    .transform(Number)
    .optional(),
  follow: z
    .enum(["0", "1", "false", "true"])
    .default("0")
    .transform((flag) => flag === "1" || flag === "true"),
  /** As a file, plain or compressed. */
  download: z.enum(["text", "gzip"]).optional(),
});

const TEXT = { "content-type": "text/plain; charset=utf-8" };

/** `from` counts bytes of the log as it grew; where its middle was cut, a line says so and offsets go on behind it. */
export async function getLog(rooms: LogRooms, build: string, job: string, request: Request): Promise<Response> {
  const query = readQuery(request.url, logQuery);
  if (!query.ok) return query.answer;
  const { from, follow, download } = query.value;
  const start = from ?? 0;
  const found = await findAttempt(rooms.db, build, job, query.value.attempt);
  if (!found.ok) return found.answer;
  if (download !== undefined) return await sendFile(rooms, found.value, download);
  if (follow) return sendText(followLog(rooms, found.value, start), {});
  const ranged = from === undefined && request.headers.has("range") && found.value.archivedAt !== null;
  const part = ranged ? await serveObject(rooms.blobs, logKey(found.value), request, TEXT) : null;
  return part ?? (await sendLog(rooms, found.value, start));
}

async function sendLog(rooms: LogRooms, attempt: Attempt, from: number): Promise<Response> {
  const log = await openLog(rooms, attempt, from);
  if (!log) return problem(416, `This log has no byte ${from} yet.`);
  const place = { "x-sandlot-next": String(log.next), "x-sandlot-ended": String(log.ended) };
  return sendText(log.bytes, place);
}

async function sendFile(rooms: LogRooms, attempt: Attempt, kind: "text" | "gzip"): Promise<Response> {
  const log = await openLog(rooms, attempt, 0);
  const bytes = streamOf(log === null ? none() : log.bytes);
  const name = `log-${attempt.id}.txt`;
  const headers = { ...TEXT, "cache-control": "no-store", "content-disposition": `attachment; filename="${name}"` };
  if (kind === "text") return new Response(bytes, { headers });
  const packed = bytes.pipeThrough(new CompressionStream("gzip"));
  const file = { "content-type": "application/gzip", "content-disposition": `attachment; filename="${name}.gz"` };
  return new Response(packed, { headers: { ...headers, ...file } });
}

async function* none(): AsyncGenerator<Uint8Array> {}

function sendText(bytes: AsyncGenerator<Uint8Array>, headers: Record<string, string>): Response {
  // A compressed stream comes in lumps: what is followed live must come as it is.
  return new Response(streamOf(bytes), { headers: { "cache-control": "no-store, no-transform", ...TEXT, ...headers } });
}

/** The attempt of that number, or the newest. */
export async function findAttempt(
  db: D1Database,
  build: string,
  id: string,
  number: number | undefined,
): Promise<Read<Attempt>> {
  const job = await readJob(db, asJobId(id));
  if (!job || job.buildId !== build) return { ok: false, answer: notFound("job", id) };
  const wanted = number ?? job.attempt;
  const attempt = wanted > 0 ? await readAttempt(db, attemptId(job.id, wanted)) : null;
  if (attempt) return { ok: true, value: attempt };
  const detail = wanted > 0 ? `This job has no attempt ${wanted}.` : "This job has not started yet: it has no log.";
  return { ok: false, answer: problem(404, detail) };
}
