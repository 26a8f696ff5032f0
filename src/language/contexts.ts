/** The `github` context of a build, and the environment variables that every step gets from it. */

import type { Build } from "../model/build.ts";
import { refName, refType, type Repository } from "../model/event.ts";

export interface GithubContextOptions {
  /** `https://github.com` */
  serverUrl: string;
  /** `https://api.github.com` */
  apiUrl: string;
  /** Id of the job under `jobs:`; absent while nothing runs. */
  job?: string;
  workspace?: string;
  /** File in the sandbox that holds the webhook's payload. */
  eventPath?: string;
  token?: string;
}

/** `payload` is the webhook's, as it came. https://docs.github.com/actions/reference/workflows-and-actions/contexts#github-context */
export function githubContext(
  build: Build,
  repository: Repository,
  payload: unknown,
  options: GithubContextOptions,
): Record<string, unknown> {
  const fullName = `${repository.owner}/${repository.name}`;
  const ownerId = at(payload, "repository", "owner", "id");
  return {
    actor: build.actor.login,
    actor_id: String(build.actor.id),
    api_url: options.apiUrl,
    base_ref: build.baseRef ?? "",
    event: payload,
    event_name: build.event,
    event_path: options.eventPath ?? "",
    graphql_url: graphqlUrl(options.apiUrl),
    head_ref: build.headRef ?? "",
    job: options.job ?? "",
    ref: build.ref,
    ref_name: refName(build.ref),
    ref_protected: false,
    ref_type: refType(build.ref),
    repository: fullName,
    repository_id: String(repository.id),
    repository_owner: repository.owner,
    repository_owner_id: typeof ownerId === "number" ? String(ownerId) : "",
    repositoryUrl: `${options.serverUrl.replace(/^https:/, "git:")}/${fullName}.git`,
    run_attempt: String(build.runAttempt),
    run_id: build.id,
    run_number: String(build.number),
    server_url: options.serverUrl,
    sha: build.sha,
    token: options.token ?? "",
    triggering_actor: build.actor.login,
    workflow: build.workflowName ?? build.workflowPath,
    workflow_ref: `${fullName}/${build.workflowPath}@${build.ref}`,
    workflow_sha: build.sha,
    workspace: options.workspace ?? "",
  };
}

/** GitHub Enterprise has its GraphQL beside `/api/v3`, github.com under the API's host. */
function graphqlUrl(apiUrl: string): string {
  return apiUrl.endsWith("/v3") ? `${apiUrl.slice(0, -"/v3".length)}/graphql` : `${apiUrl}/graphql`;
}

function at(value: unknown, ...path: string[]): unknown {
  let found = value;
  for (const key of path) {
    found =
      typeof found === "object" && found !== null && Object.hasOwn(found, key)
        ? (found as Record<string, unknown>)[key]
        : undefined;
  }
  return found;
}

/** Properties of `github` that GitHub also sets as `GITHUB_…`, which is all but the event, the token and the repository's URL. */
const VARIABLES = [
  "actor",
  "actor_id",
  "api_url",
  "base_ref",
  "event_name",
  "event_path",
  "graphql_url",
  "head_ref",
  "job",
  "ref",
  "ref_name",
  "ref_protected",
  "ref_type",
  "repository",
  "repository_id",
  "repository_owner",
  "repository_owner_id",
  "run_attempt",
  "run_id",
  "run_number",
  "server_url",
  "sha",
  "triggering_actor",
  "workflow",
  "workflow_ref",
  "workflow_sha",
  "workspace",
] as const;

export interface RunnerOptions {
  /** The sandbox's id. */
  name: string;
  temp: string;
  toolCache: string;
}

/** The `runner` context. */
export function runnerContext(options: RunnerOptions): Record<string, string> {
  return {
    name: options.name,
    os: "Linux",
    arch: "X64",
    temp: options.temp,
    tool_cache: options.toolCache,
    environment: "self-hosted",
  };
}

/** What every step finds in its environment, before `env` of workflow, job and step. The command files are the step's own. */
export function defaultEnv(github: Record<string, unknown>, runner: RunnerOptions): Record<string, string> {
  const fromGithub = VARIABLES.map((name) => [`GITHUB_${name.toUpperCase()}`, textOf(github[name])]);
  const fromRunner = Object.entries(runnerContext(runner)).map(([name, value]) => [
    `RUNNER_${name.toUpperCase()}`,
    value,
  ]);
  return Object.fromEntries([
    ["CI", "true"],
    ["SANDLOT", "true"],
    ["GITHUB_ACTIONS", "true"],
    ...fromGithub,
    ...fromRunner,
  ]);
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "boolean" ? String(value) : "";
}
