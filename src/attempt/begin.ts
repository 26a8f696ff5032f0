/** The first phase: the attempt, its job and its build are in progress, or this runner has nothing to do. */

import { githubConfig } from "../github/app.ts";
import { ExpressionError, evaluateNumber } from "../language/expression.ts";
import type { AttemptId } from "../model/ids.ts";
import { DEFAULT_JOB_TIMEOUT_MINUTES, readMaxJobMinutes } from "../model/limits.ts";
import { changeAttempt, markDestroyed } from "../store/attempts.ts";
import { changeBuild } from "../store/builds.ts";
import { concludeAttempt } from "../store/conclude.ts";
import { changeJob } from "../store/jobs.ts";
import { isRemote } from "./actions/set-up.ts";
import type { AttemptBindings } from "./bindings.ts";
import { jobContexts } from "./contexts.ts";
import { refuseEnvironment } from "./environment.ts";
import { readFacts } from "./facts.ts";
import type { AttemptFacts } from "./facts.ts";
import { missingScopes } from "./token-plan.ts";

/** Small and plain: it is a durable result. */
export type Begun = { go: false; why: string } | ({ go: true } & Going);

/** What the job runner goes through: when, and which steps. */
export interface Going {
  startedAt: number;
  /** When the job has run long enough (ms, UTC). */
  deadline: number;
  steps: StepOutline[];
  /** Whether there is something to be fetched before the first of them. */
  setUp: boolean;
  /** Whether servers are to be started. */
  services: boolean;
}

/** Step definitions stay in D1: a durable result holds names only. */
export interface StepOutline {
  number: number;
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
  if ("invalid" in timeout) return await fail(env, facts, invalid(timeout.invalid), now);
  const refusal = await refuse(env, facts, now);
  if (refusal !== null) return await fail(env, facts, refusal, now);
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
  return { go: true, startedAt, deadline: startedAt + timeout.minutes * 60_000, ...outline(env, facts) };
}

async function fail(env: AttemptBindings, facts: AttemptFacts, refusal: Refusal, now: number): Promise<Begun> {
  await endEarly(env, facts, { conclusion: "failure", ...refusal, at: now });
  return { go: false, why: refusal.detail };
}

interface Refusal {
  reason: "workflow_invalid" | "unsupported";
  detail: string;
}

const invalid = (detail: string): Refusal => ({ reason: "workflow_invalid", detail });

/** What the job asks for and cannot be given; null where nothing stands against it. */
async function refuse(env: AttemptBindings, facts: AttemptFacts, now: number): Promise<Refusal | null> {
  try {
    const environment = await refuseEnvironment(env, facts);
    if (environment !== null) return { reason: "unsupported", detail: environment };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { at } = facts.job.plan.definition;
    return invalid(`${at.file}:${at.line}: environment: ${error.message}`);
  }
  const missing = await missingScopes(githubConfig(env), facts, now);
  return missing === null ? null : invalid(missing);
}

function timeoutOf(env: AttemptBindings, facts: AttemptFacts): { minutes: number } | { invalid: string } {
  const { timeoutMinutes, at } = facts.job.plan.definition;
  const max = readMaxJobMinutes(env.MAX_JOB_MINUTES);
  if (timeoutMinutes === null) return { minutes: Math.min(max, DEFAULT_JOB_TIMEOUT_MINUTES) };
  try {
    return { minutes: Math.min(max, evaluateNumber(timeoutMinutes, jobContexts(facts, env))) };
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
    reason: "cancelled_by_user" | Refusal["reason"];
    detail: string;
    at: number;
  },
): Promise<void> {
  const statements = concludeAttempt(env.DB, { ...job, attemptId: attempt.id }, { ...end, outputs: {} });
  // No sandbox was started for it.
  await env.DB.batch([...statements, markDestroyed(env.DB, attempt.id, end.at, { archived: true })]);
  await env.JOBS.send({ buildId: attempt.buildId });
}

function outline(env: AttemptBindings, { job }: AttemptFacts): Pick<Going, "steps" | "setUp" | "services"> {
  const { steps, services = [] } = job.plan.definition;
  return {
    steps: steps.map(({ number }) => ({ number })),
    setUp: steps.some((step) => isRemote(env, step)),
    services: services.length > 0,
  };
}
