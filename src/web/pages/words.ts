/** How a status looks and what a reason says: one table each, for every page. */

import type { Outcome } from "../../model/api.ts";
import type { Conclusion, Reason, Result, Status } from "../../model/status.ts";

export interface Look {
  /** Names it in addresses and classes. */
  name: keyof typeof LOOKS;
  /** Where only text can stand: titles, badges of other tools. */
  mark: string;
  word: string;
  /** CSS class. */
  tone: "good" | "bad" | "busy" | "calm";
  /** A filled disc says that it is decided; a ring that it is not, or that nothing was. */
  shape: "disc" | "ring";
  /** SVG path on 16 × 16, drawn as a line. */
  glyph: string;
}

const LOOKS = {
  success: { mark: "✓", word: "success", tone: "good", shape: "disc", glyph: "m4.8 8.3 2.2 2.2 4.3-4.8" },
  failure: { mark: "✗", word: "failure", tone: "bad", shape: "disc", glyph: "m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" },
  timed_out: { mark: "⧖", word: "timed out", tone: "bad", shape: "disc", glyph: "M8 4.3V8l2.6 1.8" },
  cancelled: { mark: "⊘", word: "cancelled", tone: "calm", shape: "ring", glyph: "m4.6 11.4 6.8-6.8" },
  skipped: { mark: "⤼", word: "skipped", tone: "calm", shape: "ring", glyph: "m5 5 3 3-3 3m3.5-6 3 3-3 3" },
  neutral: { mark: "◇", word: "neutral", tone: "calm", shape: "ring", glyph: "M5.5 8h5" },
  action_required: { mark: "!", word: "action required", tone: "busy", shape: "disc", glyph: "M8 4.2v4.6m0 2.4v.6" },
  queued: { mark: "○", word: "queued", tone: "calm", shape: "ring", glyph: "M5 8h.1m2.8 0H8m2.9 0h.1" },
  waiting: { mark: "◔", word: "waiting", tone: "calm", shape: "ring", glyph: "M8 4.5V8h2.8" },
  in_progress: { mark: "●", word: "in progress", tone: "busy", shape: "ring", glyph: "M8 5.2a2.8 2.8 0 1 1-.1 0Z" },
} as const satisfies Record<Conclusion | Exclude<Status, "completed">, Omit<Look, "name">>;

interface Shown {
  status: Status;
  conclusion: Conclusion | Result | null;
}

export function lookOf(outcome: Shown): Look {
  const name = outcome.status === "completed" ? (outcome.conclusion ?? "neutral") : outcome.status;
  return { name, ...LOOKS[name] };
}

/** By its name in an address; null where there is none of it. */
export function lookNamed(text: string): Look | null {
  const name = (Object.keys(LOOKS) as (keyof typeof LOOKS)[]).find((one) => one === text);
  return name === undefined ? null : { name, ...LOOKS[name] };
}

/** What happened, and the way on. */
const REASONS = {
  step_failed: {
    why: "A step failed",
    todo: "Its last lines say what went wrong. Mend it and push; or rerun the failed jobs if it was chance.",
  },
  step_timed_out: {
    why: "A step took too long",
    todo: "See in its log where it stopped, or raise the step's `timeout-minutes`.",
  },
  job_timed_out: {
    why: "A job took too long",
    todo: "See in its log where it stopped, or raise the job's `timeout-minutes`.",
  },
  workflow_invalid: {
    why: "The workflow file has problems",
    todo: "Mend the places below and push; `sandlot check` finds them before you do.",
  },
  unsupported: {
    why: "The workflow uses what Sandlot does not carry out",
    todo: "`docs/workflows.md` lists what it does, and what to write instead.",
  },
  action_not_found: {
    why: "An action of the workflow can't be had",
    todo: "Check its name and version, and that it is public or may be read by this repository.",
  },
  no_sandbox: {
    why: "There is no sandbox for this runs-on",
    todo: "Sandlot has Linux sandboxes: `runs-on: ubuntu-latest`, or a larger one by its label.",
  },
  needs_failed: { why: "A job that it needs did not succeed", todo: "Look at that job first." },
  condition_false: { why: "Its condition was false", todo: "Nothing is wrong: this is what the workflow asks for." },
  nothing_ran: { why: "No job ran", todo: "Every job was skipped: look at their conditions." },
  fork_builds_off: {
    why: "Builds of forks are off",
    todo: "Somebody with write access can push the branch to this repository to have it built.",
  },
  commit_gone: {
    why: "The commit is gone",
    todo: "It was removed by a forced push: push again to build what is there.",
  },
  checkout_failed: { why: "The checkout failed", todo: "Rerun it; if it fails again, see the log of the checkout." },
  superseded: { why: "A newer build took its place", todo: "Look at the newest build of this branch." },
  cancelled_by_user: { why: "Somebody cancelled it", todo: "Rerun it if its result is wanted after all." },
  fail_fast: { why: "Another job of its matrix failed", todo: "Look at that job, or set `fail-fast: false`." },
  runner_lost: {
    why: "Its sandbox was lost",
    todo: "Rerun it. It did not start again by itself because a step had run that might do harm twice.",
  },
  out_of_capacity: { why: "No sandbox was free in time", todo: "Rerun it later, or raise `MAX_SANDBOXES`." },
  internal_error: { why: "Sandlot failed", todo: "Rerun it; the Worker's log says what happened." },
} as const satisfies Record<Reason, { why: string; todo: string }>;

const FAULTS = {
  user: "This is in the workflow or the code.",
  sandlot: "This was Sandlot, not your code.",
  nobody: "Nobody's fault.",
} as const satisfies Record<NonNullable<Outcome["fault"]>, string>;

export interface Explanation {
  why: string;
  /** Whose fault; "" where that says nothing. */
  fault: string;
  /** "" where there is nothing to do. */
  todo: string;
}

/** Why, in words, whose fault, and what to do; null where there is nothing to explain. */
export function explain(outcome: Outcome): Explanation | null {
  const { reason, fault, detail } = outcome;
  if (reason === null) return detail === null ? null : { why: detail, fault: "", todo: "" };
  const { why: reasonWhy, todo } = REASONS[reason];
  const why = sentence(detail === null || SPEAKS.has(reason) ? (detail ?? reasonWhy) : `${reasonWhy}: ${detail}`);
  return { why, fault: fault === null || reason === "condition_false" ? "" : FAULTS[fault], todo };
}

/** Their details are whole sentences. */
const SPEAKS: ReadonlySet<Reason> = new Set([
  "workflow_invalid",
  "needs_failed",
  "condition_false",
  "nothing_ran",
  "cancelled_by_user",
  "fail_fast",
]);

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** `2m 10s`, `350ms`; "" where it has not started. */
export function duration(startedAt: number | null, completedAt: number | null, now: number): string {
  if (startedAt === null) return "";
  return spell(Math.max(0, (completedAt ?? now) - startedAt));
}

export function spell(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

const AGES: readonly [number, string][] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
];

/** `3 minutes ago`, `in 90 days`. */
export function age(at: number, now: number): string {
  const distance = Math.abs(now - at);
  const [unit, word] = AGES.find(([ms]) => distance >= ms) ?? [0, ""];
  if (unit === 0) return at > now ? "in a moment" : "just now";
  const told = count(Math.floor(distance / unit), word);
  return at > now ? `in ${told}` : `${told} ago`;
}

/** `1 job`, `3 jobs`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
