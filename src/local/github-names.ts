/** What a repository on the local GitHub is called and numbered. */

import { createHash } from "node:crypto";

export interface NamedRepository {
  id: number;
  owner: string;
  name: string;
  defaultBranch: string;
  private: boolean;
  installationId: number;
}

/** The same name has the same id in every run, so that what is kept under it (caches) is found again. */
export function derivedId(text: string): number {
  return (Number.parseInt(createHash("sha256").update(text.toLowerCase()).digest("hex").slice(0, 8), 16) >>> 1) + 1;
}

export function derivedRepositoryId(owner: string, name: string): number {
  return derivedId(`${owner}/${name}`);
}

/** One installation for each owner. */
export function derivedInstallationId(owner: string): number {
  return derivedId(`installation of ${owner}`);
}

export function fullName(repository: { owner: string; name: string }): string {
  return `${repository.owner}/${repository.name}`;
}
