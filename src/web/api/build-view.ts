/** A whole build as one of its run attempts shows it: the current one from the rows as they stand, an earlier one from its attempts. */

import type { BuildSummary, BuildView, JobView } from "../../model/api.ts";
import { asJobId } from "../../model/ids.ts";
import type { BuildId, JobId } from "../../model/ids.ts";
import type { Attempt, Job } from "../../model/job.ts";
import { sandboxCost } from "../../model/prices.ts";
import { worstConclusion } from "../../model/status.ts";
import type { Step } from "../../model/step.ts";
import type { State } from "../../model/transition.ts";
import { artifactsOfBuild } from "../../store/artifacts.ts";
import type { Artifact } from "../../store/artifacts.ts";
import { attemptsOfBuild } from "../../store/attempts.ts";
import { actionsOfBuild } from "../../store/build-actions.ts";
import type { BuildAction } from "../../store/build-actions.ts";
import { readBuild } from "../../store/builds.ts";
import type { StoredBuild } from "../../store/builds.ts";
import { jobsOfBuild } from "../../store/jobs.ts";
import { readRepository } from "../../store/repositories.ts";
import { stepsOfBuild } from "../../store/steps.ts";
import type { Rooms } from "../rooms.ts";
import { placeJobs } from "./job-graph.ts";
import { viewArtifact, viewBuild, viewJob } from "./views.ts";

export interface WholeBuild {
  build: StoredBuild;
  repository: string;
  jobs: Job[];
  /** Oldest first. */
  attempts: Attempt[];
  steps: Step[];
  artifacts: Artifact[];
  actions: BuildAction[];
}

export async function readWholeBuild(db: D1Database, id: BuildId): Promise<WholeBuild | null> {
  const build = await readBuild(db, id);
  if (!build) return null;
  const [repository, jobs, attempts, steps, artifacts, actions] = await Promise.all([
    repositoryName(db, build.repositoryId),
    jobsOfBuild(db, id),
    attemptsOfBuild(db, id),
    stepsOfBuild(db, id),
    artifactsOfBuild(db, id),
    actionsOfBuild(db, id),
  ]);
  return { build, repository, jobs, attempts, steps, artifacts, actions };
}

/** A build outlives our knowledge of its repository's name: then its number stands for it. */
export async function repositoryName(db: D1Database, id: number): Promise<string> {
  const repository = await readRepository(db, id);
  return repository ? `${repository.owner}/${repository.name}` : String(id);
}

/** `runAttempt` is at most the build's own. */
export function viewWholeBuild(whole: WholeBuild, runAttempt: number, rooms: Pick<Rooms, "publicUrl">): BuildView {
  const { build } = whole;
  const places = placeJobs(whole.jobs);
  const jobs = whole.jobs.map((job) => showJob(whole, job, { runAttempt, places, publicUrl: rooms.publicUrl }));
  const runAttempts = new Map(jobs.map((job) => [asJobId(job.id), job.runAttempt]));
  const summary = viewBuild(build, whole.repository, rooms.publicUrl);
  return {
    ...summary,
    ...(runAttempt === build.runAttempt ? {} : viewPast(summary, jobs, runAttempt)),
    deliveryId: build.deliveryId,
    newestRunAttempt: build.runAttempt,
    cancelRequested: build.cancelRequested && { at: build.cancelRequested.at, by: build.cancelRequested.by },
    cost: costOf(whole.attempts, Date.now()),
    problems: build.problems,
    jobs,
    artifacts: artifactsShown(whole.artifacts, runAttempts).map((artifact) => viewArtifact(artifact, rooms.publicUrl)),
    actions: whole.actions,
  };
}

/** From the start of each sandbox to its end. */
function costOf(attempts: readonly Attempt[], now: number): BuildView["cost"] {
  const cost = { sandboxMs: 0, atMostUsd: 0 };
  for (const { startedAt, destroyedAt, sandboxSize } of attempts) {
    if (startedAt === null) continue;
    const ms = Math.max(0, (destroyedAt ?? now) - startedAt);
    cost.sandboxMs += ms;
    cost.atMostUsd += sandboxCost(sandboxSize, ms);
  }
  return cost;
}

function showJob(
  whole: WholeBuild,
  job: Job,
  how: { runAttempt: number; places: ReturnType<typeof placeJobs>; publicUrl: string },
): JobView {
  const { runAttempt, publicUrl } = how;
  const place = how.places.get(job.id) ?? { group: job.plan.key, after: [] };
  const attempts = whole.attempts.filter(({ jobId }) => jobId === job.id);
  const shown = showAttempt(job, attempts, runAttempt);
  const steps = whole.steps.filter(({ attemptId }) => attemptId === shown.attempt?.id);
  return viewJob(job, shown, { attempts, steps, place, publicUrl });
}

type Shown = Parameters<typeof viewJob>[1];

function showAttempt(job: Job, attempts: Attempt[], runAttempt: number): Shown {
  const own = attempts.filter(({ jobId }) => jobId === job.id);
  return job.runAttempt <= runAttempt ? asItStands(job, own) : asItWas(own, runAttempt);
}

function asItStands(job: Job, attempts: Attempt[]): Shown {
  const { runAttempt, state, startedAt } = job;
  const attempt = attempts.find((one) => one.attempt === job.attempt && one.runAttempt === runAttempt) ?? null;
  return { attempt, state, startedAt, runAttempt };
}

function asItWas(attempts: Attempt[], runAttempt: number): Shown {
  const attempt = attempts.findLast((one) => one.runAttempt <= runAttempt);
  if (attempt) return { attempt, state: attempt.state, startedAt: attempt.startedAt, runAttempt: attempt.runAttempt };
  const state: State = {
    status: "completed",
    conclusion: "skipped",
    reason: null,
    detail: `It was not started in run attempt ${runAttempt}.`,
    completedAt: 0,
  };
  return { attempt: null, state, startedAt: null, runAttempt };
}

/** How an earlier run attempt ended, from its jobs: the build's own row tells of the newest only. */
function viewPast(build: BuildSummary, jobs: JobView[], runAttempt: number): Partial<BuildSummary> {
  const conclusion = worstConclusion(jobs.flatMap((job) => job.conclusion ?? []));
  const decisive = jobs.find((job) => job.conclusion === conclusion);
  const own = jobs.filter((job) => job.runAttempt === runAttempt);
  const started = own.flatMap((job) => job.startedAt ?? []);
  const ended = own.flatMap((job) => job.completedAt ?? []);
  return {
    runAttempt,
    status: "completed",
    conclusion,
    reason: decisive?.reason ?? null,
    fault: decisive?.fault ?? null,
    detail: `Run attempt ${runAttempt} of ${build.runAttempt}.`,
    startedAt: started.length === 0 ? null : Math.min(...started),
    completedAt: ended.length === 0 ? null : Math.max(...ended),
  };
}

/** Of each name the newest, and only from the goes that are shown: a job that runs again leaves its artifacts behind. */
function artifactsShown(artifacts: Artifact[], runAttempts: Map<JobId, number>): Artifact[] {
  const shown = artifacts.filter(({ jobId, runAttempt }) => runAttempts.get(jobId) === runAttempt);
  return [...new Map(shown.map((artifact) => [artifact.name, artifact])).values()];
}

/** The artifacts of a build as one of its run attempts shows them. */
export async function readShownArtifacts(db: D1Database, build: BuildId, runAttempt: number): Promise<Artifact[]> {
  const [jobs, attempts, artifacts] = await Promise.all([
    jobsOfBuild(db, build),
    attemptsOfBuild(db, build),
    artifactsOfBuild(db, build),
  ]);
  const runAttempts = jobs.map((job) => [job.id, showAttempt(job, attempts, runAttempt).runAttempt] as const);
  return artifactsShown(artifacts, new Map(runAttempts));
}
