/** The shapes of GitHub's answers about what git holds: commits, comparisons, folders, pull requests. */

import { type Json, nodeId, repositoryJson, userJson } from "./github-answers.ts";
import type { ChangedFile, CommitObject, Comparison, TreeEntry } from "./github-git.ts";
import { derivedId, fullName } from "./github-names.ts";
import type { LocalPull, LocalRepository } from "./github-state.ts";

export function gitCommitJson(url: string, repository: LocalRepository, commit: CommitObject): Json {
  const api = `${url}/repos/${fullName(repository)}`;
  const html = `${url}/${fullName(repository)}/commit`;
  return {
    sha: commit.sha,
    node_id: nodeId("Commit", commit.sha),
    url: `${api}/git/commits/${commit.sha}`,
    html_url: `${html}/${commit.sha}`,
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
    parents: commit.parents.map((sha) => ({ sha, url: `${api}/git/commits/${sha}`, html_url: `${html}/${sha}` })),
    verification: { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null },
  };
}

function commitJson(url: string, repository: LocalRepository, commit: CommitObject): Json {
  const api = `${url}/repos/${fullName(repository)}`;
  const html = `${url}/${fullName(repository)}/commit`;
  return {
    sha: commit.sha,
    node_id: nodeId("Commit", commit.sha),
    url: `${api}/commits/${commit.sha}`,
    html_url: `${html}/${commit.sha}`,
    comments_url: `${api}/commits/${commit.sha}/comments`,
    commit: {
      url: `${api}/git/commits/${commit.sha}`,
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      comment_count: 0,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
    },
    author: null,
    committer: null,
    parents: commit.parents.map((sha) => ({ sha, url: `${api}/commits/${sha}`, html_url: `${html}/${sha}` })),
  };
}

/** GitHub's own limit. */
const MAX_COMPARED_FILES = 300;

export function comparisonJson(
  url: string,
  repository: LocalRepository,
  about: {
    basehead: string;
    comparison: Comparison;
    base: CommitObject;
    mergeBase: CommitObject;
    commits: CommitObject[];
  },
): Json {
  const { comparison, commits } = about;
  const html = `${url}/${fullName(repository)}/compare/${about.basehead}`;
  return {
    url: `${url}/repos/${fullName(repository)}/compare/${about.basehead}`,
    html_url: html,
    permalink_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    base_commit: commitJson(url, repository, about.base),
    merge_base_commit: commitJson(url, repository, about.mergeBase),
    status: comparisonStatus(comparison),
    ahead_by: comparison.aheadBy,
    behind_by: comparison.behindBy,
    total_commits: comparison.aheadBy,
    commits: commits.map((commit) => commitJson(url, repository, commit)),
    files: comparison.files.slice(0, MAX_COMPARED_FILES).map((file) => fileJson(url, repository, file)),
  };
}

function comparisonStatus({ aheadBy, behindBy }: Comparison): string {
  if (aheadBy === 0 && behindBy === 0) return "identical";
  if (aheadBy > 0 && behindBy > 0) return "diverged";
  return aheadBy > 0 ? "ahead" : "behind";
}

function fileJson(url: string, repository: LocalRepository, file: ChangedFile): Json {
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${url}/${fullName(repository)}/blob/${path}`,
    raw_url: `${url}/${fullName(repository)}/raw/${path}`,
    contents_url: `${url}/repos/${fullName(repository)}/contents/${path}`,
    ...(file.previousPath !== null && { previous_filename: file.previousPath }),
  };
}

/** An entry of a folder's listing; `path` is from the root, `sha` that of the object. */
export function entryJson(
  url: string,
  repository: LocalRepository,
  about: { path: string; ref: string; entry: Pick<TreeEntry, "mode" | "type" | "sha" | "size"> },
): Json {
  const { entry, ref } = about;
  const path = about.path.split("/").map(encodeURIComponent).join("/");
  const api = `${url}/repos/${fullName(repository)}`;
  const self = `${api}/contents/${path}?ref=${encodeURIComponent(ref)}`;
  const kind = entry.type === "tree" ? "tree" : "blob";
  const git = `${api}/git/${kind}s/${entry.sha}`;
  const html = `${url}/${fullName(repository)}/${kind}/${encodeURIComponent(ref)}/${path}`;
  const isBlob = entry.type === "blob";
  return {
    type: entryType(entry),
    size: isBlob ? entry.size : 0,
    name: about.path.split("/").at(-1) ?? "",
    path: about.path,
    sha: entry.sha,
    url: self,
    git_url: git,
    html_url: html,
    download_url: isBlob ? `${url}/${fullName(repository)}/raw/${encodeURIComponent(ref)}/${path}` : null,
    _links: { self, git, html },
  };
}

/** A submodule is a "file" in listings, told apart by having no download. */
function entryType(entry: Pick<TreeEntry, "mode" | "type">): string {
  if (entry.type === "tree") return "dir";
  return entry.mode === "120000" ? "symlink" : "file";
}

interface PullFacts {
  pull: LocalPull;
  now: { baseSha: string; headSha: string; mergeSha: string | null };
  /** False while GitHub still computes whether it can be merged. */
  known: boolean;
  headRepository: Json | null;
  counts: { commits: number; files: ChangedFile[] };
}

export function pullJson(url: string, repository: LocalRepository, facts: PullFacts): Json {
  const { pull, now, headRepository } = facts;
  const user = userJson(url, pull.login);
  const owner = userJson(url, repository.owner);
  const head = { label: `${headRepository === null ? "unknown" : repository.owner}:${pull.headRef}`, user };
  const base = { label: `${repository.owner}:${pull.baseRef}`, user: owner };
  return {
    id: derivedId(`pull ${fullName(repository)} ${pull.number}`),
    node_id: nodeId("PullRequest", `${repository.id}.${pull.number}`),
    ...pullLinks(url, repository, pull.number, now.headSha),
    ...PULL_CONSTANTS,
    ...mergeState(facts),
    number: pull.number,
    state: pull.state,
    title: pull.title,
    user,
    created_at: pull.createdAt,
    updated_at: pull.createdAt,
    head: { ...head, ref: pull.headRef, sha: now.headSha, repo: headRepository },
    base: { ...base, ref: pull.baseRef, sha: now.baseSha, repo: repositoryJson(url, repository) },
    ...pullCounts(facts),
  };
}

/** What no pull request here has. */
const PULL_CONSTANTS = {
  locked: false,
  body: null,
  closed_at: null,
  merged_at: null,
  assignee: null,
  assignees: [],
  requested_reviewers: [],
  requested_teams: [],
  labels: [],
  milestone: null,
  draft: false,
  author_association: "OWNER",
  auto_merge: null,
  merged: false,
  merged_by: null,
  comments: 0,
  review_comments: 0,
  maintainer_can_modify: false,
};

function pullLinks(url: string, repository: LocalRepository, number: number, headSha: string): Json {
  const api = `${url}/repos/${fullName(repository)}`;
  const self = `${api}/pulls/${number}`;
  const html = `${url}/${fullName(repository)}/pull/${number}`;
  const issue = `${api}/issues/${number}`;
  const links = {
    self,
    html,
    issue,
    comments: `${issue}/comments`,
    statuses: `${api}/statuses/${headSha}`,
    commits: `${self}/commits`,
    review_comments: `${self}/comments`,
    review_comment: `${api}/pulls/comments{/number}`,
  };
  return {
    url: self,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issue,
    comments_url: links.comments,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    statuses_url: links.statuses,
    _links: Object.fromEntries(Object.entries(links).map(([key, href]) => [key, { href }])),
  };
}

function mergeState({ now, known }: PullFacts): Json {
  if (!known) return { merge_commit_sha: null, mergeable: null, mergeable_state: "unknown" };
  const mergeable = now.mergeSha !== null;
  return { merge_commit_sha: now.mergeSha, mergeable, mergeable_state: mergeable ? "clean" : "dirty" };
}

function pullCounts({ counts }: PullFacts): Json {
  return {
    commits: counts.commits,
    additions: counts.files.reduce((sum, file) => sum + file.additions, 0),
    deletions: counts.files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: counts.files.length,
  };
}
