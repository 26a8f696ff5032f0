/** What a build ends as, from how its jobs ended. */

import { formatDuration } from "../model/duration.ts";
import type { Job } from "../model/job.ts";
import type { Conclusion, Reason } from "../model/status.ts";
import { FAULT, worstConclusion } from "../model/status.ts";

export interface BuildEnd {
  conclusion: Conclusion;
  reason: Reason | null;
  /** At most a line: it is the commit status' description. */
  detail: string;
}

type Ended = Job & { state: Extract<Job["state"], { status: "completed" }> };

/**
 * Null while a job is unfinished. `startedAt` is when the run attempt began to run.
 * A build in which no job ran is never a success.
 */
export function concludeBuild(jobs: readonly Job[], startedAt: number | null, now: number): BuildEnd | null {
  const ended = jobs.filter((job): job is Ended => job.state.status === "completed");
  if (ended.length < jobs.length) return null;
  const worst = worstConclusion(ended.map((job) => job.state.conclusion));
  if (worst === null || worst === "skipped")
    return { conclusion: "skipped", reason: "nothing_ran", detail: "No job ran: every job was skipped" };
  if (worst === "success" || worst === "neutral") return passed(ended, startedAt ?? now, now);
  return broken(ended, worst);
}

function passed(jobs: readonly Ended[], startedAt: number, now: number): BuildEnd {
  const ended = (is: (state: Ended["state"]) => boolean): number => jobs.filter((job) => is(job.state)).length;
  const good = ended(({ conclusion }) => conclusion === "success");
  const allowed = ended(({ conclusion }) => conclusion === "neutral");
  const without = ended(({ conclusion, reason }) => conclusion === "skipped" && reason === "no_sandbox");
  const skipped = ended(({ conclusion }) => conclusion === "skipped") - without;
  const notes = [
    `${count(good, "job")} passed in ${formatDuration(now - startedAt)}`,
    ...(allowed > 0 ? [count(allowed, "allowed failure")] : []),
    ...(without > 0 ? [`${count(without, "job")} not run`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  return { conclusion: "success", reason: null, detail: notes.join(", ") };
}

function broken(jobs: readonly Ended[], worst: Conclusion): BuildEnd {
  const bad = jobs.filter((job) => job.state.conclusion === worst);
  // A job that was stopped because of another one says less than that other one; ours weighs more than a mere cancel.
  const first =
    bad.find((job) => job.state.reason !== null && FAULT[job.state.reason] === "user") ??
    bad.find((job) => job.state.reason !== null && FAULT[job.state.reason] === "sandlot") ??
    bad[0];
  if (!first) return { conclusion: worst, reason: null, detail: worst };
  const others = bad.length - 1;
  const more = others > 0 ? ` (and ${count(others, "other")})` : "";
  const detail = first.state.detail ?? first.state.reason ?? worst;
  return { conclusion: worst, reason: first.state.reason, detail: `${first.name}: ${detail}${more}` };
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
