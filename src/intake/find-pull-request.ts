/** The commit that a pull request is built at: as it would be merged, or as it was. */

import type { Octokit } from "@octokit/rest";
import { readCommit, readPullRequest } from "../github/contents.ts";
import type { CommitInfo, PullRequestInfo, RepositoryName } from "../github/contents.ts";
import type { TriggerEvent } from "../model/event.ts";
import { Later } from "./later.ts";

type Found = (TriggerEvent & { sha: string }) | { nothing: string };

/** How soon to ask again whether GitHub has made the test merge. */
const MERGE_POLL_SECONDS = 2;

export async function findPullRequest(octokit: Octokit, event: TriggerEvent): Promise<Found> {
  return event.action === "closed" ? await findClosed(octokit, event) : await findMerge(octokit, event);
}

/** A pull request is built as it would be merged; GitHub makes that commit a moment after the webhook. */
async function findMerge(octokit: Octokit, event: TriggerEvent): Promise<Found> {
  const name = { owner: event.repository.owner, repo: event.repository.name };
  const number = event.pullRequest ?? 0;
  const pull = await readPullRequest(octokit, { ...name, number });
  if (pull === null) return { nothing: `Pull request ${number} is gone` };
  if (pull.state === "closed") return { nothing: `Pull request ${number} is closed` };
  if (pull.headSha !== event.reportSha)
    return { nothing: `Pull request ${number} moved on to ${pull.headSha}; that commit has a delivery of its own` };
  if (pull.mergeable === false)
    return { nothing: `Pull request ${number} conflicts with ${pull.baseRef}: resolve the conflict to have it built` };
  const merge = await readMerge(octokit, name, pull);
  if (merge === null)
    throw new Later(`GitHub has not merged pull request ${number} for testing yet`, MERGE_POLL_SECONDS);
  // `[skip ci]` is looked for in the head commit, which the payload does not hold.
  const head = await readCommit(octokit, { ...name, sha: pull.headSha });
  return { ...event, sha: merge.sha, baseSha: pull.baseSha, message: head?.message ?? "" };
}

/** Null while GitHub has not made it, or only that of an older head. */
async function readMerge(octokit: Octokit, name: RepositoryName, pull: PullRequestInfo): Promise<CommitInfo | null> {
  if (pull.mergeable === null || pull.mergeCommitSha === null) return null;
  const merge = await readCommit(octokit, { ...name, sha: pull.mergeCommitSha });
  return merge?.parents.includes(pull.headSha) ? merge : null;
}

/**
 * Once merged, the event is about the branch that it was merged into; else about the last test merge.
 * https://docs.github.com/actions/reference/workflows-and-actions/contexts#github-context (`github.ref`)
 */
async function findClosed(octokit: Octokit, event: TriggerEvent): Promise<Found> {
  const name = { owner: event.repository.owner, repo: event.repository.name };
  const number = event.pullRequest ?? 0;
  const sha = event.mergeCommitSha ?? null;
  const commit = sha === null ? null : await readCommit(octokit, { ...name, sha });
  if (commit === null) return { nothing: `Pull request ${number} was closed, and its test merge is gone` };
  const head = await readCommit(octokit, { ...name, sha: event.reportSha });
  const message = head?.message ?? "";
  if (event.merged === true) return { ...event, sha: commit.sha, ref: `refs/heads/${event.baseRef ?? ""}`, message };
  return { ...event, sha: commit.sha, message };
}
