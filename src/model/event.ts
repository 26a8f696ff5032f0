/** What starts a build, read from a webhook, a schedule or a dispatch into one shape. */

export interface Repository {
  /** GitHub's id: names change, it does not. */
  id: number;
  owner: string;
  /** GitHub's id of the owner; absent where whoever told of the repository did not say. */
  ownerId?: number | null;
  name: string;
  private: boolean;
  defaultBranch: string;
}

export interface Actor {
  id: number;
  login: string;
}

export interface TriggerEvent {
  /** GitHub's event name: `push`, `pull_request`, `workflow_dispatch`, … */
  name: string;
  action: string | null;
  repository: Repository;
  installationId: number | null;
  actor: Actor;
  /** Checked out, `GITHUB_SHA`. For a pull request the merge commit, found while planning: null until then. */
  sha: string | null;
  /** Only a hint, for a pull request: the merge commit as the payload names it, which may be an older one. */
  mergeCommitSha?: string | null;
  /** Only a pull request: true once it was merged. */
  merged?: boolean;
  /** Only a push: the first of the commits that it brought, as far as GitHub lists them. */
  oldestCommit?: string | null;
  /** Where GitHub shows the status: a pull request's head, else `sha`. */
  reportSha: string;
  /** Full: `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/merge`. */
  ref: string;
  /** What changed paths are counted from: a push's `before`, a pull request's base. Null for a new branch. */
  baseSha: string | null;
  /** Short names, only for pull requests. */
  headRef: string | null;
  baseRef: string | null;
  pullRequest: number | null;
  /** A pull request from another repository, from one that is gone, or by dependabot. */
  fork: boolean;
  /** First line of the commit message, or the pull request's title. */
  title: string;
  /** Head commit's whole message (push), for `[skip ci]`. */
  message: string;
  /** Files as the payload lists them; null where it does not. */
  inputs: Record<string, string> | null;
  /** Only this workflow file (dispatch, schedule); null for all that match. */
  workflowPath: string | null;
}

/** `main` of `refs/heads/main`, `v1` of `refs/tags/v1`, `7/merge` of `refs/pull/7/merge`: GitHub's `ref_name`. */
export function refName(ref: string): string {
  return ref.replace(/^refs\/(heads|tags|pull)\//, "");
}

export function refType(ref: string): "branch" | "tag" {
  return ref.startsWith("refs/tags/") ? "tag" : "branch";
}
