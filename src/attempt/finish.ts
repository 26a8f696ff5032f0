/** The last words of an attempt: what the job concluded, its outputs, and that the build is to be looked at again. */

import {
  ExpressionError,
  evaluateBoolean,
  evaluateTemplate,
  expressionsIn,
  secretsNamedIn,
} from "../language/expression.ts";
import { nativeAction } from "../language/native-actions.ts";
import { MAX_JOB_OUTPUT_BYTES, MAX_RECOVERIES } from "../model/limits.ts";
import type { Conclusion, Reason } from "../model/status.ts";
import { concludeAttempt, loseAttempt } from "../store/conclude.ts";
import type { AttemptBindings } from "./bindings.ts";
import { jobContexts, stepContexts, workflowEnv } from "./contexts.ts";
import type { AttemptFacts } from "./facts.ts";
import { noteServiceLogs } from "./services/log.ts";
import { templatesOf } from "./services/plan.ts";
import type { Session } from "./session.ts";
import type { Cancel, StepEnd } from "./step/end.ts";

export interface JobEnd {
  conclusion: Conclusion;
  reason: Reason | null;
  detail: string | null;
}

/** A cancelled job stays cancelled, whatever failed before; then the first failed step speaks. */
export function concludeJob(ends: readonly StepEnd[], cancelled: Cancel | null): JobEnd {
  if (cancelled) {
    const conclusion = cancelled.reason === "job_timed_out" ? "timed_out" : "cancelled";
    return { conclusion, reason: cancelled.reason, detail: cancelled.detail };
  }
  const failed = ends.find((end) => end.conclusion === "failure");
  if (!failed) return { conclusion: "success", reason: null, detail: null };
  const code = failed.exitCode === null || failed.exitCode === 0 ? "" : ` with exit code ${failed.exitCode}`;
  const detail =
    failed.reason === "step_failed" && code !== ""
      ? `"${failed.name}" failed${code}`
      : `"${failed.name}": ${failed.detail ?? "failed"}`;
  return { conclusion: "failure", reason: failed.reason, detail };
}

/** Ends attempt and job in one batch. A failure that `continue-on-error` allows is `neutral`. */
export async function finishAttempt(
  session: Session,
  ends: readonly StepEnd[],
  cancelled: Cancel | null,
): Promise<JobEnd> {
  const end = allowed(session, concludeJob(ends, cancelled));
  const { outputs, dropped } = readOutputs(session, ends, cancelled);
  const warnings = dropped.map((name) => `##[warning]The output '${name}' was left out: it may hold a secret`);
  if (warnings.length > 0) await session.logs.note("outputs", `${warnings.join("\n")}\n`, Date.now());
  if (end.conclusion === "failure") await noteServiceLogs(session);
  await session.logs.end(Date.now());
  await saveEnd(session.env, session.facts, end, outputs);
  return end;
}

function allowed({ facts, env }: Pick<Session, "facts" | "env">, end: JobEnd): JobEnd {
  const { continueOnError } = facts.job.plan.definition;
  if (end.conclusion !== "failure") return end;
  try {
    const may = evaluateBoolean(continueOnError, jobContexts(facts, env));
    return may ? { ...end, conclusion: "neutral" } : end;
  } catch (error) {
    if (error instanceof ExpressionError) return end;
    throw error;
  }
}

/** An output that holds a masked value is dropped, as on GitHub: it would be stored and shown. */
function readOutputs(
  session: Session,
  ends: readonly StepEnd[],
  cancelled: Cancel | null,
): { outputs: Record<string, string>; dropped: string[] } {
  const contexts = stepContexts(session, { ends, cancelled: cancelled !== null }, { secrets: {}, token: "" });
  const outputs: Record<string, string> = {};
  const dropped: string[] = [];
  let bytes = 0;
  for (const [name, template] of Object.entries(session.facts.job.plan.definition.outputs)) {
    try {
      const value = evaluateTemplate(template, contexts);
      bytes += value.length;
      if (session.vault.mask.text(value) !== value) dropped.push(name);
      else if (bytes <= MAX_JOB_OUTPUT_BYTES) outputs[name] = value;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
    }
  }
  return { outputs, dropped };
}

async function saveEnd(
  env: AttemptBindings,
  { job, attempt }: AttemptFacts,
  end: JobEnd,
  outputs: Record<string, string>,
): Promise<void> {
  const statements = concludeAttempt(env.DB, { ...job, attemptId: attempt.id }, { ...end, at: Date.now(), outputs });
  await env.DB.batch(statements);
  await env.JOBS.send({ buildId: attempt.buildId });
}

/**
 * The sandbox was lost. A new attempt starts by itself only where it can do no harm: no step of the user had started, or the job
 * holds nothing that a second time could spend twice.
 */
export async function loseSandbox(
  env: AttemptBindings,
  facts: AttemptFacts,
  detail: string,
  { stepsStarted }: { stepsStarted: boolean },
): Promise<JobEnd> {
  const { attempt, job } = facts;
  const again = attempt.recoveries < MAX_RECOVERIES && (!stepsStarted || isHarmless(facts));
  if (again) {
    await env.DB.batch(loseAttempt(env.DB, { ...job, attemptId: attempt.id }, Date.now(), detail));
    await env.JOBS.send({ buildId: attempt.buildId });
    return { conclusion: "failure", reason: "runner_lost", detail };
  }
  const end: JobEnd = {
    conclusion: "failure",
    reason: "runner_lost",
    detail: `${detail}. It was not started again by itself, since it might do something twice: rerun it when that is safe`,
  };
  await saveEnd(env, facts, end, {});
  return end;
}

/** No secret is named, no environment, and nothing may be written with its token. */
export function isHarmless({ job, build }: Pick<AttemptFacts, "job" | "build">): boolean {
  const { definition } = job.plan;
  if (definition.environment !== undefined) return false;
  const source = [
    workflowEnv({ build, job }),
    definition.env,
    ...definition.steps.map((step) => (step.kind === "run" ? [step.run, step.env] : [step.with, step.env])),
    templatesOf(definition.services ?? []),
  ];
  const named = secretsNamedIn(source);
  const token = [...expressionsIn(source)].some(({ expression }) => /github\s*\.\s*token/i.test(expression));
  const permissions = Object.values(definition.permissions ?? build.workflow.permissions ?? {});
  // What an action names is known only in the sandbox.
  if (definition.steps.some((step) => step.kind === "uses" && nativeAction(step.uses) === null)) return false;
  return named !== "all" && named.length === 0 && !token && !permissions.includes("write");
}
