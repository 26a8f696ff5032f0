/** Finds what was lost and puts it right. Runs each minute; cheap when there is nothing to do, and safe twice at once. */

import { closeAttempt } from "../attempt/close.ts";
import { readFacts } from "../attempt/facts.ts";
import { loseSandbox } from "../attempt/finish.ts";
import type { AttemptBindings } from "../attempt/bindings.ts";
import type { Attempt } from "../model/job.ts";
import { STALE_HEARTBEAT_MS } from "../model/limits.ts";
import { log, logFault } from "../model/log.ts";
import { liveAttempts } from "../store/attempts.ts";
import { openBuilds } from "../store/builds.ts";
import { forgottenDeliveries } from "../store/deliveries.ts";

export type SweepBindings = AttemptBindings & Pick<Env, "DELIVERIES" | "JOB_RUNNER">;

/** How long a thing may take by itself before it counts as lost (ms). */
const PATIENCE_MS = 60_000;
/** At most so many of a kind in one round: the next one takes the rest. */
const ROUND = 100;
/** Among so many newest deliveries the forgotten are looked for. */
const DELIVERIES_LOOKED_AT = 1000;

export interface Swept {
  deliveries: number;
  builds: number;
  attempts: number;
}

export async function sweep(env: SweepBindings, now: number): Promise<Swept> {
  const swept: Swept = { deliveries: 0, builds: 0, attempts: 0 };
  for (const deliveryId of await forgottenDeliveries(env.DB, now - PATIENCE_MS, DELIVERIES_LOOKED_AT)) {
    await env.DELIVERIES.send({ deliveryId });
    swept.deliveries += 1;
  }
  for (const build of await openBuilds(env.DB, now - PATIENCE_MS, ROUND)) {
    if (build.state.status === "completed")
      await env.REPORTS.send({ repositoryId: build.repositoryId, sha: build.reportSha, context: build.context });
    else await env.JOBS.send({ buildId: build.id });
    swept.builds += 1;
  }
  for (const attempt of await liveAttempts(env.DB, ROUND)) {
    // One attempt that can't be put right must not keep the others waiting.
    try {
      if (await mend(env, attempt, now)) swept.attempts += 1;
    } catch (error) {
      logFault("sweep.attempt_failed", error, { attemptId: attempt.id });
    }
  }
  if (swept.deliveries + swept.builds + swept.attempts > 0) log("sweep.done", { ...swept });
  return swept;
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
