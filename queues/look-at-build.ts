/** Looks at one build again: concludes what can't run, starts what may, ends the build when all is done. May run twice at once. */

import { chainOf } from "../src/language/chain.ts";
import { expandJob, jobName } from "../src/language/plan.ts";
import { ExpressionError } from "../src/language/expression.ts";
import { attemptId, jobId, sandboxId } from "../src/model/ids.ts";
import type { BuildId } from "../src/model/ids.ts";
import type { Job } from "../src/model/job.ts";
import { DEFAULT_MAX_SANDBOXES, MAX_BUILD_JOBS } from "../src/model/limits.ts";
import { concludeBuild } from "../src/schedule/conclusion.ts";
import { otherLegs } from "../src/schedule/needs.ts";
import { decideJob, failed, isBusy } from "../src/schedule/readiness.ts";
import type { JobDecision } from "../src/schedule/readiness.ts";
import { conditionOf, machineOf, strategyOf } from "../src/schedule/strategy.ts";
import { admitAttempt, attemptsOfJob } from "../src/store/attempts.ts";
import { buildsInGroup, buildsWaitingForCapacity, changeBuild } from "../src/store/builds.ts";
import type { StoredBuild } from "../src/store/builds.ts";
import { changeJob, insertJob, removeJob, stopJob } from "../src/store/jobs.ts";
import { readScene, jobContexts } from "./build-scene.ts";
import type { BuildScene } from "./build-scene.ts";
import { forceStop } from "./force-stop.ts";
import { holdBack } from "./concurrency.ts";

/** How many other builds are looked at when a sandbox may have become free. */
const WAKE_AT_ONCE = 5;

type Seen = { started: number; concluded: number; ended: boolean };

export async function lookAtBuild(env: Env, id: BuildId, now: number): Promise<Seen> {
  const scene = await readScene(env, id);
  const seen: Seen = { started: 0, concluded: 0, ended: false };
  if (scene === null || scene.build.state.status === "completed") return seen;
  const { build } = scene;
  if (build.cancelRequested?.force) await forceStop(env, scene, now);
  const held = await holdBack(env, build, scene.jobs, now);
  if (!held || build.cancelRequested) await advanceJobs(env, scene, seen, now);
  seen.ended = await endBuild(env, scene, now);
  if (!seen.ended) await tell(env, scene, held);
  return seen;
}

async function advanceJobs(env: Env, scene: BuildScene, seen: Seen, now: number): Promise<void> {
  for (const job of scene.jobs.filter(isBusy)) await keepBusy(env, scene, job);
  // What is concluded may free a job that stands before it, so the round is made again until nothing moves.
  for (let moved = true; moved;) {
    moved = false;
    for (const job of scene.jobs.filter((one) => one.state.status !== "completed" && !isBusy(one))) {
      const next = await advanceJob(env, scene, job, now);
      scene.jobs = scene.jobs.flatMap((one) => (one.id === job.id ? next : [one]));
      const concluded = next.filter((one) => one.state.status === "completed").length;
      seen.concluded += concluded;
      seen.started += next.filter(isBusy).length;
      moved ||= concluded > 0 || next.length !== 1;
    }
  }
}

/** A job with an attempt: its runner exists, and it stops where another leg's failure asks for it. */
async function keepBusy(env: Env, scene: BuildScene, job: Job): Promise<void> {
  if (job.state.status === "queued") await createRunner(env, job);
  const stops = chainOf(job.plan).some(
    (plan) => otherLegs(scene.jobs, plan).some(failed) && strategyOf({ plan }, jobContexts(scene, { plan })).failFast,
  );
  if (stops) await stopJob(env.DB, job, "fail_fast").run();
}

/** The job as it stands afterwards; its legs where its matrix was computed. */
async function advanceJob(env: Env, scene: BuildScene, job: Job, now: number): Promise<Job[]> {
  try {
    const decision = decide(scene, job);
    switch (decision.do) {
      case "wait":
        return [await wait(env, job, "waiting", decision.detail)];
      case "expand":
        return await expand(env, scene, job);
      case "conclude":
        return [await conclude(env, job, decision, now)];
      case "start":
        return [await start(env, scene, job, now)];
    }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const invalid = { conclusion: "failure", reason: "workflow_invalid", detail: error.message } as const;
    return [await conclude(env, job, invalid, now)];
  }
}

function decide(scene: BuildScene, job: Job): JobDecision {
  return decideJob({
    job,
    jobs: scene.jobs,
    cancelled: scene.build.cancelRequested,
    condition: (one, functions) => conditionOf(one, jobContexts(scene, one), functions),
    strategy: (one) => strategyOf(one, jobContexts(scene, one)),
  });
}

async function wait(env: Env, job: Job, to: "waiting" | "queued", detail: string): Promise<Job> {
  if (job.state.status === to && job.state.detail === detail) return job;
  await changeJob(env.DB, job, { to, detail }).run();
  return { ...job, state: { status: to, detail } };
}

async function conclude(
  env: Env,
  job: Job,
  end: Omit<Extract<JobDecision, { do: "conclude" }>, "do">,
  now: number,
): Promise<Job> {
  const { conclusion, reason, detail } = end;
  await changeJob(env.DB, job, { to: "completed", conclusion, reason, detail, at: now }).run();
  return { ...job, state: { status: "completed", conclusion, reason, detail, completedAt: now } };
}

async function expand(env: Env, scene: BuildScene, job: Job): Promise<Job[]> {
  const contexts = jobContexts(scene, job);
  const legs = expandJob(job.plan, contexts).map((plan): Job => {
    const id = jobId(job.buildId, plan.key);
    return {
      ...job,
      id,
      plan,
      name: jobName(plan, (one) => jobContexts(scene, { plan: one })),
      state: { status: "waiting", detail: null },
    };
  });
  if (scene.jobs.length + legs.length > MAX_BUILD_JOBS) {
    const detail = `Its matrix makes ${legs.length} jobs, and a build has at most ${MAX_BUILD_JOBS}`;
    return [await conclude(env, job, { conclusion: "failure", reason: "unsupported", detail }, Date.now())];
  }
  if (legs.length === 0)
    return [
      await conclude(
        env,
        job,
        { conclusion: "skipped", reason: "condition_false", detail: "Its matrix is empty" },
        Date.now(),
      ),
    ];
  await env.DB.batch([removeJob(env.DB, job), ...legs.map((leg) => insertJob(env.DB, leg))]);
  return legs;
}

async function start(env: Env, scene: BuildScene, job: Job, now: number): Promise<Job> {
  const [unsupported] = job.plan.definition.unsupported ?? [];
  if (unsupported !== undefined) {
    const { at, message } = unsupported;
    const detail = `${at.file}:${at.line}:${at.column}: ${message}`;
    return await conclude(env, job, { conclusion: "failure", reason: "unsupported", detail }, now);
  }
  const machine = machineOf(job, jobContexts(scene, job));
  if ("unsupported" in machine) {
    const detail = `No sandbox for ${machine.unsupported}: Sandlot runs Linux only`;
    return await conclude(env, job, { conclusion: "failure", reason: "no_sandbox", detail }, now);
  }
  const id = attemptId(job.id, job.attempt + 1);
  const lost = job.attempt === 0 ? 0 : await recoveriesOf(env, job);
  const max = maxSandboxes(env);
  const asked = {
    job,
    sandboxId: sandboxId(scene.repository.name, scene.build.sha, id),
    sandboxSize: machine.size,
    recoveries: lost,
    now,
  };
  const [admitted] = await env.DB.batch(admitAttempt(env.DB, asked, max));
  if (!admitted || admitted.meta.changes === 0)
    return await wait(env, job, "queued", `Waiting for a sandbox: all ${max} are busy`);
  const started: Job = { ...job, attempt: job.attempt + 1, admitted: true, state: { status: "queued", detail: null } };
  await createRunner(env, started);
  return started;
}

async function recoveriesOf(env: Env, job: Job): Promise<number> {
  const attempts = await attemptsOfJob(env.DB, job.id);
  return attempts.filter(
    ({ runAttempt, state }) =>
      runAttempt === job.runAttempt && state.status === "completed" && state.reason === "runner_lost",
  ).length;
}

export function maxSandboxes(env: Pick<Env, "MAX_SANDBOXES">): number {
  const asked = Number(env.MAX_SANDBOXES);
  return Number.isInteger(asked) && asked > 0 ? asked : DEFAULT_MAX_SANDBOXES;
}

/** Its id is the attempt's, so a second time finds the first. */
async function createRunner(env: Env, job: Job): Promise<void> {
  const id = attemptId(job.id, job.attempt);
  try {
    await env.JOB_RUNNER.create({ id, params: { attemptId: id } });
  } catch (error) {
    if (!(error instanceof Error && /already[ _]exists/i.test(error.message))) throw error;
  }
}

async function endBuild(env: Env, scene: BuildScene, now: number): Promise<boolean> {
  const { build } = scene;
  const end = concludeBuild(scene.jobs, build.startedAt, now);
  if (end === null) return false;
  const cancelled = build.cancelRequested !== null && end.conclusion === "cancelled";
  const detail = cancelled ? `Cancelled by ${build.cancelRequested?.by}` : end.detail;
  await changeBuild(env.DB, build, { to: "completed", ...end, detail, at: now }).run();
  await env.REPORTS.send({ repositoryId: build.repositoryId, sha: build.reportSha, context: build.context });
  await wake(env, build);
  return true;
}

/** A finished build frees its concurrency group. Whoever waits for a sandbox is woken where one is destroyed. */
async function wake(env: Env, build: StoredBuild): Promise<void> {
  const [next] = await buildsInGroup(env.DB, build);
  if (next) await env.JOBS.send({ buildId: next.id });
  for (const id of await buildsWaitingForCapacity(env.DB, WAKE_AT_ONCE)) await env.JOBS.send({ buildId: id });
}

/** What a build waits for, where nothing of it runs: GitHub shows it. */
async function tell(env: Env, { build, jobs }: BuildScene, held: string | null): Promise<void> {
  if (build.state.status === "in_progress" || build.state.status === "completed") return;
  const queued = jobs.find((job) => job.state.status === "queued" && !job.admitted);
  const detail = held ?? (queued?.state.status === "queued" ? queued.state.detail : null);
  if (detail === build.state.detail) return;
  await changeBuild(env.DB, build, { to: held ? "waiting" : "queued", detail }).run();
  await env.REPORTS.send({ repositoryId: build.repositoryId, sha: build.reportSha, context: build.context });
}
