/** The scope that an address names: whose secrets, variables and environments are asked for. */

import { hasEnvironment } from "../../store/environments.ts";
import { findOwner, findRepository } from "../../store/repositories.ts";
import type { Scope } from "../../store/scopes.ts";
import { problem } from "../http/answer.ts";
import type { Read } from "../http/body.ts";
import type { RepositoryName } from "../rooms.ts";

/** As the address says it. */
export interface ScopeName {
  owner: string;
  repo?: string | undefined;
  environment?: string | undefined;
}

export interface FoundScope {
  scope: Scope;
  /** Null for an owner's. */
  repositoryId: number | null;
  /** For people. */
  label: string;
}

export async function readScope(db: D1Database, { owner, repo, environment }: ScopeName): Promise<Read<FoundScope>> {
  if (repo === undefined) return await readOwner(db, owner);
  const repository = await readKnownRepository(db, { owner, repo });
  if (!repository.ok) return repository;
  const { id } = repository.value;
  if (environment === undefined) {
    const scope = { kind: "repository", repositoryId: id } as const;
    return { ok: true, value: { scope, repositoryId: id, label: `${owner}/${repo}` } };
  }
  if (!(await hasEnvironment(db, id, environment))) {
    const detail = `${owner}/${repo} has no environment ${JSON.stringify(environment.slice(0, 255))} in Sandlot: create it first (sandlot environments create).`;
    return { ok: false, answer: problem(404, detail) };
  }
  const scope = { kind: "environment", repositoryId: id, environment } as const;
  const label = `environment ${environment.toLowerCase()} of ${owner}/${repo}`;
  return { ok: true, value: { scope, repositoryId: id, label } };
}

async function readOwner(db: D1Database, owner: string): Promise<Read<FoundScope>> {
  const ownerId = await findOwner(db, owner);
  if (ownerId !== null) {
    const scope = { kind: "owner", ownerId } as const;
    return { ok: true, value: { scope, repositoryId: null, label: `all repositories of ${owner}` } };
  }
  const detail = `Sandlot has not heard of a repository of ${owner} yet: it does with the first webhook that GitHub sends.`;
  return { ok: false, answer: problem(404, detail) };
}

export async function readKnownRepository(
  db: D1Database,
  { owner, repo }: RepositoryName,
): Promise<Read<{ id: number }>> {
  const repository = await findRepository(db, owner, repo);
  if (repository) return { ok: true, value: repository };
  const detail = `Sandlot has not heard of ${owner}/${repo} yet: it does with the first webhook that GitHub sends.`;
  return { ok: false, answer: problem(404, detail) };
}
