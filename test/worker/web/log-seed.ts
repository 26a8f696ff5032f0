/** An attempt whose log a test writes, live or archived. */

import { env, exports } from "cloudflare:workers";
import type { LogWindow, RowsPart } from "../../../src/logs/wire.ts";
import type { AttemptId } from "../../../src/model/ids.ts";
import type { Job } from "../../../src/model/job.ts";
import { changeAttempt, markDestroyed } from "../../../src/store/attempts.ts";
import { logIndexKey, logKey } from "../../../src/store/keys.ts";
import { seedAttempt, seedBuild, seedJob } from "./support.ts";

export interface SeededLog {
  job: Job;
  attempt: { id: AttemptId; attempt: number };
  /** Of the job's page. */
  path: string;
  raw: Map<number, number>;
  at: number;
}

export const streamOf = (id: AttemptId) => env.LOG_STREAM.get(env.LOG_STREAM.idFromName(id));

export async function seedLog(maxBytes?: number): Promise<SeededLog> {
  const build = await seedBuild();
  const job = await seedJob(build.id, "test");
  const attempt = await seedAttempt(job);
  const path = `/builds/${build.id}/jobs/${job.id}`;
  await streamOf(attempt.id).open(1, "", 1000, maxBytes === undefined ? {} : { maxBytes });
  return { job, attempt, path, raw: new Map(), at: 1000 };
}

/** Each call a second later. */
export async function writeLog(log: SeededLog, text: string, step = 1): Promise<void> {
  log.at += 1000;
  const stream = streamOf(log.attempt.id);
  const from = log.raw.get(step) ?? 0;
  if (from === 0) await stream.open(step, "", log.at);
  const bytes = new TextEncoder().encode(text);
  const request = { step, fromRaw: from, toRaw: from + bytes.length, text: bytes, carry: null, at: log.at };
  const { accepted } = await stream.append(request);
  if (!accepted) throw new Error("The log was not taken.");
  log.raw.set(step, from + bytes.length);
}

export async function archiveLog(log: SeededLog): Promise<void> {
  const stream = streamOf(log.attempt.id);
  const of = { ...log.job, jobId: log.job.id, attempt: log.attempt.attempt };
  await stream.end(log.at);
  const { index, body } = await stream.archive();
  const fixed = new FixedLengthStream(index.bytes);
  await Promise.all([body.pipeTo(fixed.writable), env.STORE.put(logKey(of), fixed.readable)]);
  await env.STORE.put(logIndexKey(of), JSON.stringify(index));
  const end = { to: "completed", conclusion: "success", reason: null, detail: null, at: log.at } as const;
  await changeAttempt(env.DB, log.attempt.id, end).run();
  await stream.empty();
  await markDestroyed(env.DB, log.attempt.id, log.at, { archived: true }).run();
}

/** As a browser on this machine. */
export async function visit(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return await exports.default.fetch(`http://127.0.0.1${path}`, { headers });
}

/** A part of the log as the page's script asks for it. */
export async function ask<T>(log: SeededLog, part: string, query: Record<string, string> = {}): Promise<T> {
  const search = new URLSearchParams({ attempt: "1", ...query });
  const answer = await visit(`${log.path}/log/${part}?${search.toString()}`);
  if (answer.status !== 200) throw new Error(`${part} is answered with ${answer.status}.`);
  return await answer.json<T>();
}

export const rows = async (log: SeededLog, query: Record<string, string> = {}) =>
  await ask<LogWindow>(log, "rows", query);
const ROW =
  /<div class="l[^"]*" id="L(\d+)">(?:<a href="#L\1">\1<\/a>|<span class="n"><\/span>)(?:<time[^>]*>[^<]*<\/time>)?<code>([^\n]*)<\/code><\/div>/g;

/** Numbers and texts of rows, markup and all. */
export function read(parts: readonly RowsPart[]): [number: number, html: string][] {
  return parts.flatMap(({ inside, html }) =>
    [...(inside + html).matchAll(ROW)].map(([, number, text = ""]): [number, string] => [Number(number), text]),
  );
}

export const numbered = (count: number) => Array.from({ length: count }, (_, n) => `line ${n + 1}\n`).join("");
