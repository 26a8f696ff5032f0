/** A build: one run of one workflow for one event. */

import type { Problem } from "./workflow.ts";
import type { BuildId, DeliveryId } from "./ids.ts";
import type { Actor } from "./event.ts";
import type { Conclusion, Reason, Status } from "./status.ts";

export interface Build {
  id: BuildId;
  deliveryId: DeliveryId;
  repositoryId: number;
  workflowPath: string;
  workflowName: string | null;
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
  inputs: Record<string, string> | null;
  /** The status context on GitHub; see `reportContext`. */
  context: string;
  problems: Problem[];
  cancelRequested: { at: number; by: string; force: boolean } | null;
  createdAt: number;
  startedAt: number | null;
  state: BuildState;
}

export type BuildState =
  | { status: Exclude<Status, "completed">; detail: string | null }
  | { status: "completed"; conclusion: Conclusion; reason: Reason | null; detail: string | null; completedAt: number };

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
