/** What can be said of a build, a job and a step, and which word wins when several meet. */

export type Status = "queued" | "waiting" | "in_progress" | "completed";

export type Conclusion = "success" | "failure" | "cancelled" | "skipped" | "timed_out" | "action_required" | "neutral";

/** Why it did not end in success. Whether a retry makes sense and what the page says depend on it. */
export type Reason =
  | "step_failed"
  | "step_timed_out"
  | "job_timed_out"
  | "workflow_invalid"
  | "unsupported"
  | "no_sandbox"
  | "needs_failed"
  | "condition_false"
  | "nothing_ran"
  | "fork_builds_off"
  | "commit_gone"
  | "checkout_failed"
  | "action_not_found"
  | "superseded"
  | "cancelled_by_user"
  | "fail_fast"
  | "runner_lost"
  | "out_of_capacity"
  | "internal_error";

/** Whose fault a reason is: the workflow's and the code's (`user`), ours (`sandlot`), or nobody's. */
export const FAULT = {
  step_failed: "user",
  step_timed_out: "user",
  job_timed_out: "user",
  workflow_invalid: "user",
  unsupported: "user",
  no_sandbox: "user",
  needs_failed: "nobody",
  condition_false: "nobody",
  nothing_ran: "user",
  fork_builds_off: "nobody",
  commit_gone: "user",
  checkout_failed: "sandlot",
  action_not_found: "user",
  superseded: "nobody",
  cancelled_by_user: "nobody",
  fail_fast: "nobody",
  runner_lost: "sandlot",
  out_of_capacity: "sandlot",
  internal_error: "sandlot",
} as const satisfies Record<Reason, "user" | "sandlot" | "nobody">;

/** The first of these among many decides for the whole. */
const WORST_FIRST = [
  "failure",
  "timed_out",
  "action_required",
  "cancelled",
  "success",
  "neutral",
  "skipped",
] as const satisfies readonly Conclusion[];

/** The conclusion of a whole from those of its parts; null for no parts. */
export function worstConclusion(parts: readonly Conclusion[]): Conclusion | null {
  return WORST_FIRST.find((conclusion) => parts.includes(conclusion)) ?? null;
}

/** What a later job or step sees of an earlier one (`needs.x.result`, `steps.x.outcome`). */
export type Result = "success" | "failure" | "cancelled" | "skipped";

/** On GitHub a job that timed out is `cancelled` to those that need it. */
export function resultOf(conclusion: Conclusion): Result {
  switch (conclusion) {
    case "success":
    case "neutral":
      return "success";
    case "failure":
    case "action_required":
      return "failure";
    case "cancelled":
    case "timed_out":
      return "cancelled";
    case "skipped":
      return "skipped";
  }
}
