/** How things are called on the screen: signs, sizes, one line for an outcome. */

import type { Outcome } from "../model/api.ts";
import { formatDuration } from "../model/duration.ts";
import type { Conclusion, Result } from "../model/status.ts";
import type { Colour, Paint } from "./paint.ts";

const SIGNS = {
  success: ["✓", "green"],
  neutral: ["✓", "green"],
  failure: ["✗", "red"],
  timed_out: ["✗", "red"],
  action_required: ["!", "yellow"],
  cancelled: ["⊘", "yellow"],
  skipped: ["-", "dim"],
} as const satisfies Record<Conclusion, readonly [string, Colour]>;

export function sign(conclusion: Conclusion | Result | null, paint: Paint): string {
  if (conclusion === null) return paint("dim", "·");
  const [text, colour] = SIGNS[conclusion];
  return paint(colour, text);
}

export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const UNITS = ["B", "kB", "MB", "GB"] as const;

/** Decimal units, three digits: `1.23 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${UNITS[unit] ?? "GB"}`;
}

export function timeOf({ startedAt, completedAt }: { startedAt: number | null; completedAt: number | null }): string {
  return startedAt === null || completedAt === null ? "" : formatDuration(completedAt - startedAt);
}

/** `failure: exit code 1`, `skipped`: for one that did not simply succeed. */
export function explain(outcome: Outcome): string {
  const conclusion = outcome.conclusion ?? outcome.status;
  const why = outcome.detail ?? outcome.reason?.replaceAll("_", " ") ?? "";
  if (why.toLowerCase().startsWith(`${conclusion}: `)) return why;
  return why === "" || conclusion === "success" ? conclusion : `${conclusion}: ${why}`;
}
