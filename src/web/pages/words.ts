/** How a status looks and what a reason says: one table each, for every page. */

import type { Outcome } from "../../model/api.ts";
import type { Conclusion, Reason, Result, Status } from "../../model/status.ts";

export interface Look {
  icon: string;
  word: string;
  /** CSS class. */
  tone: "good" | "bad" | "busy" | "calm";
}

const LOOKS = {
  success: { icon: "✓", word: "success", tone: "good" },
  failure: { icon: "✗", word: "failure", tone: "bad" },
  timed_out: { icon: "⧖", word: "timed out", tone: "bad" },
  cancelled: { icon: "⊘", word: "cancelled", tone: "calm" },
  skipped: { icon: "⤼", word: "skipped", tone: "calm" },
  neutral: { icon: "◇", word: "neutral", tone: "calm" },
  action_required: { icon: "!", word: "action required", tone: "busy" },
  queued: { icon: "○", word: "queued", tone: "calm" },
  waiting: { icon: "◔", word: "waiting", tone: "calm" },
  in_progress: { icon: "●", word: "in progress", tone: "busy" },
} as const satisfies Record<Conclusion | Exclude<Status, "completed">, Look>;

export function lookOf(outcome: { status: Status; conclusion: Conclusion | Result | null }): Look {
  return LOOKS[outcome.status === "completed" ? (outcome.conclusion ?? "neutral") : outcome.status];
}

const REASONS = {
  step_failed: "A step failed",
  step_timed_out: "A step took too long",
  job_timed_out: "A job took too long",
  workflow_invalid: "The workflow file has problems",
  unsupported: "The workflow uses what Sandlot does not carry out",
  no_sandbox: "There is no sandbox for this runs-on",
  needs_failed: "A job that it needs did not succeed",
  condition_false: "Its condition was false",
  nothing_ran: "No job ran",
  fork_builds_off: "Builds of forks are off",
  commit_gone: "The commit is gone",
  checkout_failed: "The checkout failed",
  superseded: "A newer build took its place",
  cancelled_by_user: "Somebody cancelled it",
  fail_fast: "Another job of its matrix failed",
  runner_lost: "Its sandbox was lost",
  out_of_capacity: "No sandbox was free in time",
  internal_error: "Sandlot failed",
} as const satisfies Record<Reason, string>;

const FAULTS = {
  user: "This is in the workflow or the code.",
  sandlot: "This was Sandlot, not your code.",
  nobody: "Nobody's fault.",
} as const satisfies Record<NonNullable<Outcome["fault"]>, string>;

/** Why, in words, and whose fault; null where there is nothing to explain. */
export function explain(outcome: Outcome): { why: string; fault: string } | null {
  const { reason, fault, detail } = outcome;
  if (reason === null) return detail === null ? null : { why: detail, fault: "" };
  const why = detail === null ? `${REASONS[reason]}.` : `${REASONS[reason]}: ${detail}`;
  return { why, fault: fault === null ? "" : FAULTS[fault] };
}

/** `2m 10s`, `350ms`; "" where it has not started. */
export function duration(startedAt: number | null, completedAt: number | null, now: number): string {
  if (startedAt === null) return "";
  const ms = Math.max(0, (completedAt ?? now) - startedAt);
  if (ms < 1000) return `${ms}ms`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
