/** Commit statuses as GitHub keeps them: many of a context, of which the latest counts. */

import { repositoryJson, statusJson } from "./github-answers.ts";
import { type Answer, notFound, problem, type RepositoryAsk, resolveCommit } from "./github-ask.ts";
import { readCommitObject } from "./github-git.ts";
import { fullName } from "./github-names.ts";
import type { LocalRepository, LocalState, LocalStatus } from "./github-state.ts";

/** GitHub's own limit. */
const MAX_STATUSES_PER_CONTEXT = 1000;

export async function createStatus({ state, url, repository, params, body }: RepositoryAsk): Promise<Answer> {
  const sha = params["sha"] ?? "";
  if ((await readCommitObject(repository, sha)) === null) return problem(422, `No commit found for SHA: ${sha}`);
  const context = (body["context"] as string | undefined) ?? "default";
  const same = statusesOf(repository, state, sha).filter((one) => one.context === context);
  if (same.length >= MAX_STATUSES_PER_CONTEXT) {
    return problem(422, "This SHA and context has reached the maximum number of statuses.");
  }
  const status: LocalStatus = {
    id: state.statuses.length + 1,
    repository: fullName(repository),
    repositoryId: repository.id,
    sha,
    state: body["state"] as LocalStatus["state"],
    context,
    description: (body["description"] as string | null | undefined) ?? null,
    targetUrl: (body["target_url"] as string | null | undefined) ?? null,
    at: Date.now(),
  };
  state.statuses.push(status);
  state.onStatus?.(status);
  return { status: 201, body: statusJson(url, repository, status, state.appSlug) };
}

export async function listStatuses(ask: RepositoryAsk): Promise<Answer> {
  const sha = await resolveCommit(ask.repository, ask.params["ref"] ?? "");
  if (sha === null) return notFound();
  const perPage = Math.min(Number(ask.query["per_page"] ?? 30), 100);
  const from = (Number(ask.query["page"] ?? 1) - 1) * perPage;
  const newestFirst = statusesOf(ask.repository, ask.state, sha)
    .reverse()
    .slice(from, from + perPage);
  return {
    status: 200,
    body: newestFirst.map((status) => statusJson(ask.url, ask.repository, status, ask.state.appSlug)),
  };
}

function statusesOf(repository: LocalRepository, state: LocalState, sha: string): LocalStatus[] {
  return state.statuses.filter((status) => status.repositoryId === repository.id && status.sha === sha);
}

export async function combineStatuses(ask: RepositoryAsk): Promise<Answer> {
  const { state, url, repository } = ask;
  const sha = await resolveCommit(repository, ask.params["ref"] ?? "");
  if (sha === null) return notFound();
  const latest = new Map(statusesOf(repository, state, sha).map((status) => [status.context, status]));
  const statuses = [...latest.values()];
  const api = `${url}/repos/${fullName(repository)}/commits/${sha}`;
  const body = {
    state: combinedState(statuses),
    sha,
    total_count: statuses.length,
    statuses: statuses.map((status) => statusJson(url, repository, status, state.appSlug)),
    repository: repositoryJson(url, repository),
    commit_url: api,
    url: `${api}/status`,
  };
  return { status: 200, body };
}

function combinedState(latest: LocalStatus[]): "failure" | "pending" | "success" {
  if (latest.some((status) => status.state === "failure" || status.state === "error")) return "failure";
  return latest.length === 0 || latest.some((status) => status.state === "pending") ? "pending" : "success";
}
