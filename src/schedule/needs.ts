/** What a job sees of those it needs: `needs.x.result`, `needs.x.outputs`, and what `success()` and `failure()` mean for it. */

import type { Job } from "../model/job.ts";
import { resultOf } from "../model/status.ts";
import type { Result } from "../model/status.ts";

/** All legs of one job id. */
export function legsOf(jobs: readonly Job[], id: string): Job[] {
  return jobs.filter((job) => job.plan.definition.id === id);
}

const WORST_FIRST = ["failure", "cancelled", "skipped", "success"] as const satisfies readonly Result[];

/** The result of a job id over its legs, null while one is unfinished. A matrix without legs was skipped. */
export function resultOfLegs(legs: readonly Job[]): Result | null {
  const results: Result[] = [];
  for (const leg of legs) {
    if (leg.state.status !== "completed") return null;
    results.push(resultOf(leg.state.conclusion));
  }
  // Legs that were skipped do not hide that others succeeded.
  const ran = results.filter((result) => result !== "skipped");
  const counted = ran.length > 0 ? ran : results;
  return WORST_FIRST.find((result) => counted.includes(result)) ?? "skipped";
}

/** The `needs` context: direct needs only. Among legs the last writer of an output wins, as on GitHub. */
export function needsContext(job: Job, jobs: readonly Job[]): Record<string, unknown> {
  return Object.fromEntries(
    job.plan.definition.needs.map((id) => {
      const legs = legsOf(jobs, id);
      const outputs: Record<string, string> = {};
      for (const leg of legs) Object.assign(outputs, leg.outputs);
      return [id, { result: resultOfLegs(legs) ?? "", outputs }];
    }),
  );
}

/** Results of all that a job needs, directly or not: `success()` and `failure()` look at the whole chain. */
export function ancestorResults(job: Job, jobs: readonly Job[]): Result[] {
  const seen = new Set<string>();
  const queue = [...job.plan.definition.needs];
  const results: Result[] = [];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const legs = legsOf(jobs, id);
    const result = resultOfLegs(legs);
    if (result !== null) results.push(result);
    for (const leg of legs) queue.push(...leg.plan.definition.needs);
  }
  return results;
}

/** What the status functions answer in a job's `if`. */
export function jobStatusFunctions(
  job: Job,
  jobs: readonly Job[],
  cancelled: boolean,
): Record<StatusFunction, boolean> {
  const results = ancestorResults(job, jobs);
  return {
    cancelled,
    failure: !cancelled && results.includes("failure"),
    success: !cancelled && results.every((result) => result === "success"),
  };
}

export type StatusFunction = "cancelled" | "failure" | "success";
