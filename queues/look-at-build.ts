/** Looks at one build again: concludes what can't run, starts what may, ends the build when all is done. May run twice at once. */

import { chainOf } from "../src/language/chain.ts";
import { expandJob, jobName } from "../src/language/plan.ts";
import { ExpressionError } from "../src/language/expression.ts";
import { jobId } from "../src/model/ids.ts";
import type { Build } from "../src/model/build.ts";
import type { BuildId } from "../src/model/ids.ts";
import type { Job } from "../src/model/job.ts";
import { MAX_BUILD_JOBS } from "../src/model/limits.ts";
import { concludeBuild } from "../src/schedule/conclusion.ts";
import type { BuildEnd } from "../src/schedule/conclusion.ts";
import { otherLegs } from "../src/schedule/needs.ts";
import { decideJob, failed, isBusy } from "../src/schedule/readiness.ts";
import type { JobDecision } from "../src/schedule/readiness.ts";
import { conditionOf, strategyOf } from "../src/schedule/strategy.ts";
import { buildsWaitingForCapacity, changeBuild } from "../src/store/builds.ts";
import { isSuperseding } from "../src/store/concurrency.ts";
import { insertJob, removeJob, stopJob } from "../src/store/jobs.ts";
import { readScene, jobContexts } from "./build-scene.ts";
import type { BuildScene } from "./build-scene.ts";
import { holdBack, passOn } from "./concurrency.ts";
import { forceStop } from "./force-stop.ts";
import { changeWait, concludeJob, createRunner, startJob } from "./start-job.ts";

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
  await passOn(env, build, scene.jobs);
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
        return [await changeWait(env, job, "waiting", decision.detail)];
      case "expand":
        return await expand(env, scene, job, now);
      case "conclude":
        return [await concludeJob(env, job, decision, now)];
      case "start":
        return [await startJob(env, scene, job, now)];
    }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const invalid = { conclusion: "failure", reason: "workflow_invalid", detail: error.message } as const;
    return [await concludeJob(env, job, invalid, now)];
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

async function expand(env: Env, scene: BuildScene, job: Job, now: number): Promise<Job[]> {
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
    return [await concludeJob(env, job, { conclusion: "failure", reason: "unsupported", detail }, now)];
  }
  await env.DB.batch([removeJob(env.DB, job), ...legs.map((leg) => insertJob(env.DB, leg))]);
  return legs;
}

async function endBuild(env: Env, scene: BuildScene, now: number): Promise<boolean> {
  const { build } = scene;
  const end = concludeBuild(scene.jobs, build.startedAt, now);
  if (end === null) return false;
  await changeBuild(env.DB, build, { to: "completed", ...end, ...cancelOf(build, end), at: now }).run();
  await env.REPORTS.send({ repositoryId: build.repositoryId, sha: build.reportSha, context: build.context });
  for (const waiting of await buildsWaitingForCapacity(env.DB, WAKE_AT_ONCE)) await env.JOBS.send({ buildId: waiting });
  return true;
}

/** Who cancelled a build, where it ended so. */
function cancelOf({ cancelRequested }: Build, end: BuildEnd): Partial<BuildEnd> {
  if (cancelRequested === null || end.conclusion !== "cancelled") return {};
  const { by } = cancelRequested;
  return { detail: `Cancelled by ${by}`, ...(isSuperseding(by) && { reason: "superseded" }) };
}

/** What a build waits for, where nothing of it runs: GitHub shows it. */
async function tell(env: Env, { build, jobs }: BuildScene, held: string | null): Promise<void> {
  if (build.state.status === "in_progress" || build.state.status === "completed") return;
  const detail = held ?? waitOf(jobs);
  if (detail === build.state.detail) return;
  await changeBuild(env.DB, build, { to: held ? "waiting" : "queued", detail }).run();
  await env.REPORTS.send({ repositoryId: build.repositoryId, sha: build.reportSha, context: build.context });
}

/** Of jobs that wait for a sandbox or in a group; those that wait for others of their build say nothing new. */
function waitOf(jobs: readonly Job[]): string | null {
  if (jobs.some(isBusy)) return null;
  const ready = jobs.filter(({ admitted, plan, state }) => {
    if (state.status === "queued") return !admitted;
    return state.status === "waiting" && plan.definition.concurrency !== null;
  });
  for (const { state } of ready) if (state.status !== "completed" && state.detail !== null) return state.detail;
  return null;
}
