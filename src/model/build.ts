/** A build: one run of one workflow for one event. */

import type { Concurrency, Permissions, Problem, Scalar, TemplatedMap } from "./workflow.ts";
import type { BuildId, DeliveryId } from "./ids.ts";
import type { Actor } from "./event.ts";
import type { State } from "./transition.ts";

export interface Build {
  id: BuildId;
  deliveryId: DeliveryId;
  repositoryId: number;
  workflowPath: string;
  workflowName: string | null;
  workflow: BuildWorkflow;
  /** Counts per workflow, as `GITHUB_RUN_NUMBER`. */
  number: number;
  runAttempt: number;
  event: string;
  action: string | null;
  sha: string;
  reportSha: string;
  ref: string;
  baseSha: string | null;
  headRef: string | null;
  baseRef: string | null;
  pullRequest: number | null;
  fork: boolean;
  title: string;
  actor: Actor;
  inputs: Record<string, Scalar> | null;
  /** The status context on GitHub; see `reportContext`. */
  context: string;
  problems: Problem[];
  /** Evaluated `concurrency.group` of the workflow; one build of a group runs at a time. */
  concurrencyGroup: string | null;
  cancelRequested: { at: number; by: string; force: boolean } | null;
  createdAt: number;
  startedAt: number | null;
  /** What it waits for or how it ended. */
  state: State;
}

/** What the jobs of a build take from the top of its workflow file. */
export interface BuildWorkflow {
  env: TemplatedMap;
  concurrency: Concurrency | null;
  permissions: Permissions | null;
}

/**
 * The context of the commit status (architecture §7): what gates a merge has the plain name, all else says its event,
 * so that a nightly or a dispatch never turns a required status green.
 */
export function reportContext(workflow: { path: string; name: string | null }, event: string, ref: string): string {
  const name = `sandlot / ${workflow.name ?? workflow.path}`;
  const gates =
    event === "pull_request" || event === "merge_group" || (event === "push" && ref.startsWith("refs/heads/"));
  return gates ? name : `${name} (${event})`;
}
