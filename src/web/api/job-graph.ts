/** Where the jobs of a build stand to one another: legs of a matrix are one group, and groups wait for groups. */

import { chainOf, nodeOf } from "../../language/chain.ts";
import type { Job } from "../../model/job.ts";
import type { PlannedJob } from "../../model/workflow.ts";

export interface GraphPlace {
  /** The job's id in its file, behind those of the jobs that call it: `deploy / test`. */
  group: string;
  /** Groups that it waits for, directly. */
  after: string[];
}

export function placeJobs(jobs: readonly Pick<Job, "id" | "plan">[]): Map<Job["id"], GraphPlace> {
  const groupsOfNode = new Map<string, Set<string>>();
  for (const { plan } of jobs) {
    for (const one of chainOf(plan)) {
      const node = nodeOf(one);
      groupsOfNode.set(node, (groupsOfNode.get(node) ?? new Set()).add(groupOf(plan)));
    }
  }
  return new Map(
    jobs.map(({ id, plan }) => {
      const after = new Set(neededNodes(plan).flatMap((node) => [...(groupsOfNode.get(node) ?? [])]));
      return [id, { group: groupOf(plan), after: [...after].sort() }];
    }),
  );
}

function groupOf(plan: PlannedJob): string {
  return chainOf(plan)
    .map(({ definition }) => definition.id)
    .reverse()
    .join(" / ");
}

/** The first jobs of a called workflow wait for what their caller needs. */
function neededNodes(plan: PlannedJob): string[] {
  const needing = chainOf(plan).find(({ definition }) => definition.needs.length > 0);
  return needing ? needing.definition.needs.map((need) => nodeOf(needing, need)) : [];
}
