/** One request to start or stop something: the one way into Sandlot. */

import type { BuildId, DeliveryId } from "./ids.ts";
import type { Repository } from "./event.ts";

export type DeliveryKind = "webhook" | "schedule" | "dispatch" | "rerun" | "cancel";

export interface Delivery {
  id: DeliveryId;
  kind: DeliveryKind;
  /** GitHub's event name for a webhook, `workflow_dispatch`, `schedule`; null for rerun and cancel. */
  event: string | null;
  action: string | null;
  repositoryId: number | null;
  /** What a rerun or cancel is about. */
  buildId: BuildId | null;
  receivedAt: number;
  state: DeliveryState;
}

/** `recorded` is not yet looked at; the sweep enqueues such a delivery again. */
export type DeliveryState =
  | { status: "recorded" }
  | { status: "done"; doneAt: number; outcome: DeliveryOutcome }
  | { status: "failed"; doneAt: number; error: string };

/** What a delivery led to, file by file: this is what "why did nothing start" is answered from. */
export interface DeliveryOutcome {
  summary: string;
  workflows: { path: string; buildId: BuildId | null; why: string }[];
}

/** What R2 keeps under `deliveries/{id}.json`: a webhook's payload as it came, or our own request. */
export type DeliveryBody =
  | { kind: "webhook"; event: string; payload: unknown }
  | { kind: "schedule"; repositoryId: number; workflowPath: string; cron: string; dueAt: number }
  | {
      kind: "dispatch";
      owner: string;
      repo: string;
      workflow: string;
      ref: string;
      inputs: Record<string, string>;
      actor: string;
    }
  | { kind: "rerun"; buildId: BuildId; runAttempt: number; jobs: "all" | "failed"; actor: string }
  | { kind: "cancel"; buildId: BuildId; runAttempt: number; actor: string };

/** What `github.event` is: a webhook's payload as it came; for our own requests what GitHub's would say. */
export function eventPayload(body: unknown, repository: Repository): unknown {
  const request = ownRequest(body);
  if (request === null) return body;
  const { id, owner, name, defaultBranch } = repository;
  const about = {
    repository: {
      id,
      name,
      full_name: `${owner}/${name}`,
      owner: { login: owner },
      default_branch: defaultBranch,
      private: repository.private,
    },
  };
  if (request.kind === "schedule") return { schedule: request.cron, workflow: request.workflowPath, ...about };
  const { inputs, ref, workflow, actor } = request;
  return { inputs, ref, workflow, sender: { login: actor }, ...about };
}

/** No payload of GitHub's that starts a build has a `kind` at its top. */
function ownRequest(body: unknown): Extract<DeliveryBody, { kind: "schedule" | "dispatch" }> | null {
  if (typeof body !== "object" || body === null || !("kind" in body)) return null;
  return body.kind === "schedule" || body.kind === "dispatch"
    ? (body as Extract<DeliveryBody, { kind: "schedule" | "dispatch" }>)
    : null;
}
