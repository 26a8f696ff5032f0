/** What the local GitHub remembers: repositories, pull requests, statuses, tokens, and every call it was made. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type GitPlace, mergeCommits, readGitRef } from "./github-git.ts";
import type { AppHook } from "./github-deliveries.ts";
import type { LocalPeople } from "./github-people.ts";
import { derivedInstallationId, derivedRepositoryId, fullName, type NamedRepository } from "./github-names.ts";

export interface LocalRepository extends GitPlace, NamedRepository {
  /** Only a repository that is our own takes pushes; a user's never does. */
  writable: boolean;
  pulls: Map<number, LocalPull>;
}

export interface LocalPull {
  number: number;
  title: string;
  state: "open" | "closed";
  login: string;
  baseRef: string;
  headRef: string;
  /** Where the head is no branch of this repository (a commit of the working tree); null to follow `headRef`. */
  headSha: string | null;
  /** Another one is a fork, null a fork that is gone. */
  headRepositoryId: number | null;
  /** As many answers say `mergeable: null`, as GitHub does while it computes. */
  unknownFor: number;
  createdAt: string;
}

export interface LocalStatus {
  id: number;
  repository: string;
  repositoryId: number;
  sha: string;
  state: "error" | "failure" | "pending" | "success";
  context: string;
  description: string | null;
  targetUrl: string | null;
  /** ms */
  at: number;
}

export interface RecordedCall {
  method: string;
  path: string;
  /** GitHub's operation id, `git/info-refs`, `git/upload-pack`, `git/receive-pack`; null for what GitHub does not have. */
  operation: string | null;
  repository: string | null;
  body: unknown;
  /** 0 where the socket was dropped. */
  status: number;
  /** The request is one that GitHub's description allows. */
  valid: boolean;
  problems: string[];
  at: number;
}

export interface LocalToken {
  installationId: number;
  /** Null for all repositories of the installation. */
  repositoryIds: number[] | null;
  permissions: Record<string, string>;
  /** ms */
  expiresAt: number;
}

/** One misbehaviour, used up by the call that meets it. */
export type FaultAnswer =
  | { status: number; headers?: Record<string, string>; body?: string }
  /** The connection breaks: before anything is done, or when all is done and only the answer is lost. */
  | { drop: "before" | "after" }
  /** Answers as usual, that much later. */
  | { stallMs: number };

export interface Fault {
  /** A `RecordedCall.operation`. */
  on: string;
  /** `owner/name`; any where absent. */
  repository?: string;
  answers: FaultAnswer[];
}

export interface LocalState {
  appId: string;
  appSlug: string;
  publicKeyPem: string;
  /** Folder of ours, gone after close. */
  scratch: string;
  repositories: Map<number, LocalRepository>;
  /** Former `owner/name` to id. */
  renames: Map<string, number>;
  tokens: Map<string, LocalToken>;
  /** What the App was granted, by installation; where absent, all that it asks for. */
  granted: Map<number, Record<string, string>>;
  statuses: LocalStatus[];
  calls: RecordedCall[];
  faults: Fault[];
  tokenLifeMs: number;
  people: LocalPeople;
  hook: AppHook;
  onStatus: ((status: LocalStatus) => void) | null;
}

export interface RepositoryOptions {
  owner: string;
  name: string;
  /** Absolute path of the git directory (`.git`, or a bare repository). */
  gitDir: string;
  defaultBranch: string;
  /** True where absent: then git asks for a token, as most users' repositories do. */
  private?: boolean;
  alternateObjects?: string[];
  writable?: boolean;
  id?: number;
}

export function addRepository(state: LocalState, options: RepositoryOptions): LocalRepository {
  const id = options.id ?? derivedRepositoryId(options.owner, options.name);
  if (state.repositories.has(id)) throw new Error(`${options.owner}/${options.name} is there already`);
  const scratchObjects = join(state.scratch, "objects", String(id));
  mkdirSync(scratchObjects, { recursive: true });
  const repository: LocalRepository = {
    id,
    owner: options.owner,
    name: options.name,
    gitDir: options.gitDir,
    defaultBranch: options.defaultBranch,
    private: options.private ?? true,
    writable: options.writable ?? false,
    alternateObjects: options.alternateObjects ?? [],
    scratchObjects,
    installationId: derivedInstallationId(options.owner),
    pulls: new Map(),
  };
  state.repositories.set(id, repository);
  return repository;
}

/** Names are compared as GitHub does, without case. */
export function findRepository(state: LocalState, owner: string, name: string): LocalRepository | null {
  const wanted = `${owner}/${name}`.toLowerCase();
  for (const repository of state.repositories.values()) {
    if (fullName(repository).toLowerCase() === wanted) return repository;
  }
  return null;
}

/** The repository that once had this name. */
export function findRenamed(state: LocalState, owner: string, name: string): LocalRepository | null {
  const id = state.renames.get(`${owner}/${name}`.toLowerCase());
  return id === undefined ? null : (state.repositories.get(id) ?? null);
}

/** What a full ref points at; `refs/pull/N/head` and `/merge` are there without being written to the git directory. */
export async function readRef(repository: LocalRepository, ref: string): Promise<string | null> {
  const match = /^refs\/pull\/(\d+)\/(head|merge)$/.exec(ref);
  if (match === null) return await readGitRef(repository, ref);
  const pull = repository.pulls.get(Number(match[1]));
  if (pull === undefined) return null;
  const current = await readPull(repository, pull);
  return match[2] === "head" ? current.headSha : current.mergeSha;
}

/** Base, head and their test merge as they are now; `mergeSha` is null for a conflict. */
export async function readPull(
  repository: LocalRepository,
  pull: LocalPull,
): Promise<{ baseSha: string; headSha: string; mergeSha: string | null }> {
  const baseSha = await readGitRef(repository, `refs/heads/${pull.baseRef}`);
  const headSha = pull.headSha ?? (await readGitRef(repository, `refs/heads/${pull.headRef}`));
  if (baseSha === null || headSha === null) {
    throw new Error(
      `pull request ${pull.number}: there is no branch ${baseSha === null ? pull.baseRef : pull.headRef}`,
    );
  }
  return { baseSha, headSha, mergeSha: await mergeCommits(repository, baseSha, headSha) };
}

export interface PullOptions {
  /** Branch that it wants to be merged into. */
  base: string;
  /** Branch with the changes. */
  head: string;
  /** The head's commit where `head` is no branch here, or not at that commit. */
  headSha?: string;
  title?: string;
  login?: string;
  /** This repository where absent; null for a fork that is gone. */
  headRepositoryId?: number | null;
  unknownFor?: number;
}

export function addPull(repository: LocalRepository, options: PullOptions): LocalPull {
  const pull: LocalPull = {
    number: repository.pulls.size + 1,
    title: options.title ?? `Merge ${options.head}`,
    state: "open",
    login: options.login ?? repository.owner,
    baseRef: options.base,
    headRef: options.head,
    headSha: options.headSha ?? null,
    headRepositoryId: options.headRepositoryId === undefined ? repository.id : options.headRepositoryId,
    unknownFor: options.unknownFor ?? 0,
    createdAt: new Date().toISOString(),
  };
  repository.pulls.set(pull.number, pull);
  return pull;
}

/** Takes the next misbehaviour asked for this call; null for none. */
export function takeFault(state: LocalState, operation: string | null, repository: string | null): FaultAnswer | null {
  const index = state.faults.findIndex(
    (fault) =>
      fault.on === operation && (fault.repository === undefined || fault.repository === repository) && fault.answers[0],
  );
  const fault = state.faults[index];
  if (fault === undefined) return null;
  const answer = fault.answers.shift() ?? null;
  if (fault.answers.length === 0) state.faults.splice(index, 1);
  return answer;
}
