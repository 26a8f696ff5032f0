/** What planning reads of a repository: workflow files, refs, commits, changed paths, pull requests. */

import type { Octokit } from "@octokit/rest";
import type { Repository } from "../model/event.ts";
import { MAX_WORKFLOW_BYTES, MAX_WORKFLOW_FILES } from "../model/limits.ts";
import { GitHubFault } from "./client.ts";

export interface RepositoryName {
  owner: string;
  repo: string;
}

export type WorkflowFiles =
  | {
      status: "found";
      /** The first of the folders that the commit has; null where it has none. */
      dir: string | null;
      files: { path: string; text: string }[];
      /** What was not read and why, for people. */
      skipped: { path: string; why: string }[];
      /** There are more than are read (`MAX_WORKFLOW_FILES`, by name). */
      tooMany: boolean;
    }
  | { status: "commit_gone" };

/** A Worker has 128 MB, and a blob arrives as base64 in JSON. */
const MAX_TOTAL_BYTES = 8 * 1024 * 1024;
/** Connections that a Worker may hold open are six. */
const READS_AT_ONCE = 5;

/** Where workflow files are looked for, in this order. */
export function workflowDirs(env: { WORKFLOW_DIRS: string }): string[] {
  return env.WORKFLOW_DIRS.split(",").map((dir) => dir.trim());
}

/** The workflow files of one commit: `*.yml` and `*.yaml` directly in the first folder that exists. */
export async function readWorkflowFiles(
  octokit: Octokit,
  where: RepositoryName & { sha: string; dirs: string[] },
): Promise<WorkflowFiles> {
  for (const dir of where.dirs) {
    const entries = await listFolder(octokit, where, dir);
    if (entries !== null) return { status: "found", dir, ...(await readEntries(octokit, where, entries)) };
  }
  // "No such folder" and "no such commit" are the same 404.
  if ((await readCommit(octokit, where)) === null) return { status: "commit_gone" };
  return { status: "found", dir: null, files: [], skipped: [], tooMany: false };
}

interface Entry {
  path: string;
  sha: string;
  size: number;
}

async function listFolder(
  octokit: Octokit,
  where: RepositoryName & { sha: string },
  dir: string,
): Promise<Entry[] | null> {
  const { owner, repo, sha } = where;
  const answer = await orNull(octokit.rest.repos.getContent({ owner, repo, path: dir.replace(/\/+$/, ""), ref: sha }));
  if (answer === null || !Array.isArray(answer.data)) return null;
  // A submodule is listed as a file, without a download.
  return answer.data.filter((entry) => entry.type === "file" && entry.download_url !== null && isYaml(entry.name));
}

function isYaml(name: string): boolean {
  return /\.ya?ml$/.test(name);
}

async function readEntries(
  octokit: Octokit,
  where: RepositoryName,
  entries: Entry[],
): Promise<{ files: { path: string; text: string }[]; skipped: { path: string; why: string }[]; tooMany: boolean }> {
  const sorted = entries.sort((a, b) => (a.path < b.path ? -1 : 1)).slice(0, MAX_WORKFLOW_FILES);
  const files: { path: string; text: string }[] = [];
  const skipped: { path: string; why: string }[] = [];
  const wanted: Entry[] = [];
  let total = 0;
  for (const entry of sorted) {
    const why = tooLarge(entry, total);
    if (why === null) {
      total += entry.size;
      wanted.push(entry);
    } else skipped.push({ path: entry.path, why });
  }
  for (let from = 0; from < wanted.length; from += READS_AT_ONCE) {
    const batch = wanted.slice(from, from + READS_AT_ONCE);
    const texts = await Promise.all(batch.map((entry) => readBlob(octokit, where, entry.sha)));
    for (const [index, entry] of batch.entries()) {
      const text = texts[index] ?? null;
      if (text === null) skipped.push({ path: entry.path, why: "the file is not UTF-8" });
      else files.push({ path: entry.path, text });
    }
  }
  return { files, skipped, tooMany: entries.length > sorted.length };
}

function tooLarge(entry: Entry, total: number): string | null {
  if (entry.size > MAX_WORKFLOW_BYTES) {
    return `the file has ${entry.size} bytes, a workflow at most ${MAX_WORKFLOW_BYTES}`;
  }
  return total + entry.size > MAX_TOTAL_BYTES ? `the folder's workflows have over ${MAX_TOTAL_BYTES} bytes` : null;
}

async function readBlob(octokit: Octokit, where: RepositoryName, sha: string): Promise<string | null> {
  const { data } = await octokit.rest.git.getBlob({ owner: where.owner, repo: where.repo, file_sha: sha });
  const bytes = data.encoding === "base64" ? Buffer.from(data.content, "base64") : Buffer.from(data.content);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * The commit of a branch or tag, and the ref's full name; null where there is none. A short name is a branch first, then
 * a tag, as on GitHub.
 */
export async function resolveRef(
  octokit: Octokit,
  where: RepositoryName & { ref: string },
): Promise<{ sha: string; ref: string } | null> {
  const { owner, repo, ref } = where;
  const full = ref.startsWith("refs/") ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`];
  for (const name of full) {
    const answer = await orNull(octokit.rest.git.getRef({ owner, repo, ref: name.slice("refs/".length) }));
    if (answer?.data.ref !== name) continue;
    const sha = await peel(octokit, where, answer.data.object);
    if (sha !== null) return { sha, ref: name };
  }
  return null;
}

const MAX_NESTED_TAGS = 5;

/** An annotated tag points at a commit, or at another tag. */
async function peel(
  octokit: Octokit,
  where: RepositoryName,
  object: { type: string; sha: string },
): Promise<string | null> {
  let at = object;
  for (let depth = 0; at.type === "tag" && depth < MAX_NESTED_TAGS; depth += 1) {
    at = (await octokit.rest.git.getTag({ owner: where.owner, repo: where.repo, tag_sha: at.sha })).data.object;
  }
  return at.type === "commit" ? at.sha : null;
}

export interface CommitInfo {
  sha: string;
  /** First line of the message. */
  title: string;
  message: string;
  parents: string[];
}

/** Null where the commit is gone. */
export async function readCommit(
  octokit: Octokit,
  where: RepositoryName & { sha: string },
): Promise<CommitInfo | null> {
  const { owner, repo, sha } = where;
  const answer = await orNull(octokit.rest.git.getCommit({ owner, repo, commit_sha: sha }));
  if (answer === null) return null;
  const { message, parents } = answer.data;
  const title = (message.split("\n", 1)[0] ?? "").trim();
  return { sha: answer.data.sha, title, message, parents: parents.map((parent) => parent.sha) };
}

/** GitHub lists no more in a comparison. */
const MAX_COMPARED_FILES = 300;

/**
 * Paths that differ between the merge base and `head`, both names of a renamed one. `truncated` means that there may be
 * more, also where the two cannot be compared: then every path counts as changed.
 */
export async function changedFiles(
  octokit: Octokit,
  where: RepositoryName & { base: string; head: string },
): Promise<{ files: string[]; truncated: boolean }> {
  const { owner, repo, base, head } = where;
  // The files stand on the first page whole; `per_page` is about the commits, which nobody reads.
  const answer = await orNull(
    octokit.rest.repos.compareCommitsWithBasehead({ owner, repo, basehead: `${base}...${head}`, per_page: 1 }),
  );
  if (answer === null || answer.data.files === undefined) return { files: [], truncated: true };
  const names = answer.data.files.flatMap((file) => [file.filename, file.previous_filename ?? file.filename]);
  return { files: [...new Set(names)], truncated: answer.data.files.length >= MAX_COMPARED_FILES };
}

export interface PullRequestInfo {
  number: number;
  state: "open" | "closed";
  title: string;
  /** Null while GitHub computes it: ask again in a moment. False for a conflict. */
  mergeable: boolean | null;
  /** The test merge of an open one. It is current only when its parents are `baseSha` and `headSha`. */
  mergeCommitSha: string | null;
  headSha: string;
  headRef: string;
  /** Null where the fork is gone. */
  headRepositoryId: number | null;
  baseSha: string;
  baseRef: string;
}

/** Null where there is none. */
export async function readPullRequest(
  octokit: Octokit,
  where: RepositoryName & { number: number },
): Promise<PullRequestInfo | null> {
  const { owner, repo, number } = where;
  const answer = await orNull(octokit.rest.pulls.get({ owner, repo, pull_number: number }));
  if (answer === null) return null;
  const { state, title, mergeable, merge_commit_sha, head, base } = answer.data;
  // The types say that a head always has a repository; it has none once the fork is deleted.
  const headRepository = head.repo as { id: number } | null;
  return {
    number,
    state,
    title,
    mergeable,
    mergeCommitSha: merge_commit_sha,
    headSha: head.sha,
    headRef: head.ref,
    headRepositoryId: headRepository?.id ?? null,
    baseSha: base.sha,
    baseRef: base.ref,
  };
}

/** Null where it is gone, or hidden from us. */
export async function readRepository(octokit: Octokit, where: RepositoryName): Promise<Repository | null> {
  const answer = await orNull(octokit.rest.repos.get({ owner: where.owner, repo: where.repo }));
  if (answer === null) return null;
  const { id, owner, name, default_branch: defaultBranch } = answer.data;
  return { id, owner: owner.login, ownerId: owner.id, name, private: answer.data.private, defaultBranch };
}

/** GitHub says 404 or 422 for what is not there. */
async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof GitHubFault && (error.status === 422 || error.reason === "not_found")) return null;
    throw error;
  }
}
