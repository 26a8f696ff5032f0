/** Sends webhooks as GitHub does: a real-looking payload, signed over its bytes. */

import { createHmac, randomUUID } from "node:crypto";
import { type Json, repositoryJson, userJson } from "./github-answers.ts";
import { derivedId, fullName, type NamedRepository } from "./github-names.ts";

export interface Webhook {
  /** Where to: `http://…/webhooks/github`. */
  url: string;
  secret: string;
  /** GitHub's event name. */
  event: string;
  payload: unknown;
  /** A redelivery has the id of the first; drawn where absent. */
  id?: string;
}

export async function deliverWebhook(webhook: Webhook): Promise<Response> {
  const body = JSON.stringify(webhook.payload);
  return await fetch(webhook.url, { method: "POST", headers: webhookHeaders(webhook, body), body });
}

/** The headers that GitHub sends with this body. */
export function webhookHeaders(
  webhook: Pick<Webhook, "secret" | "event" | "id">,
  body: string,
): Record<string, string> {
  return {
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/sandlot",
    "x-github-delivery": webhook.id ?? randomUUID(),
    "x-github-event": webhook.event,
    "x-github-hook-id": "1",
    "x-github-hook-installation-target-type": "integration",
    "x-hub-signature-256": `sha256=${createHmac("sha256", webhook.secret).update(body).digest("hex")}`,
  };
}

const ZERO_SHA = "0".repeat(40);

export interface PushFacts {
  /** Address of the local GitHub. */
  url: string;
  repository: NamedRepository;
  /** Full: `refs/heads/main`. */
  ref: string;
  /** Null for a new branch or tag. */
  before: string | null;
  /** Null where the ref is deleted. */
  after: string | null;
  /** The commit, where `after` is an annotated tag. */
  commit?: string;
  message?: string;
  /** Login; one that ends in `[bot]` is an App's. The owner where absent. */
  sender?: string;
  forced?: boolean;
}

export function pushPayload(facts: PushFacts): Json {
  const { url, repository } = facts;
  const html = `${url}/${fullName(repository)}`;
  const head = facts.after === null ? null : commitJson(facts, facts.commit ?? facts.after);
  const sender = facts.sender ?? repository.owner;
  return {
    ref: facts.ref,
    before: facts.before ?? ZERO_SHA,
    after: facts.after ?? ZERO_SHA,
    repository: pushedRepository(url, repository),
    pusher: { name: sender, email: `${sender}@users.noreply.github.com` },
    sender: userJson(url, sender),
    installation: installation(repository),
    created: facts.before === null,
    deleted: facts.after === null,
    forced: facts.forced ?? false,
    base_ref: null,
    compare: `${html}/compare/${(facts.before ?? ZERO_SHA).slice(0, 12)}...${(facts.after ?? ZERO_SHA).slice(0, 12)}`,
    commits: head === null ? [] : [head],
    head_commit: head,
  };
}

/** Pushes say the owner's `name` beside the `login`, and times in seconds. */
function pushedRepository(url: string, repository: NamedRepository): Json {
  const described = repositoryJson(url, repository);
  const owner = userJson(url, repository.owner);
  return {
    ...described,
    owner: { name: repository.owner, email: null, ...owner },
    created_at: 1_577_836_800,
    pushed_at: 1_577_836_800,
    master_branch: repository.defaultBranch,
    stargazers: 0,
  };
}

function commitJson(facts: PushFacts, sha: string): Json {
  const login = facts.sender ?? facts.repository.owner;
  const who = { name: login, email: `${login}@users.noreply.github.com`, username: login };
  return {
    id: sha,
    tree_id: sha,
    distinct: true,
    message: facts.message ?? "Change",
    timestamp: new Date().toISOString(),
    url: `${facts.url}/${fullName(facts.repository)}/commit/${sha}`,
    author: who,
    committer: who,
    added: [],
    removed: [],
    modified: [],
  };
}

function installation(repository: NamedRepository): Json {
  const id = repository.installationId;
  return { id, node_id: String(id) };
}

export interface PullRequestFacts {
  url: string;
  repository: NamedRepository;
  action: string;
  number: number;
  base: { ref: string; sha: string };
  /** `repositoryId`: another one is a fork, null one that is gone; this repository where absent. */
  head: { ref: string; sha: string; repositoryId?: number | null };
  title?: string;
  /** Login of who opened it; the owner where absent. */
  author?: string;
  /** Login of who did this; the author where absent. */
  sender?: string;
  /** Only a hint, often null or an older one. */
  mergeSha?: string | null;
}

export function pullRequestPayload(facts: PullRequestFacts): Json {
  const { url, repository, number } = facts;
  const author = facts.author ?? repository.owner;
  const api = `${url}/repos/${fullName(repository)}/pulls/${number}`;
  const html = `${url}/${fullName(repository)}/pull/${number}`;
  const now = new Date().toISOString();
  return {
    action: facts.action,
    number,
    pull_request: {
      url: api,
      id: derivedId(`pull ${fullName(repository)} ${number}`),
      node_id: `PR_${number}`,
      html_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      number,
      state: "open",
      locked: false,
      title: facts.title ?? `Merge ${facts.head.ref}`,
      user: userJson(url, author),
      body: null,
      created_at: now,
      updated_at: now,
      closed_at: null,
      merged_at: null,
      merge_commit_sha: facts.mergeSha ?? null,
      assignee: null,
      labels: [],
      draft: false,
      head: side(facts, facts.head, headRepository(facts)),
      base: side(facts, facts.base, repositoryJson(url, repository)),
      author_association: "OWNER",
      auto_merge: null,
      merged: false,
      mergeable: null,
    },
    repository: repositoryJson(url, repository),
    sender: userJson(url, facts.sender ?? author),
    installation: installation(repository),
  };
}

function side(facts: PullRequestFacts, at: { ref: string; sha: string }, repo: Json | null): Json {
  const owner = facts.repository.owner;
  return { label: `${owner}:${at.ref}`, ref: at.ref, sha: at.sha, user: userJson(facts.url, owner), repo };
}

function headRepository({ url, repository, head }: PullRequestFacts): Json | null {
  if (head.repositoryId === null) return null;
  const id = head.repositoryId ?? repository.id;
  return repositoryJson(url, id === repository.id ? repository : { ...repository, id, owner: "fork" });
}
