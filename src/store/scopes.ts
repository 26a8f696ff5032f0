/** Whose a secret or a variable is: all repositories of an owner, one repository, or one environment of it. */

export type Scope =
  | { kind: "owner"; ownerId: number }
  | { kind: "repository"; repositoryId: number }
  | { kind: "environment"; repositoryId: number; environment: string };

/** The column `scope`. Ids and one encoded name: no two scopes have the same key. */
export function scopeKey(scope: Scope): string {
  switch (scope.kind) {
    case "owner":
      return `owner/${scope.ownerId}`;
    case "repository":
      return `repository/${scope.repositoryId}`;
    case "environment":
      return `repository/${scope.repositoryId}/environment/${encodeURIComponent(scope.environment.toLowerCase())}`;
  }
}

/** What every job of a repository is given from, the weakest first. An owner whose id is not known yet has nothing to give. */
export function scopesOf(repository: { id: number; ownerId?: number | null }): Scope[] {
  const own: Scope = { kind: "repository", repositoryId: repository.id };
  return repository.ownerId == null ? [own] : [{ kind: "owner", ownerId: repository.ownerId }, own];
}

/** What a job in an environment is given besides, and stronger. */
export function scopesOfEnvironment(repositoryId: number, environment: string | null): Scope[] {
  return environment === null ? [] : [{ kind: "environment", repositoryId, environment }];
}

/** GitHub's own rule for the name of a secret or a variable. */
const NAME = /^(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]{0,127}$/i;

export function isSettingName(name: string): boolean {
  return NAME.test(name);
}

/** https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments */
export function isEnvironmentName(name: string): boolean {
  return name.trim() === name && name.length > 0 && name.length <= 255 && !/['"`,;\\\p{Cc}]/u.test(name);
}
