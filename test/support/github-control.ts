/** The strings of the local GitHub, for tests that run in workerd: repositories, commits and faults made over HTTP. */

import type { CommitOptions, FileContent, WrittenCommit } from "../../src/local/github-commits.ts";
import type { AppHook } from "../../src/local/github-deliveries.ts";
import type { NamedRepository } from "../../src/local/github-names.ts";
import type { PersonsRight } from "../../src/local/github-people.ts";
import type { Fault, LocalStatus, PullOptions, RecordedCall } from "../../src/local/github-state.ts";
import type { TestGitHub } from "./local-github.ts";

export interface TestRepository extends NamedRepository {
  /** `owner/name` */
  fullName: string;
  /** The first commit, on the default branch. */
  sha: string;
  ref: string;
  cloneUrl: string;
}

let made = 0;

/** A repository of its own for one test: its name is drawn, so that test files do not meet. */
export async function createRepository(
  github: TestGitHub,
  files: Record<string, FileContent>,
  options: { private?: boolean; owner?: string; defaultBranch?: string } = {},
): Promise<TestRepository> {
  made += 1;
  const owner = options.owner ?? "ada";
  const name = `test-${made}-${crypto.randomUUID().slice(0, 8)}`;
  const answer = (await control(github, "POST", "repositories", { owner, name, files, ...options })) as {
    repositoryId: number;
    installationId: number;
    sha: string;
    ref: string;
    cloneUrl: string;
  };
  const { repositoryId: id, ...rest } = answer;
  const isPrivate = options.private ?? true;
  const defaultBranch = options.defaultBranch ?? "main";
  return { id, owner, name, fullName: `${owner}/${name}`, private: isPrivate, defaultBranch, ...rest };
}

export async function commit(
  github: TestGitHub,
  repository: { owner: string; name: string },
  options: Partial<CommitOptions>,
): Promise<WrittenCommit> {
  return (await control(github, "POST", `${pathOf(repository)}/commits`, options)) as WrittenCommit;
}

export async function openPullRequest(
  github: TestGitHub,
  repository: { owner: string; name: string },
  options: PullOptions,
): Promise<{ number: number; baseSha: string; headSha: string; mergeSha: string | null }> {
  const answer = await control(github, "POST", `${pathOf(repository)}/pulls`, options);
  return answer as { number: number; baseSha: string; headSha: string; mergeSha: string | null };
}

export async function renameRepository(
  github: TestGitHub,
  repository: { owner: string; name: string },
  name: string,
): Promise<void> {
  await control(github, "POST", `${pathOf(repository)}/rename`, { name });
}

/** What the App may do from now on for the repository's owner. */
export async function grant(
  github: TestGitHub,
  repository: { owner: string; name: string },
  permissions: Record<string, "read" | "write">,
): Promise<void> {
  await control(github, "POST", `${pathOf(repository)}/granted`, permissions);
}

/** Keeps a file of Git LFS, and gives the pointer to commit. */
export async function keepLarge(
  github: TestGitHub,
  repository: { owner: string; name: string },
  text: string,
): Promise<string> {
  const answer = (await control(github, "POST", `${pathOf(repository)}/lfs`, { text })) as { pointer: string };
  return answer.pointer;
}

/** What a person may do in a repository from now on; its owner may do everything unless it is said otherwise. */
export async function letPerson(
  github: TestGitHub,
  repository: { owner: string; name: string },
  login: string,
  right: PersonsRight,
): Promise<void> {
  await control(github, "POST", `${pathOf(repository)}/people`, { login, right });
}

/** The person takes the App's leave away; with `keep` only what is not a refresh token ends. */
export async function endPersonsTokens(github: TestGitHub, login: string, keep?: "refresh"): Promise<void> {
  await control(github, "DELETE", `people?login=${login}${keep === undefined ? "" : `&keep=${keep}`}`);
}

export async function setVisibility(
  github: TestGitHub,
  repository: { owner: string; name: string },
  isPrivate: boolean,
): Promise<void> {
  await control(github, "POST", `${pathOf(repository)}/visibility`, { private: isPrivate });
}

/** Commits that no branch or tag reaches are gone afterwards. */
export async function pruneRepository(github: TestGitHub, repository: { owner: string; name: string }): Promise<void> {
  await control(github, "POST", `${pathOf(repository)}/prune`);
}

export async function deleteRepository(github: TestGitHub, repository: { owner: string; name: string }): Promise<void> {
  await control(github, "DELETE", pathOf(repository));
}

/** The next calls of `fault.on` (in `fault.repository`) misbehave, one answer each. */
export async function addFault(github: TestGitHub, fault: Fault): Promise<void> {
  await control(github, "POST", "faults", fault);
}

/** The tokens given out so far for an installation are refused from now on. */
export async function endTokens(github: TestGitHub, installationId: number): Promise<void> {
  await control(github, "DELETE", `tokens?installation=${installationId}`);
}

/** What GitHub says from now on of webhooks that it sent, and where it sends them. */
export async function setHook(github: TestGitHub, hook: Partial<AppHook>): Promise<void> {
  await control(github, "POST", "hook", hook);
}

export async function readHook(github: TestGitHub): Promise<AppHook> {
  return (await control(github, "GET", "hook")) as AppHook;
}

/** In order of arrival; of one repository (`owner/name`) where asked. */
export async function callsTo(github: TestGitHub, repository?: string): Promise<RecordedCall[]> {
  const query = repository === undefined ? "" : `?repository=${encodeURIComponent(repository)}`;
  return (await control(github, "GET", `calls${query}`)) as RecordedCall[];
}

/** Those that GitHub's own description does not allow. */
export async function refusedCalls(github: TestGitHub): Promise<RecordedCall[]> {
  return (await control(github, "GET", "calls?refused=true")) as RecordedCall[];
}

/** In order of arrival. */
export async function statusesOf(github: TestGitHub, repository: string, sha?: string): Promise<LocalStatus[]> {
  const query = new URLSearchParams({ repository, ...(sha !== undefined && { sha }) });
  return (await control(github, "GET", `statuses?${query.toString()}`)) as LocalStatus[];
}

function pathOf(repository: { owner: string; name: string }): string {
  return `repositories/${repository.owner}/${repository.name}`;
}

async function control(github: TestGitHub, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${github.url}/_local/${path}`, {
    method,
    headers: { authorization: `Bearer ${github.controlToken}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} /_local/${path}: ${response.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}
