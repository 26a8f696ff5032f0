/** The contexts that a job's and a step's expressions see. */

import { githubContext, runnerContext } from "../language/contexts.ts";
import type { Contexts, StatusFunctions } from "../language/expression.ts";
import { needsContext } from "../schedule/needs.ts";
import { legContexts } from "../schedule/strategy.ts";
import type { AttemptFacts } from "./facts.ts";
import type { StepEnd } from "./step-end.ts";
import type { Session } from "./session.ts";

/** Before there is a sandbox: `timeout-minutes`, `continue-on-error` of the job. */
export function jobContexts(facts: AttemptFacts): Contexts {
  return {
    needs: needsContext(facts.job, facts.jobs),
    inputs: facts.build.inputs ?? {},
    vars: {},
    ...legContexts(facts.job),
  };
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
  given: { secrets: Record<string, string>; token: string },
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
  const runner = runnerContext({ name: facts.attempt.sandboxId, temp: booted.temp, toolCache: booted.toolCache });
  const steps: Record<string, unknown> = {};
  for (const end of past.ends) {
    if (end.id === null) continue;
    steps[end.id] = { outputs: state.outputs[end.id] ?? {}, outcome: end.outcome, conclusion: end.conclusion };
  }
  return {
    ...jobContexts(facts),
    github,
    runner,
    steps,
    job: { status: jobStatus(past) },
    secrets: given.secrets,
  };
}

export function jobStatus(past: Past): "success" | "failure" | "cancelled" {
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
