/** Concurrency groups of builds and jobs: one runs, one waits, a newer one takes the place of the one that waits. */

import { evaluateBoolean, evaluateTemplate } from "../src/language/expression.ts";
import type { Contexts } from "../src/language/expression.ts";
import type { Build } from "../src/model/build.ts";
import type { BuildId } from "../src/model/ids.ts";
import type { Job } from "../src/model/job.ts";
import { isBusy } from "../src/schedule/readiness.ts";
import { readBuild } from "../src/store/builds.ts";
import { claimGroup, releaseGroups } from "../src/store/concurrency.ts";
import type { GroupClaim, GroupPlace } from "../src/store/concurrency.ts";

/**
 * What this build waits for, or null where it may go on.
 * https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
 */
export async function holdBack(env: Env, build: Build, jobs: readonly Job[], now: number): Promise<string | null> {
  const { concurrencyGroup: name, cancelRequested, startedAt } = build;
  if (name === null || cancelRequested !== null || startedAt !== null || jobs.some(isBusy)) return null;
  // Evaluated while planning.
  const cancelInProgress = build.workflow.concurrency?.cancelInProgress === true;
  const { place } = await claim(env, build, { name, jobId: null, cancelInProgress, at: now });
  return place === "running" ? null : `Waiting for another build of ${name}`;
}

/** The group that a job names, evaluated; null for none. Throws ExpressionError. */
export function groupOfJob(job: Job, contexts: Contexts): { name: string; cancelInProgress: boolean } | null {
  const { concurrency } = job.plan.definition;
  if (concurrency === null) return null;
  // The letter case of a group does not matter, as on GitHub.
  const name = evaluateTemplate(concurrency.group, contexts).toLowerCase();
  return name === "" ? null : { name, cancelInProgress: evaluateBoolean(concurrency.cancelInProgress, contexts) };
}

/** Whether the job may run now, waits, or gave way. */
export async function claimForJob(
  env: Env,
  build: Build,
  job: Job,
  group: { name: string; cancelInProgress: boolean },
  now: number,
): Promise<GroupPlace["place"]> {
  return (await claim(env, build, { ...group, jobId: job.id, at: now })).place;
}

async function claim(
  env: Env,
  build: Build,
  asked: Pick<GroupClaim, "name" | "jobId" | "cancelInProgress" | "at">,
): Promise<GroupPlace> {
  const by = `${build.workflowName ?? build.workflowPath} #${build.number}`;
  const taken = await claimGroup(env.DB, { ...asked, repositoryId: build.repositoryId, buildId: build.id, by });
  if (taken.superseded?.wholeBuild) await tellEnd(env, taken.superseded.buildId);
  else if (taken.superseded) await env.JOBS.send({ buildId: taken.superseded.buildId });
  if (taken.stopping) await env.JOBS.send({ buildId: taken.stopping });
  return taken;
}

async function tellEnd(env: Env, id: BuildId): Promise<void> {
  const build = await readBuild(env.DB, id);
  if (build) await env.REPORTS.send({ repositoryId: build.repositoryId, sha: build.reportSha, context: build.context });
}

/** Lets go on who waited for what this build, or a job of it, needs no more. */
export async function passOn(env: Env, build: Build, jobs: readonly Job[]): Promise<void> {
  const holds =
    build.concurrencyGroup !== null ||
    jobs.some(({ state, plan }) => state.status === "completed" && plan.definition.concurrency !== null);
  if (!holds) return;
  for (const buildId of await releaseGroups(env.DB, build.id)) await env.JOBS.send({ buildId });
}
