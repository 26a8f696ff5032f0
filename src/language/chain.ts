/** Where a job of a called workflow stands: under which calling jobs, and which other jobs its words mean. */

import type { PlannedJob } from "../model/workflow.ts";

/** The job itself, the job that calls its workflow, the job that calls that one's, … */
export function chainOf(job: PlannedJob): PlannedJob[] {
  const chain = [job];
  for (let call = job.call; call !== undefined; call = call.caller.call) {
    chain.push(call.caller);
  }
  return chain;
}

/** Jobs of one scope see each other's ids: those of the build's own file (empty), or those under one call. */
function scopeOf(job: PlannedJob): string {
  return job.call?.caller.key ?? "";
}

/** The same for all legs of a job id in one scope. A key holds no newline, since it is shown. */
export function nodeOf(job: PlannedJob, id: string = job.definition.id): string {
  return `${scopeOf(job)}\n${id}`;
}

/**
 * What of `job`'s chain is a leg of the job id `id` as `of` would name it: the job itself, or one that calls it. Null where
 * the job has nothing to do with that id.
 */
export function legUnder(job: PlannedJob, id: string, of: PlannedJob): PlannedJob | null {
  const node = nodeOf(of, id);
  return chainOf(job).find((one) => nodeOf(one) === node) ?? null;
}
