/** Jobs of a build as rows, for tests of decisions over them. */

import type { Job } from "../../../src/model/job.ts";
import { asBuildId, jobId } from "../../../src/model/ids.ts";
import type { Conclusion, Reason } from "../../../src/model/status.ts";
import { planJobs } from "../../../src/language/plan.ts";
import { readWorkflow } from "../../../src/language/read-workflow.ts";

const BUILD = asBuildId("build");

/** The jobs of a workflow's `jobs:`, each waiting. */
export async function jobsOf(jobs: string): Promise<Job[]> {
  const file = await readWorkflow("ci.yml", `on: push\njobs:\n${jobs}`);
  if (file.workflow === null) throw new Error(JSON.stringify(file.problems));
  return planJobs(file.workflow).map((plan, position) => ({
    id: jobId(BUILD, plan.key),
    buildId: BUILD,
    repositoryId: 1,
    position,
    name: plan.key,
    plan,
    attempt: 0,
    admitted: false,
    runAttempt: 1,
    outputs: {},
    startedAt: null,
    state: { status: "waiting", detail: null },
  }));
}

type As = Conclusion | "running" | "queued" | "admitted" | "waiting" | { conclusion: Conclusion; reason: Reason };

/** The same jobs, some of them in another state, by their key. */
export function as(jobs: readonly Job[], states: Record<string, As>): Job[] {
  return jobs.map((job) => {
    const state = states[job.plan.key];
    return state === undefined ? job : { ...job, ...stateOf(state) };
  });
}

function stateOf(as: As): Pick<Job, "state" | "admitted" | "startedAt"> {
  if (as === "waiting") return { admitted: false, startedAt: null, state: { status: "waiting", detail: null } };
  if (as === "queued") return { admitted: false, startedAt: null, state: { status: "queued", detail: null } };
  if (as === "admitted") return { admitted: true, startedAt: null, state: { status: "queued", detail: null } };
  if (as === "running") return { admitted: true, startedAt: 1, state: { status: "in_progress", detail: null } };
  const { conclusion, reason } = typeof as === "string" ? { conclusion: as, reason: null } : as;
  const ran = conclusion !== "skipped";
  return {
    admitted: ran,
    startedAt: ran ? 1 : null,
    state: { status: "completed", conclusion, reason, detail: null, completedAt: 2 },
  };
}

export function jobNamed(jobs: readonly Job[], key: string): Job {
  const job = jobs.find(({ plan }) => plan.key === key);
  if (job === undefined) throw new Error(`there is no job ${key}: ${jobs.map(({ plan }) => plan.key).join(", ")}`);
  return job;
}
