/** Finds what was lost and puts it right. Runs each minute; cheap when there is nothing to do, and safe twice at once. */

import { closeAttempt } from "../attempt/close.ts";
import { readFacts } from "../attempt/facts.ts";
import { loseSandbox } from "../attempt/finish.ts";
import type { AttemptBindings } from "../attempt/bindings.ts";
import type { Attempt } from "../model/job.ts";
import { REPORT_PATIENCE_MS, STALE_HEARTBEAT_MS } from "../model/limits.ts";
import { log, logFault } from "../model/log.ts";
import { liveAttempts } from "../store/attempts.ts";
import { readMarks, setMark } from "../store/marks.ts";
import type { Mark, MarkName } from "../store/marks.ts";
import { giveUpReport, urgentBuilds, waitingBuilds, waitingDeliveries } from "../store/open-work.ts";
import type { OpenBuild } from "../store/open-work.ts";
import { countMinutes } from "./count-minutes.ts";
import { redeliver } from "./redeliver.ts";
import { clearExpired } from "./retention.ts";

export type SweepBindings = AttemptBindings & Pick<Env, "DELIVERIES" | "JOB_RUNNER" | "MONTHLY_MINUTES">;
type Marks = ReadonlyMap<MarkName, Mark>;

/** How long a thing may take by itself before it counts as lost (ms). */
const PATIENCE_MS = 60_000;
/** At most so many of a kind in one round: the next one takes the rest. */
const ROUND = 1000;
/** Of builds that only wait: others' ends wake them, so that these rounds are a second net. */
const WAITING_ROUND = 100;
/** What a queue takes at once. */
const BATCH = 100;
const REPORT_EACH_MINUTE_MS = 3_600_000;
const REPORT_EVERY_MINUTES = 30;
/** Deliveries that none waits among are passed over for good, so many at a time: each time is one row written. */
const SETTLED_AT_ONCE = 200;

export interface Swept {
  deliveries: number;
  builds: number;
  attempts: number;
  redelivered: number;
}

export async function sweep(env: SweepBindings, now: number): Promise<Swept> {
  const marks = await readMarks(env.DB);
  const swept: Swept = {
    deliveries: await apart("deliveries", () => sweepDeliveries(env, now, marks)),
    builds: await apart("builds", () => sweepBuilds(env, now, marks)),
    attempts: await apart("attempts", () => sweepAttempts(env, now)),
    redelivered: await apart("webhooks", () => redeliver(env, now, marks.get("webhooks.missed"))),
  };
  await apart("minutes", async () => {
    await countMinutes(env, now);
    return 0;
  });
  await apart("retention", async () => {
    await clearExpired(env, now, marks);
    return 0;
  });
  if (Object.values(swept).some((count) => count > 0)) log("sweep.done", { ...swept });
  return swept;
}

/** A part that can't be done must not hold up the others. */
async function apart(part: string, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    logFault("sweep.part_failed", error, { part });
    return 0;
  }
}

async function sweepDeliveries(env: SweepBindings, now: number, marks: Marks): Promise<number> {
  const from = Number(marks.get("deliveries.settled")?.value ?? 0);
  const found = await waitingDeliveries(env.DB, { from, before: now - PATIENCE_MS, limit: ROUND });
  await sendAll(
    env.DELIVERIES,
    found.forgotten.map((deliveryId) => ({ deliveryId })),
  );
  if (found.settledTo - from >= SETTLED_AT_ONCE)
    await setMark(env.DB, "deliveries.settled", found.settledTo, now).run();
  return found.forgotten.length;
}

async function sweepBuilds(env: SweepBindings, now: number, marks: Marks): Promise<number> {
  const before = now - PATIENCE_MS;
  const urgent = await urgentBuilds(env.DB, before, ROUND);
  const from = Number(marks.get("builds.waiting")?.value ?? 0);
  const waiting = await waitingBuilds(env.DB, { from, before, limit: WAITING_ROUND });
  const next = waiting.length < WAITING_ROUND ? 0 : (waiting.at(-1)?.createdAt ?? 0);
  if (next !== from) await setMark(env.DB, "builds.waiting", next, now).run();
  const late = urgent.filter((build) => isHopeless(build, now));
  for (const build of late) {
    await giveUpReport(env.DB, build.id).run();
    log("report.given_up", { buildId: build.id, repositoryId: build.repositoryId });
  }
  const ended = urgent.filter((build) => build.status === "completed" && !late.includes(build) && isDue(build, now));
  await sendAll(
    env.REPORTS,
    ended.map(({ repositoryId, sha, context }) => ({ repositoryId, sha, context })),
  );
  const open = [...urgent.filter((build) => build.status !== "completed"), ...waiting];
  await sendAll(
    env.JOBS,
    open.map((build) => ({ buildId: build.id })),
  );
  return late.length + ended.length + open.length;
}

/** What GitHub would not hear for an hour is said again each half hour: else one App without a right asks all day. */
function isDue({ completedAt }: OpenBuild, now: number): boolean {
  const minute = Math.floor(now / 60_000);
  return completedAt === null || now - completedAt < REPORT_EACH_MINUTE_MS || minute % REPORT_EVERY_MINUTES === 0;
}

function isHopeless({ status, completedAt }: OpenBuild, now: number): boolean {
  return status === "completed" && completedAt !== null && now - completedAt > REPORT_PATIENCE_MS;
}

async function sendAll<T>(queue: Queue<T>, bodies: readonly T[]): Promise<void> {
  for (let at = 0; at < bodies.length; at += BATCH)
    await queue.sendBatch(bodies.slice(at, at + BATCH).map((body) => ({ body })));
}

async function sweepAttempts(env: SweepBindings, now: number): Promise<number> {
  let mended = 0;
  for (const attempt of await liveAttempts(env.DB, ROUND)) {
    // One attempt that can't be put right must not keep the others waiting.
    try {
      if (await mend(env, attempt, now)) mended += 1;
    } catch (error) {
      logFault("sweep.attempt_failed", error, { attemptId: attempt.id });
    }
  }
  return mended;
}

/** True where something was done. */
async function mend(env: SweepBindings, attempt: Attempt, now: number): Promise<boolean> {
  if (attempt.state.status === "completed") {
    if (now - attempt.state.completedAt < STALE_HEARTBEAT_MS) return false;
    await closeAttempt(env, attempt.id);
    return true;
  }
  if (attempt.state.status !== "in_progress") return false;
  const heard = attempt.heartbeatAt ?? attempt.startedAt ?? attempt.createdAt;
  return now - heard >= STALE_HEARTBEAT_MS && (await revive(env, attempt));
}

type RunnerStatus = InstanceStatus["status"] | "none";

/** What to do about an attempt that nobody has watched for minutes, by what its runner says of itself. */
const REVIVAL: Record<RunnerStatus, "leave" | "poke" | "resume" | "lose"> = {
  queued: "leave",
  waiting: "leave",
  waitingForPause: "leave",
  unknown: "leave",
  running: "poke",
  paused: "resume",
  errored: "lose",
  terminated: "lose",
  complete: "lose",
  none: "lose",
};

async function revive(env: SweepBindings, attempt: Attempt): Promise<boolean> {
  switch (REVIVAL[await runnerStatus(env, attempt)]) {
    case "leave":
      return false;
    case "poke":
      return await poke(env, attempt);
    case "resume":
      await (await env.JOB_RUNNER.get(attempt.id)).resume();
      return true;
    case "lose":
      await loseSandbox(env, await readFacts(env, attempt.id), "Its job runner ended without a word", {
        stepsStarted: true,
      });
      await closeAttempt(env, attempt.id);
      return true;
  }
}

async function runnerStatus(env: SweepBindings, attempt: Attempt): Promise<RunnerStatus> {
  try {
    return (await (await env.JOB_RUNNER.get(attempt.id)).status()).status;
  } catch (error) {
    if (error instanceof Error && /not[_ ]found/i.test(error.message)) return "none";
    throw error;
  }
}

/** The engine of one machine does not wake an instance after a crash; in an account it does so itself, and is left alone. */
async function poke(env: SweepBindings, attempt: Attempt): Promise<boolean> {
  if (env.LOCAL_SANDBOX_URL === "") return false;
  const instance = await env.JOB_RUNNER.get(attempt.id);
  await instance.pause();
  for (let tries = 0; tries < 50 && (await instance.status()).status !== "paused"; tries += 1)
    await scheduler.wait(100);
  await instance.resume();
  return true;
}
