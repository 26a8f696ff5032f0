/** Given a build's jobs as they stand: what each one that has not started may do now. */

import type { Job } from "../model/job.ts";
import type { Conclusion, Reason } from "../model/status.ts";
import { jobStatusFunctions, legsOf, resultOfLegs } from "./needs.ts";
import type { StatusFunction } from "./needs.ts";

export type JobDecision =
  | { do: "wait"; detail: string }
  | { do: "start" }
  /** Its matrix can be computed now. */
  | { do: "expand" }
  | { do: "conclude"; conclusion: Conclusion; reason: Reason; detail: string };

export interface JobQuestion {
  job: Job;
  /** All jobs of the build. */
  jobs: readonly Job[];
  cancelled: { by: string } | null;
  /** Evaluates the job's `if`; it may throw an ExpressionError, which the caller turns into a failed job. */
  condition: (job: Job, functions: Record<StatusFunction, boolean>) => boolean;
  /** Evaluated `strategy` of the job. */
  strategy: { failFast: boolean; maxParallel: number | null };
}

/** Only for jobs that have no running attempt. */
export function decideJob(question: JobQuestion): JobDecision {
  const { job, jobs, cancelled } = question;
  const unfinished = job.plan.definition.needs.filter((id) => resultOfLegs(legsOf(jobs, id)) === null);
  if (unfinished.length > 0) return { do: "wait", detail: `Waiting for ${unfinished.join(", ")}` };
  const functions = jobStatusFunctions(job, jobs, cancelled !== null);
  if (!question.condition(job, functions)) return skipped(question, functions);
  if (job.plan.unexpanded) return { do: "expand" };
  const legs = legsOf(jobs, job.plan.definition.id).filter((leg) => leg.id !== job.id);
  if (question.strategy.failFast && legs.some(failed))
    return {
      do: "conclude",
      conclusion: "cancelled",
      reason: "fail_fast",
      detail: "Cancelled because another leg of its matrix failed",
    };
  const { maxParallel } = question.strategy;
  const busy = legs.filter(isBusy).length;
  if (maxParallel !== null && busy >= maxParallel)
    return { do: "wait", detail: `Waiting for its turn: max-parallel is ${maxParallel}` };
  return { do: "start" };
}

function skipped({ job, cancelled }: JobQuestion, functions: Record<StatusFunction, boolean>): JobDecision {
  if (cancelled)
    return {
      do: "conclude",
      conclusion: "cancelled",
      reason: "cancelled_by_user",
      detail: `Cancelled by ${cancelled.by} before it started`,
    };
  if (!functions.success)
    return {
      do: "conclude",
      conclusion: "skipped",
      reason: "needs_failed",
      detail: `Skipped: ${job.plan.definition.needs.join(", ")} did not succeed`,
    };
  return {
    do: "conclude",
    conclusion: "skipped",
    reason: "condition_false",
    detail: `Skipped: its condition is false (${job.plan.definition.if})`,
  };
}

/** A leg whose failure `fail-fast` acts on; an allowed failure is `neutral`. */
export function failed(job: Job): boolean {
  return job.state.status === "completed" && ["failure", "timed_out"].includes(job.state.conclusion);
}

/** A job with an attempt under way. */
export function isBusy(job: Job): boolean {
  return job.state.status === "in_progress" || (job.state.status === "queued" && job.admitted);
}
