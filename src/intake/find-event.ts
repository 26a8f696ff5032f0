/** From a delivery to the event that it stands for: the commit to check out is known afterwards. */

import type { Octokit } from "@octokit/rest";
import { findInstallation, githubConfig, installationOctokit, readAppSlug } from "../github/app.ts";
import { readCommit, readRepository, resolveRef } from "../github/contents.ts";
import { isBot, isOwnBot, readEvent } from "../github/webhook.ts";
import { eventPayload } from "../model/delivery.ts";
import type { Delivery, DeliveryBody } from "../model/delivery.ts";
import type { Repository, TriggerEvent } from "../model/event.ts";
import { readRepository as readStoredRepository, saveRepository } from "../store/repositories.ts";
import type { IntakeBindings } from "./bindings.ts";
import { findPullRequest } from "./find-pull-request.ts";

/** An event with everything that planning needs, and the client to read its repository with. */
export interface FoundEvent {
  event: TriggerEvent & { sha: string };
  payload: unknown;
  octokit: Octokit;
  /** `vars` of owner and repository; absent before planning. */
  vars?: Record<string, string>;
  /** Only a schedule: the line that was due. */
  cron?: string;
}

/** `nothing` says, for people, why this starts no build. */
export type Finding = { found: FoundEvent } | { nothing: string };

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
  const found = await findCommit(octokit, event);
  return "nothing" in found ? found : { found: { event: found, payload, octokit } };
}

async function findCommit(octokit: Octokit, event: TriggerEvent): Promise<FoundEvent["event"] | { nothing: string }> {
  // What a fork asks for is not run, so its merge is not waited for.
  const sha = event.fork ? event.reportSha : event.sha;
  if (sha !== null) return { ...event, sha };
  return event.name === "release" ? await findTag(octokit, event) : await findPullRequest(octokit, event);
}

/** A release is built at its tag. */
async function findTag(octokit: Octokit, event: TriggerEvent): Promise<FoundEvent["event"] | { nothing: string }> {
  const { owner, name } = event.repository;
  const tag = await resolveRef(octokit, { owner, repo: name, ref: event.ref });
  if (tag === null) return { nothing: `There is no ${event.ref.replace("refs/tags/", "tag ")}` };
  return { ...event, sha: tag.sha, reportSha: tag.sha };
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
  const event = await ownEvent(octokit, { name: "workflow_dispatch", repository, installationId, ...ref }, body.actor);
  const payload = eventPayload(body, repository);
  return {
    found: { event: { ...event, inputs: body.inputs, workflowPath: body.workflow }, payload, octokit },
  };
}

/** A schedule builds what its default branch is now. */
export async function findScheduleEvent(
  env: IntakeBindings,
  body: Extract<DeliveryBody, { kind: "schedule" }>,
): Promise<Finding> {
  const stored = await readStoredRepository(env.DB, body.repositoryId);
  if (!stored?.installationId) return { nothing: "The App is not installed for this repository any more" };
  const { installationId } = stored;
  const octokit = installationOctokit(githubConfig(env), installationId);
  const name = { owner: stored.owner, repo: stored.name };
  const repository = await readRepository(octokit, name);
  if (repository?.id !== body.repositoryId) return { nothing: `${stored.owner}/${stored.name} is gone` };
  await saveRepository(env.DB, { ...repository, installationId }).run();
  const ref = await resolveRef(octokit, { ...name, ref: `refs/heads/${repository.defaultBranch}` });
  if (ref === null) return { nothing: `The default branch ${repository.defaultBranch} is gone` };
  const event = await ownEvent(octokit, { name: "schedule", repository, installationId, ...ref }, repository.owner);
  const payload = eventPayload(body, repository);
  return { found: { event: { ...event, workflowPath: body.workflowPath }, payload, octokit, cron: body.cron } };
}

/** An event that no webhook told. */
async function ownEvent(
  octokit: Octokit,
  about: { name: string; repository: Repository; installationId: number; sha: string; ref: string },
  actor: string,
): Promise<FoundEvent["event"]> {
  const { repository, sha } = about;
  const commit = await readCommit(octokit, { owner: repository.owner, repo: repository.name, sha });
  return {
    ...about,
    action: null,
    actor: { id: 0, login: actor },
    reportSha: sha,
    baseSha: null,
    headRef: null,
    baseRef: null,
    pullRequest: null,
    fork: false,
    title: commit?.title ?? "",
    message: commit?.message ?? "",
    inputs: null,
    workflowPath: null,
  };
}
