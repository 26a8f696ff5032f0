/** Makes the event that the user asked for out of a commit, and delivers it as GitHub would. */

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { LocalCommit } from "../../local/commit.ts";
import { deliverWebhook, pullRequestPayload, pushPayload } from "../../local/deliver.ts";
import { repositoryJson, userJson } from "../../local/github-answers.ts";
import type { LocalRepository } from "../../local/github-state.ts";
import type { DeliveryView } from "../../model/api.ts";
import type { LocalSandlot } from "./local-sandlot.ts";
import { UsageError } from "../usage-error.ts";

export const EVENTS = ["push", "pull_request", "workflow_dispatch"] as const;
export type EventName = (typeof EVENTS)[number];

export interface EventRequest {
  event: EventName;
  commit: LocalCommit;
  /** Full: `refs/heads/main`. */
  ref: string;
  repository: LocalRepository;
  /** Only `workflow_dispatch`. */
  workflow: string;
  inputs: Record<string, string>;
}

const POLL_MS = 60;

/** The delivery once it was looked at: which builds it led to, or why to none. Throws where the Worker refuses it. */
export async function deliverEvent(sandlot: LocalSandlot, request: EventRequest): Promise<DeliveryView> {
  const id = request.event === "workflow_dispatch" ? await dispatch(sandlot, request) : await send(sandlot, request);
  for (;;) {
    const delivery = await Promise.race([sandlot.api.readDelivery(id), sandlot.failed]);
    if (delivery.status !== "recorded") return delivery;
    await sleep(POLL_MS);
  }
}

async function dispatch(sandlot: LocalSandlot, request: EventRequest): Promise<string> {
  const { owner, name } = request.repository;
  const { workflow, inputs, ref } = request;
  return (await sandlot.api.dispatch(owner, name, { workflow, ref, inputs })).deliveryId;
}

async function send(sandlot: LocalSandlot, request: EventRequest): Promise<string> {
  const payload = request.event === "push" ? push(sandlot, request) : await pullRequest(sandlot, request);
  return await post(sandlot, request.event, payload);
}

async function post(sandlot: LocalSandlot, event: string, payload: unknown): Promise<string> {
  const id = randomUUID();
  const url = `${sandlot.url}/webhooks/github`;
  const response = await deliverWebhook({ url, secret: sandlot.webhookSecret, event, payload, id });
  if (!response.ok) throw new Error(`The Worker refused the ${event} webhook: ${await response.text()}`);
  await response.body?.cancel();
  return id;
}

/** Lets the Worker know of the repository before the first event: secrets are kept by its number. */
export async function announce(sandlot: LocalSandlot, repository: LocalRepository): Promise<void> {
  const { url } = sandlot.github;
  await post(sandlot, "ping", {
    zen: "Keep it logically awesome.",
    hook_id: 1,
    repository: repositoryJson(url, repository),
    sender: userJson(url, repository.owner),
    installation: { id: repository.installationId, node_id: String(repository.installationId) },
  });
}

function push(sandlot: LocalSandlot, { commit, ref, repository }: EventRequest): unknown {
  const { parent, sha, title } = commit;
  return pushPayload({ url: sandlot.github.url, repository, ref, before: parent, after: sha, message: title });
}

/** From the event's branch to the default one. */
async function pullRequest(sandlot: LocalSandlot, { commit, ref, repository }: EventRequest): Promise<unknown> {
  const base = repository.defaultBranch;
  const head = ref.replace(/^refs\/heads\//, "");
  const asked = { base, head, headSha: commit.sha, title: commit.title };
  const pull = await sandlot.github.openPullRequest(repository, asked).catch((error: unknown) => {
    throw new UsageError(`A pull request to ${base} cannot be made: ${String(error)}`, ["sandlot run --event push"]);
  });
  if (pull.mergeSha === null) {
    throw new UsageError(`${head} conflicts with ${base}: GitHub would not build this pull request.`, [
      `git merge ${base}   # resolve the conflict`,
      "sandlot run --event push   # or build the branch as it is",
    ]);
  }
  return pullRequestPayload({
    url: sandlot.github.url,
    repository,
    action: "opened",
    number: pull.number,
    base: { ref: base, sha: pull.baseSha },
    head: { ref: head, sha: pull.headSha },
    title: commit.title,
    mergeSha: pull.mergeSha,
  });
}
