/** The last bank of the river: a commit status on GitHub. */

import type { Octokit } from "@octokit/rest";
import { MAX_STATUS_DESCRIPTION } from "../model/limits.ts";

type StatusState = "pending" | "success" | "failure" | "error";

/** GitHub answers 422 to a longer one (runatlantis/atlantis#2506). */
const MAX_CONTEXT_CHARS = 255;

export interface CommitStatus {
  owner: string;
  repo: string;
  sha: string;
  state: StatusState;
  context: string;
  /** Cut to what GitHub takes. */
  description: string;
  /** Left out unless it is http or https: the status counts more than its link. */
  targetUrl: string | null;
}

/** Throws `GitHubFault`; `invalid` where the commit is gone or has 1000 statuses of this context. */
export async function postStatus(octokit: Octokit, status: CommitStatus): Promise<void> {
  const targetUrl = webUrl(status.targetUrl);
  await octokit.rest.repos.createCommitStatus({
    owner: status.owner,
    repo: status.repo,
    sha: status.sha,
    state: status.state,
    context: cutText(status.context, MAX_CONTEXT_CHARS),
    description: cutText(status.description, MAX_STATUS_DESCRIPTION),
    ...(targetUrl !== null && { target_url: targetUrl }),
  });
}

/** On one line, at most `max` UTF-16 units, never half a character; an ellipsis where something is missing. */
export function cutText(text: string, max: number): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  if (line.length <= max) return line;
  let end = max - 1;
  const last = line.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end -= 1;
  return `${line.slice(0, end).trimEnd()}…`;
}

function webUrl(text: string | null): string | null {
  if (text === null || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
}
