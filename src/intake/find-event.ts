/** From a delivery to the event that it stands for: the commit to check out is known afterwards. */

import type { Octokit } from "@octokit/rest";
import { findInstallation, installationOctokit, readAppSlug } from "../github/app.ts";
import { readCommit, readPullRequest, readRepository, resolveRef } from "../github/contents.ts";
import { isBot, isOwnBot, readEvent } from "../github/webhook.ts";
import type { Delivery, DeliveryBody } from "../model/delivery.ts";
import type { TriggerEvent } from "../model/event.ts";
import { saveRepository } from "../store/repositories.ts";
import { githubConfig } from "./bindings.ts";
import type { IntakeBindings } from "./bindings.ts";
import { Later } from "./later.ts";

/** An event with everything that planning needs, and the client to read its repository with. */
export interface FoundEvent {
  event: TriggerEvent & { sha: string };
  payload: unknown;
  octokit: Octokit;
}

/** `nothing` says, for people, why this starts no build. */
export type Finding = { found: FoundEvent } | { nothing: string };

/** How soon to ask again whether GitHub has made the test merge. */
const MERGE_POLL_SECONDS = 2;

export async function findWebhookEvent(env: IntakeBindings, delivery: Delivery, payload: unknown): Promise<Finding> {
  const reading = readEvent(delivery.event ?? "", payload);
  if (!reading.ok) return { nothing: reading.error };
  if (reading.event === null) return { nothing: reading.ignored };
  if (isBot(payload) && isOwnBot(payload, await readAppSlug(githubConfig(env))))
    return { nothing: "Our own App did this: a job that pushes must not start itself" };
  const { event } = reading;
  if (event.installationId === null) return { nothing: "The delivery names no installation of the App" };
  await saveRepository(env.DB, { ...event.repository, installationId: event.installationId }).run();
  const octokit = installationOctokit(githubConfig(env), event.installationId);
  // What a fork asks for is not run, so its merge is not waited for.
  const sha = event.fork ? event.reportSha : event.sha;
  if (sha !== null) return { found: { event: { ...event, sha }, payload, octokit } };
  return await findMerge(octokit, event, payload);
}

/** A pull request is built as it would be merged; GitHub makes that commit a moment after the webhook. */
async function findMerge(octokit: Octokit, event: TriggerEvent, payload: unknown): Promise<Finding> {
  const name = { owner: event.repository.owner, repo: event.repository.name };
  const number = event.pullRequest ?? 0;
  const pull = await readPullRequest(octokit, { ...name, number });
  if (pull === null) return { nothing: `Pull request ${number} is gone` };
  if (pull.state === "closed") return { nothing: `Pull request ${number} is closed` };
  if (pull.headSha !== event.reportSha)
    return { nothing: `Pull request ${number} moved on to ${pull.headSha}; that commit has a delivery of its own` };
  if (pull.mergeable === false)
    return { nothing: `Pull request ${number} conflicts with ${pull.baseRef}: resolve the conflict to have it built` };
  const merge = pull.mergeCommitSha && (await readCommit(octokit, { ...name, sha: pull.mergeCommitSha }));
  if (pull.mergeable === null || !merge || !merge.parents.includes(pull.headSha))
    throw new Later(`GitHub has not merged pull request ${number} for testing yet`, MERGE_POLL_SECONDS);
  return { found: { event: { ...event, sha: merge.sha, baseSha: pull.baseSha }, payload, octokit } };
}

/** A dispatch names repository and ref; GitHub knows the rest. */
export async function findDispatchEvent(
  env: IntakeBindings,
  body: Extract<DeliveryBody, { kind: "dispatch" }>,
): Promise<Finding> {
  const name = { owner: body.owner, repo: body.repo };
  const full = `${body.owner}/${body.repo}`;
  const installationId = await findInstallation(githubConfig(env), name);
  if (installationId === null) return { nothing: `The App is not installed for ${full}: install it there` };
  const octokit = installationOctokit(githubConfig(env), installationId);
  const repository = await readRepository(octokit, name);
  if (repository === null) return { nothing: `There is no repository ${full}` };
  await saveRepository(env.DB, { ...repository, installationId }).run();
  const asked = body.ref === "" ? repository.defaultBranch : body.ref;
  const ref = await resolveRef(octokit, { ...name, ref: asked });
  if (ref === null) return { nothing: `${full} has no branch or tag ${asked}` };
  const commit = await readCommit(octokit, { ...name, sha: ref.sha });
  const payload = {
    inputs: body.inputs,
    ref: ref.ref,
    workflow: body.workflow,
    repository: { id: repository.id, name: repository.name, full_name: full, default_branch: repository.defaultBranch },
    sender: { login: body.actor },
  };
  const event = {
    name: "workflow_dispatch",
    action: null,
    repository,
    installationId,
    actor: { id: 0, login: body.actor },
    sha: ref.sha,
    reportSha: ref.sha,
    ref: ref.ref,
    baseSha: null,
    headRef: null,
    baseRef: null,
    pullRequest: null,
    fork: false,
    title: commit?.title ?? "",
    message: commit?.message ?? "",
    inputs: body.inputs,
    workflowPath: body.workflow,
  };
  return { found: { event, payload, octokit } };
}
