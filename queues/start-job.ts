/** Starts a job that is ready: its turn in its concurrency group, a sandbox among those that may live, a runner. */

import { stateAfter } from "../src/model/transition.ts";
import { attemptId, sandboxId } from "../src/model/ids.ts";
import type { Job, SandboxSize } from "../src/model/job.ts";
import { DEFAULT_MAX_SANDBOXES } from "../src/model/limits.ts";
import type { Change } from "../src/model/transition.ts";
import { otherLegs } from "../src/schedule/needs.ts";
import { isBusy } from "../src/schedule/readiness.ts";
import type { JobDecision } from "../src/schedule/readiness.ts";
import { machineOf, strategyOf } from "../src/schedule/strategy.ts";
import { admitAttempt, attemptsOfJob, countLive } from "../src/store/attempts.ts";
import { buildsWaitingForCapacity } from "../src/store/builds.ts";
import { changeJob, readJob } from "../src/store/jobs.ts";
import { brakeOf } from "./brakes.ts";
import { jobContexts } from "./build-scene.ts";
import type { BuildScene } from "./build-scene.ts";
import { claimForJob, groupOfJob } from "./concurrency.ts";

/** The job as it stands afterwards. Throws ExpressionError. */
export async function startJob(env: Env, scene: BuildScene, job: Job, now: number): Promise<Job> {
  const [unsupported] = job.plan.definition.unsupported ?? [];
  if (unsupported !== undefined) {
    const { at, message } = unsupported;
    const detail = `${at.file}:${at.line}:${at.column}: ${message}`;
    return await concludeJob(env, job, { conclusion: "failure", reason: "unsupported", detail }, now);
  }
  const machine = machineOf(job, jobContexts(scene, job));
  if ("unsupported" in machine) return await concludeJob(env, job, withoutMachine(env, machine.unsupported), now);
  // Asked once a look: what a job's start changes of it is for the next one.
  scene.brake ??= { why: await brakeOf(env, scene.repository.id, now) };
  if (scene.brake.why !== null) return await changeWait(env, job, "queued", scene.brake.why);
  return (await waitInGroup(env, scene, job, now)) ?? (await admit(env, scene, job, machine.size, now));
}

function withoutMachine(env: Env, label: string): JobEnd {
  if (env.UNSUPPORTED_RUNNERS === "skip")
    return { conclusion: "skipped", reason: "no_sandbox", detail: `Not run: no sandbox for ${label}` };
  const detail = `No sandbox for ${label}: Sandlot runs Linux only`;
  return { conclusion: "failure", reason: "no_sandbox", detail };
}

/** Null where it is the job's turn, or where it needs none. */
async function waitInGroup(env: Env, scene: BuildScene, job: Job, now: number): Promise<Job | null> {
  const group = groupOfJob(job, jobContexts(scene, job));
  if (group === null) return null;
  if (group.name === scene.build.concurrencyGroup) {
    const detail = `Its concurrency group ${group.name} is that of its whole workflow: it would wait for itself`;
    return await concludeJob(env, job, { conclusion: "failure", reason: "workflow_invalid", detail }, now);
  }
  switch (await claimForJob(env, scene.build, job, group, now)) {
    case "running":
      return null;
    case "pending":
      return await changeWait(env, job, "waiting", `Waiting for another job of ${group.name}`);
    case null:
      return (await readJob(env.DB, job.id)) ?? job;
  }
}

async function admit(env: Env, scene: BuildScene, job: Job, sandboxSize: SandboxSize, now: number): Promise<Job> {
  const id = attemptId(job.id, job.attempt + 1);
  const max = maxSandboxes(env);
  const asked = {
    job,
    sandboxId: sandboxId(scene.repository.name, scene.build.sha, id),
    sandboxSize,
    recoveries: job.attempt === 0 ? 0 : await recoveriesOf(env, job),
    legs: legsBeside(scene, job),
    now,
  };
  const [admitted] = await env.DB.batch(admitAttempt(env.DB, asked, max));
  if (!admitted || admitted.meta.changes === 0) return await notAdmitted(env, job, max);
  const started: Job = { ...job, attempt: job.attempt + 1, admitted: true, state: { status: "queued", detail: null } };
  await createRunner(env, started);
  return started;
}

/** How many builds are told that it may be their turn. */
const TURNS_AT_ONCE = 2;

/** Somebody else who looks at this build at the same time may have started it, or another leg of it. */
async function notAdmitted(env: Env, job: Job, max: number): Promise<Job> {
  const known = await readJob(env.DB, job.id);
  if (known !== null && (known.attempt !== job.attempt || known.state.status === "completed")) return known;
  if ((await countLive(env.DB)) >= max)
    return await changeWait(env, job, "queued", `Waiting for a sandbox: all ${max} are busy`);
  // Whose turn it is may not know of the sandbox that is free.
  for (const buildId of await buildsWaitingForCapacity(env.DB, TURNS_AT_ONCE)) await env.JOBS.send({ buildId });
  return await changeWait(env, job, "queued", "Waiting for a sandbox: repositories that have fewer come first");
}

function legsBeside(scene: BuildScene, job: Job): { ids: Job["id"][]; max: number } | null {
  const { maxParallel } = strategyOf(job, jobContexts(scene, job));
  return maxParallel === null ? null : { ids: otherLegs(scene.jobs, job.plan).map((leg) => leg.id), max: maxParallel };
}

async function recoveriesOf(env: Env, job: Job): Promise<number> {
  const attempts = await attemptsOfJob(env.DB, job.id);
  return attempts.filter(
    ({ runAttempt, state }) =>
      runAttempt === job.runAttempt && state.status === "completed" && state.reason === "runner_lost",
  ).length;
}

function maxSandboxes(env: Pick<Env, "MAX_SANDBOXES">): number {
  const asked = Number(env.MAX_SANDBOXES);
  return Number.isInteger(asked) && asked > 0 ? asked : DEFAULT_MAX_SANDBOXES;
}

/** Its id is the attempt's, so a second time finds the first. */
export async function createRunner(env: Env, job: Job): Promise<void> {
  const id = attemptId(job.id, job.attempt);
  try {
    await env.JOB_RUNNER.create({ id, params: { attemptId: id } });
  } catch (error) {
    if (!(error instanceof Error && /already[ _]exists/i.test(error.message))) throw error;
  }
}

export async function changeWait(env: Env, job: Job, to: "waiting" | "queued", detail: string): Promise<Job> {
  if (isBusy(job) || (job.state.status === to && job.state.detail === detail)) return job;
  const change: Change = { to, detail };
  await changeJob(env.DB, job, change).run();
  return { ...job, state: stateAfter({ to, detail }) };
}

export type JobEnd = Omit<Extract<JobDecision, { do: "conclude" }>, "do">;

export async function concludeJob(env: Env, job: Job, end: JobEnd, now: number): Promise<Job> {
  const { conclusion, reason, detail } = end;
  await changeJob(env.DB, job, { to: "completed", conclusion, reason, detail, at: now }).run();
  return { ...job, state: stateAfter({ to: "completed", conclusion, reason, detail, at: now }) };
}
