/** The contexts that a job's and a step's expressions see. */

import { githubContext, runnerContext } from "../language/contexts.ts";
import type { Contexts, StatusFunctions } from "../language/expression.ts";
import type { PlannedJob, TemplatedMap } from "../model/workflow.ts";
import { contextsIn } from "../schedule/job-contexts.ts";
import type { AttemptBindings } from "./bindings.ts";
import type { AttemptFacts } from "./facts.ts";
import type { Session } from "./session.ts";
import type { StepEnd } from "./step/end.ts";

type Urls = Pick<AttemptBindings, "GITHUB_SERVER_URL" | "GITHUB_API_URL">;

/** Before there is a sandbox: `timeout-minutes`, `continue-on-error` of the job. Of a job that calls this one where `of` is that. */
export function jobContexts(facts: AttemptFacts, env: Urls, of: PlannedJob = facts.job.plan): Contexts {
  const { build, jobs, repository, vars, payload } = facts;
  const urls = { serverUrl: env.GITHUB_SERVER_URL, apiUrl: env.GITHUB_API_URL };
  const github = githubContext(build, repository, payload, urls);
  return contextsIn({ jobs, github, vars, inputs: build.inputs })(of);
}

/** What the secrets that a call passes on are computed from. */
export function callerContexts(
  { facts, env }: Pick<Session, "facts" | "env">,
  of: PlannedJob,
  token: string,
): Contexts {
  const contexts = jobContexts(facts, env, of);
  return { ...contexts, github: { ...(contexts["github"] as Record<string, unknown>), token } };
}

/** The `env` at the top of the file that the job stands in. */
export function workflowEnv({ build, job }: Pick<AttemptFacts, "build" | "job">): TemplatedMap {
  return job.plan.call?.env ?? build.workflow.env;
}

/** What was learned so far in this attempt. */
export interface Past {
  ends: readonly StepEnd[];
  /** The job is being cancelled, or ran out of time: `cancelled()`. */
  cancelled: boolean;
}

/** `secrets` holds only those that the step names. */
export function stepContexts(
  session: Session,
  past: Past,
  given: { secrets: Record<string, string>; token: string; action?: string },
): Contexts {
  const { facts, booted, state } = session;
  const github = githubContext(facts.build, facts.repository, facts.payload, {
    serverUrl: session.env.GITHUB_SERVER_URL,
    apiUrl: session.env.GITHUB_API_URL,
    job: facts.job.plan.definition.id,
    workspace: session.workspace,
    eventPath: session.eventPath,
    token: given.token,
  });
  github["action"] = given.action ?? "";
  const runner = runnerContext({ name: facts.attempt.sandboxId, temp: booted.temp, toolCache: booted.toolCache });
  const steps: Record<string, unknown> = {};
  for (const end of past.ends) {
    if (end.id === null) continue;
    steps[end.id] = { outputs: state.outputs[end.id] ?? {}, outcome: end.outcome, conclusion: end.conclusion };
  }
  return {
    ...jobContexts(facts, session.env),
    github,
    vars: session.vars,
    runner: session.debug ? { ...runner, debug: "1" } : runner,
    steps,
    job: { status: jobStatus(past), ...(Object.keys(state.services).length > 0 && { services: state.services }) },
    secrets: given.secrets,
  };
}

function jobStatus(past: Past): "success" | "failure" | "cancelled" {
  if (past.cancelled) return "cancelled";
  return past.ends.some((end) => end.conclusion === "failure") ? "failure" : "success";
}

/** What `success()`, `failure()` and `cancelled()` answer in a step. */
export function stepFunctions(past: Past): StatusFunctions {
  const status = jobStatus(past);
  return {
    cancelled: status === "cancelled",
    failure: status === "failure",
    success: status === "success",
  };
}
