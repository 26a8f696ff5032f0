/** Opens a new run attempt of a build: same event, same commit, new sandboxes. */

import { chainOf, nodeOf } from "../language/chain.ts";
import type { DeliveryBody, DeliveryOutcome } from "../model/delivery.ts";
import type { Job } from "../model/job.ts";
import { readBuild, reopenBuild } from "../store/builds.ts";
import { jobsOfBuild, reopenJob } from "../store/jobs.ts";
import { readRepository } from "../store/repositories.ts";
import type { IntakeBindings } from "./bindings.ts";
import { grantProblems } from "./plan-grants.ts";

export async function rerunBuild(
  env: IntakeBindings,
  request: Extract<DeliveryBody, { kind: "rerun" }>,
  now: number,
): Promise<DeliveryOutcome> {
  const build = await readBuild(env.DB, request.buildId);
  if (build === null) return { summary: `There is no build ${request.buildId}`, workflows: [] };
  const one = { path: build.workflowPath, buildId: build.id };
  // A delivery that comes twice finds its run attempt open and only knocks again.
  if (build.runAttempt === request.runAttempt - 1) {
    if (build.state.status !== "completed")
      return { summary: "It still runs", workflows: [{ ...one, why: "not rerun: it still runs" }] };
    const jobs = await jobsOfBuild(env.DB, build.id);
    const chosen = request.jobs === "failed" ? failedAndDependent(jobs) : jobs;
    if (chosen.length === 0)
      return { summary: "No job failed", workflows: [{ ...one, why: "not rerun: no job failed" }] };
    const installationId = (await readRepository(env.DB, build.repositoryId))?.installationId ?? null;
    const problems = await grantProblems(env, build, chosen, { installationId, now });
    await env.DB.batch([
      reopenBuild(env.DB, build, request.runAttempt, problems),
      ...chosen.map((job) => reopenJob(env.DB, job, request.runAttempt)),
    ]);
  }
  await env.JOBS.send({ buildId: build.id });
  await env.REPORTS.send({ repositoryId: build.repositoryId, sha: build.reportSha, context: build.context });
  return {
    summary: `Run attempt ${request.runAttempt}, asked for by ${request.actor}`,
    workflows: [{ ...one, why: request.jobs === "failed" ? "failed jobs and what needs them" : "all jobs" }],
  };
}

/** Jobs that did not succeed, and everything that needs one of them, directly or not. What was skipped by its own condition is asked again only with its needs. */
export function failedAndDependent(jobs: readonly Job[]): Job[] {
  const again = new Set(jobs.filter(hasFailed));
  const nodes = new Set([...again].flatMap(nodesOf));
  for (let grown = true; grown;) {
    grown = false;
    for (const job of jobs) {
      if (again.has(job) || !dependsOn(job, nodes)) continue;
      again.add(job);
      for (const node of nodesOf(job)) nodes.add(node);
      grown = true;
    }
  }
  return jobs.filter((job) => again.has(job));
}

function hasFailed({ state }: Job): boolean {
  return state.status === "completed" && ["failure", "cancelled", "timed_out"].includes(state.conclusion);
}

/** The job ids that this job is a leg of: its own, and those that call it. */
function nodesOf({ plan }: Job): string[] {
  return chainOf(plan).map((one) => nodeOf(one));
}

function dependsOn({ plan }: Job, nodes: ReadonlySet<string>): boolean {
  return chainOf(plan).some((one) => one.definition.needs.some((need) => nodes.has(nodeOf(one, need))));
}
