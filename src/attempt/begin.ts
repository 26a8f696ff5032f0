/** The first phase: the attempt, its job and its build are in progress, or this runner has nothing to do. */

import { ExpressionError, evaluateNumber } from "../language/expression.ts";
import { isLocalAction, nativeAction } from "../language/native-actions.ts";
import type { AttemptId } from "../model/ids.ts";
import { DEFAULT_JOB_TIMEOUT_MINUTES } from "../model/limits.ts";
import { changeAttempt, markDestroyed } from "../store/attempts.ts";
import { changeBuild } from "../store/builds.ts";
import { concludeAttempt } from "../store/conclude.ts";
import { changeJob } from "../store/jobs.ts";
import type { AttemptBindings } from "./bindings.ts";
import { jobContexts } from "./contexts.ts";
import { readFacts } from "./facts.ts";
import type { AttemptFacts } from "./facts.ts";
import { gitHubOf, missingScopes } from "./token-plan.ts";

/** Small and plain: it is a durable result. */
export type Begun = { go: false; why: string } | ({ go: true } & Going);

/** What the job runner goes through: when, and which steps. */
export interface Going {
  startedAt: number;
  /** When the job has run long enough (ms, UTC). */
  deadline: number;
  steps: StepOutline[];
}

/** Step definitions stay in D1: a durable result holds names only. */
export interface StepOutline {
  number: number;
  /** Its action has a post phase. */
  post: boolean;
}

/** Refuses an attempt that is superseded or final, and concludes one whose build was cancelled. */
export async function beginAttempt(env: AttemptBindings, id: AttemptId, now: number): Promise<Begun> {
  const facts = await readFacts(env, id);
  const { attempt, job, build } = facts;
  if (attempt.state.status === "completed") return { go: false, why: `it is ${attempt.state.conclusion} already` };
  if (job.attempt !== attempt.attempt) return { go: false, why: `attempt ${job.attempt} took its place` };
  if (build.cancelRequested) {
    const detail = `Cancelled by ${build.cancelRequested.by} before it started`;
    await endEarly(env, facts, { conclusion: "cancelled", reason: "cancelled_by_user", detail, at: now });
    return { go: false, why: detail };
  }
  const timeout = timeoutOf(env, facts);
  if ("invalid" in timeout) {
    await endEarly(env, facts, { conclusion: "failure", reason: "workflow_invalid", detail: timeout.invalid, at: now });
    return { go: false, why: timeout.invalid };
  }
  const missing = await missingScopes(gitHubOf(env), facts, now);
  if (missing !== null) {
    await endEarly(env, facts, { conclusion: "failure", reason: "workflow_invalid", detail: missing, at: now });
    return { go: false, why: missing };
  }
  // A retry of this phase finds it done, and goes on from when it began.
  const startedAt = attempt.startedAt ?? now;
  const change = { to: "in_progress", at: startedAt } as const;
  const [, , opened] = await env.DB.batch([
    changeAttempt(env.DB, id, change),
    changeJob(env.DB, job, change),
    changeBuild(env.DB, build, change),
  ]);
  if (opened && opened.meta.changes > 0)
    await env.REPORTS.send({ repositoryId: build.repositoryId, sha: build.reportSha, context: build.context });
  return { go: true, startedAt, deadline: startedAt + timeout.minutes * 60_000, steps: outline(facts) };
}

function timeoutOf(env: AttemptBindings, facts: AttemptFacts): { minutes: number } | { invalid: string } {
  const { timeoutMinutes, at } = facts.job.plan.definition;
  if (timeoutMinutes === null) return { minutes: DEFAULT_JOB_TIMEOUT_MINUTES };
  try {
    return { minutes: evaluateNumber(timeoutMinutes, jobContexts(facts, env)) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { invalid: `${at.file}:${at.line}: timeout-minutes: ${error.message}` };
  }
}

async function endEarly(
  env: AttemptBindings,
  { attempt, job }: AttemptFacts,
  end: {
    conclusion: "cancelled" | "failure";
    reason: "cancelled_by_user" | "workflow_invalid";
    detail: string;
    at: number;
  },
): Promise<void> {
  const statements = concludeAttempt(env.DB, { ...job, attemptId: attempt.id }, { ...end, outputs: {} });
  // No sandbox was started for it.
  await env.DB.batch([...statements, markDestroyed(env.DB, attempt.id, end.at, { archived: true })]);
  await env.JOBS.send({ buildId: attempt.buildId });
}

function outline({ job }: AttemptFacts): StepOutline[] {
  return job.plan.definition.steps.map((step) => ({
    number: step.number,
    post: step.kind === "uses" && (nativeAction(step.uses) === "actions/cache" || isLocalAction(step.uses)),
  }));
}
