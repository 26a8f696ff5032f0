/** The shapes of GitHub's answers about people, repositories and Apps, as far as its OpenAPI description asks for them. */

import { derivedId, fullName, type NamedRepository } from "./github-names.ts";
import type { LocalStatus } from "./github-state.ts";

export type Json = Record<string, unknown>;

export const nodeId = (kind: string, id: string | number) => Buffer.from(`${kind}${id}`).toString("base64url");

/** What the App was given on installation; a token has these, or the part that it asked for. */
export const APP_PERMISSIONS: Record<string, "read" | "write"> = {
  metadata: "read",
  contents: "write",
  statuses: "write",
  checks: "write",
  pull_requests: "read",
  merge_queues: "read",
};

/** Repositories keep no dates here. */
const LONG_AGO = "2020-01-01T00:00:00Z";

export function userJson(url: string, login: string): Json {
  const user = `${url}/users/${login}`;
  return {
    login,
    id: derivedId(`user ${login}`),
    node_id: nodeId("User", login),
    avatar_url: `${url}/avatars/${login}.png`,
    gravatar_id: "",
    url: user,
    html_url: `${url}/${login}`,
    followers_url: `${user}/followers`,
    following_url: `${user}/following{/other_user}`,
    gists_url: `${user}/gists{/gist_id}`,
    starred_url: `${user}/starred{/owner}{/repo}`,
    subscriptions_url: `${user}/subscriptions`,
    organizations_url: `${user}/orgs`,
    repos_url: `${user}/repos`,
    events_url: `${user}/events{/privacy}`,
    received_events_url: `${user}/received_events`,
    type: login.endsWith("[bot]") ? "Bot" : "User",
    site_admin: false,
  };
}

const REPOSITORY_URLS = {
  archive_url: "/{archive_format}{/ref}",
  assignees_url: "/assignees{/user}",
  blobs_url: "/git/blobs{/sha}",
  branches_url: "/branches{/branch}",
  collaborators_url: "/collaborators{/collaborator}",
  comments_url: "/comments{/number}",
  commits_url: "/commits{/sha}",
  compare_url: "/compare/{base}...{head}",
  contents_url: "/contents/{+path}",
  contributors_url: "/contributors",
  deployments_url: "/deployments",
  downloads_url: "/downloads",
  events_url: "/events",
  forks_url: "/forks",
  git_commits_url: "/git/commits{/sha}",
  git_refs_url: "/git/refs{/sha}",
  git_tags_url: "/git/tags{/sha}",
  hooks_url: "/hooks",
  issue_comment_url: "/issues/comments{/number}",
  issue_events_url: "/issues/events{/number}",
  issues_url: "/issues{/number}",
  keys_url: "/keys{/key_id}",
  labels_url: "/labels{/name}",
  languages_url: "/languages",
  merges_url: "/merges",
  milestones_url: "/milestones{/number}",
  notifications_url: "/notifications{?since,all,participating}",
  pulls_url: "/pulls{/number}",
  releases_url: "/releases{/id}",
  stargazers_url: "/stargazers",
  statuses_url: "/statuses/{sha}",
  subscribers_url: "/subscribers",
  subscription_url: "/subscription",
  tags_url: "/tags",
  teams_url: "/teams",
  trees_url: "/git/trees{/sha}",
};

const REPOSITORY_COUNTS = {
  forks: 0,
  forks_count: 0,
  open_issues: 0,
  open_issues_count: 0,
  size: 0,
  stargazers_count: 0,
  watchers: 0,
  watchers_count: 0,
  network_count: 0,
  subscribers_count: 0,
};

export function repositoryJson(url: string, repository: NamedRepository): Json {
  const name = fullName(repository);
  const api = `${url}/repos/${name}`;
  const urls = Object.entries(REPOSITORY_URLS).map(([key, suffix]) => [key, `${api}${suffix}`] as const);
  return {
    id: repository.id,
    node_id: nodeId("Repository", repository.id),
    name: repository.name,
    full_name: name,
    private: repository.private,
    owner: userJson(url, repository.owner),
    html_url: `${url}/${name}`,
    description: null,
    fork: false,
    url: api,
    ...Object.fromEntries(urls),
    ...REPOSITORY_COUNTS,
    clone_url: `${url}/${name}.git`,
    git_url: `git://${new URL(url).host}/${name}.git`,
    ssh_url: `git@${new URL(url).hostname}:${name}.git`,
    svn_url: `${url}/${name}`,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    default_branch: repository.defaultBranch,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    has_downloads: true,
    archived: false,
    disabled: false,
    visibility: repository.private ? "private" : "public",
    topics: [],
    created_at: LONG_AGO,
    updated_at: LONG_AGO,
    pushed_at: LONG_AGO,
  };
}

export function statusJson(url: string, repository: NamedRepository, status: LocalStatus, appSlug: string): Json {
  const creator = userJson(url, `${appSlug}[bot]`);
  const at = new Date(status.at).toISOString();
  return {
    url: `${url}/repos/${fullName(repository)}/statuses/${status.sha}`,
    avatar_url: creator["avatar_url"],
    id: status.id,
    node_id: nodeId("Status", status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: at,
    updated_at: at,
    creator,
  };
}

export function installationJson(
  url: string,
  repository: NamedRepository,
  app: { id: string; slug: string },
  permissions: Record<string, string>,
): Json {
  const { owner, installationId } = repository;
  return {
    id: installationId,
    account: userJson(url, owner),
    access_tokens_url: `${url}/app/installations/${installationId}/access_tokens`,
    repositories_url: `${url}/installation/repositories`,
    html_url: `${url}/settings/installations/${installationId}`,
    app_id: Number(app.id),
    app_slug: app.slug,
    target_id: derivedId(`user ${owner}`),
    target_type: "User",
    permissions,
    events: ["push", "pull_request"],
    created_at: LONG_AGO,
    updated_at: LONG_AGO,
    single_file_name: null,
    repository_selection: "all",
    suspended_by: null,
    suspended_at: null,
  };
}

export function appJson(url: string, app: { id: string; slug: string; installations: number }): Json {
  return {
    id: Number(app.id),
    slug: app.slug,
    node_id: nodeId("App", app.id),
    owner: userJson(url, "sandlot"),
    name: app.slug,
    description: null,
    external_url: url,
    html_url: `${url}/apps/${app.slug}`,
    installations_count: app.installations,
    created_at: LONG_AGO,
    updated_at: LONG_AGO,
    permissions: APP_PERMISSIONS,
    events: ["push", "pull_request"],
  };
}
