/** Given a build's jobs as they stand: what each one that has not started may do now. */

import { chainOf, legUnder } from "../language/chain.ts";
import { conditionAsWritten } from "../language/expression.ts";
import type { Job } from "../model/job.ts";
import type { Conclusion, Reason } from "../model/status.ts";
import type { PlannedJob } from "../model/workflow.ts";
import { jobStatusFunctions, legsOf, otherLegs, resultOfLegs } from "./needs.ts";
import type { StatusFunction } from "./needs.ts";

export type JobDecision =
  | { do: "wait"; detail: string }
  | { do: "start" }
  /** Its matrix can be computed now. */
  | { do: "expand" }
  | { do: "conclude"; conclusion: Conclusion; reason: Reason; detail: string };

/** A job, or one that calls it: what holds for the caller holds for every job under it. */
type Asked = Pick<Job, "plan">;

export interface JobQuestion {
  job: Job;
  /** All jobs of the build. */
  jobs: readonly Job[];
  cancelled: { by: string } | null;
  /** Evaluates the job's `if`; it may throw an ExpressionError, which the caller turns into a failed job. */
  condition: (job: Asked, functions: Record<StatusFunction, boolean>) => boolean;
  /** Evaluates its `strategy`; it may throw an ExpressionError too. */
  strategy: (job: Asked) => { failFast: boolean; maxParallel: number | null };
}

/** Only for jobs that have no running attempt. The jobs that call this one are asked first, the outermost before all. */
export function decideJob(question: JobQuestion): JobDecision {
  for (const plan of chainOf(question.job.plan).reverse()) {
    const decision = decideOne(question, plan);
    if (decision.do !== "start") return decision;
  }
  return { do: "start" };
}

function decideOne(question: JobQuestion, plan: PlannedJob): JobDecision {
  const { job, jobs, cancelled } = question;
  const unfinished = plan.definition.needs.filter((id) => resultOfLegs(legsOf(jobs, id, plan)) === null);
  if (unfinished.length > 0) return { do: "wait", detail: `Waiting for ${unfinished.join(", ")}` };
  const begun =
    job.plan !== plan && hasBegun(jobs.filter((one) => chainOf(one.plan).some(({ key }) => key === plan.key)));
  const functions = jobStatusFunctions({ plan }, jobs, cancelled !== null);
  // A call that has begun is not asked again: a cancel would make it false for its `always()` jobs.
  if (!begun && !question.condition({ plan }, functions)) return skipped(question, plan, functions);
  if (plan.unexpanded) return { do: "expand" };
  const legs = otherLegs(jobs, plan);
  return legs.length === 0 ? { do: "start" } : amongLegs(question, plan, { legs, begun });
}

function amongLegs(
  { strategy }: JobQuestion,
  plan: PlannedJob,
  { legs, begun }: { legs: readonly Job[]; begun: boolean },
): JobDecision {
  const { failFast, maxParallel } = strategy({ plan });
  if (failFast && legs.some(failed))
    return {
      do: "conclude",
      conclusion: "cancelled",
      reason: "fail_fast",
      detail: "Cancelled because another leg of its matrix failed",
    };
  if (maxParallel !== null && !begun && busyLegs(legs, plan) >= maxParallel)
    return { do: "wait", detail: `Waiting for its turn: max-parallel is ${maxParallel}` };
  return { do: "start" };
}

/** A leg that calls a workflow is busy from the start of its first job to the end of its last. */
function busyLegs(legs: readonly Job[], plan: PlannedJob): number {
  const byLeg = Map.groupBy(legs, (job) => legUnder(job.plan, plan.definition.id, plan)?.key);
  return [...byLeg.values()].filter((leg) => hasBegun(leg) && leg.some(({ state }) => state.status !== "completed"))
    .length;
}

/** Something of it ran, or runs. */
function hasBegun(leg: readonly Job[]): boolean {
  return leg.some((job) => isBusy(job) || job.startedAt !== null || failed(job));
}

function skipped(
  { cancelled, jobs }: JobQuestion,
  plan: PlannedJob,
  functions: Record<StatusFunction, boolean>,
): JobDecision {
  const without = plan.definition.needs.filter((id) => resultOfLegs(legsOf(jobs, id, plan)) !== "success");
  // All that it names may have succeeded behind one that did not.
  const missing = without.length === 0 ? `a job before ${plan.definition.needs.join(", ")}` : without.join(", ");
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
      detail: `Skipped: ${missing} did not succeed`,
    };
  return {
    do: "conclude",
    conclusion: "skipped",
    reason: "condition_false",
    detail: `Skipped: its condition is false (${conditionAsWritten(plan.definition.if)})`,
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
