/** A workflow's jobs as rows: matrices expanded where that is possible already, names evaluated. */

import { ExpressionError } from "../language/expression.ts";
import { chainOf } from "../language/chain.ts";
import { jobName, planJobs } from "../language/plan.ts";
import type { Build } from "../model/build.ts";
import { jobId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import { MAX_JOB_DEFINITION_BYTES } from "../model/limits.ts";
import type { JobDefinition, PlannedJob, Problem, Workflow } from "../model/workflow.ts";
import { contextsIn } from "../schedule/job-contexts.ts";
import type { IntakeBindings } from "./bindings.ts";
import type { FoundEvent } from "./find-event.ts";
import { planGithub } from "./plan-names.ts";

type JobsPlan = { ok: true; jobs: Job[] } | { ok: false; problems: Problem[] };

export function jobsOf(env: IntakeBindings, found: FoundEvent, build: Build, workflow: Workflow): JobsPlan {
  const github = planGithub(env, found, build);
  const contextsOf = contextsIn({ jobs: [], github, vars: found.vars ?? {}, inputs: build.inputs });
  const jobs: Job[] = [];
  const problems: Problem[] = [];
  for (const [position, plan] of onlyJob(planJobs(workflow), workflow.jobs, env.ONLY_JOB).entries()) {
    try {
      jobs.push(newJob(build, plan, position, jobName(plan, contextsOf)));
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      // A call's inputs may be outputs that are still to come: such a job is known by its key.
      if (plan.call !== undefined) jobs.push(newJob(build, plan, position, plan.key));
      else problems.push({ reason: "workflow_invalid", message: error.message, at: plan.definition.at });
    }
    if (JSON.stringify(plan).length > MAX_JOB_DEFINITION_BYTES)
      problems.push({
        reason: "unsupported",
        message: `Job ${plan.key} is larger than ${MAX_JOB_DEFINITION_BYTES} bytes: split it, or move its scripts into files`,
        at: plan.definition.at,
      });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, jobs };
}

/** A job before its first attempt. */
function newJob(build: Build, plan: PlannedJob, position: number, name: string): Job {
  return {
    id: jobId(build.id, plan.key),
    buildId: build.id,
    repositoryId: build.repositoryId,
    position,
    name,
    plan,
    attempt: 0,
    admitted: false,
    runAttempt: build.runAttempt,
    outputs: {},
    startedAt: null,
    state: { status: "waiting", detail: null },
  };
}

/** On one machine `--job` asks for one job and what it needs. */
function onlyJob(plans: PlannedJob[], definitions: readonly JobDefinition[], asked: string): PlannedJob[] {
  if (asked === "") return plans;
  const byId = new Map(definitions.map((definition) => [definition.id, definition]));
  const chosen = new Set<string>();
  const queue = [asked];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (chosen.has(id)) continue;
    chosen.add(id);
    queue.push(...(byId.get(id)?.needs ?? []));
  }
  return plans.filter((plan) => chosen.has(chainOf(plan).at(-1)?.definition.id ?? ""));
}
