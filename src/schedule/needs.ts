/** What a job sees of those it needs: their results, and what `success()` and `failure()` mean for it. */

import { legUnder, nodeOf } from "../language/chain.ts";
import type { Job } from "../model/job.ts";
import { resultOf } from "../model/status.ts";
import type { Result } from "../model/status.ts";
import type { PlannedJob } from "../model/workflow.ts";

/** All legs of one job id, as `of` names it: where the id calls a workflow, all jobs under it. */
export function legsOf(jobs: readonly Job[], id: string, of: PlannedJob): Job[] {
  return jobs.filter((job) => legUnder(job.plan, id, of) !== null);
}

/** Jobs of the other legs of this job's matrix. `of` may be a calling job, whose legs are many jobs each. */
export function otherLegs(jobs: readonly Job[], of: PlannedJob): Job[] {
  return jobs.filter(({ plan }) => {
    const leg = legUnder(plan, of.definition.id, of);
    return leg !== null && leg.key !== of.key;
  });
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

/** Results of all that a job needs, directly or not: `success()` and `failure()` look at the whole chain within its file. */
function ancestorResults({ plan }: Pick<Job, "plan">, jobs: readonly Job[]): Result[] {
  const seen = new Set<string>();
  const queue = [...plan.definition.needs];
  const results: Result[] = [];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    const node = nodeOf(plan, id);
    if (seen.has(node)) continue;
    seen.add(node);
    const legs = legsOf(jobs, id, plan);
    const result = resultOfLegs(legs);
    if (result !== null) results.push(result);
    for (const leg of legs) queue.push(...(legUnder(leg.plan, id, plan)?.definition.needs ?? []));
  }
  return results;
}

/** What the status functions answer in a job's `if`. */
export function jobStatusFunctions(
  job: Pick<Job, "plan">,
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
