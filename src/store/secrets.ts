/** Secrets of a repository: sealed at rest, written and never read back over the API. */

export interface SecretName {
  name: string;
  updatedAt: number;
}

/** GitHub's own rule for a secret's name. */
const NAME = /^(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]{0,127}$/i;

export function isSecretName(name: string): boolean {
  return NAME.test(name);
}

/** What a secret's sealing is bound to (`src/store/seal.ts`): it opens as this secret of this repository alone. */
export function secretContext(repositoryId: number, name: string): string {
  return `secret/${repositoryId}/${name.toUpperCase()}`;
}

/** Names are kept in upper case: on GitHub their letter case does not matter. */
export function saveSecret(
  db: D1Database,
  repositoryId: number,
  name: string,
  sealed: string,
  now: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO secrets (repository_id, name, sealed, updated_at) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET sealed = ?3, updated_at = ?4`,
    )
    .bind(repositoryId, name.toUpperCase(), sealed, now);
}

export function removeSecret(db: D1Database, repositoryId: number, name: string): D1PreparedStatement {
  return db.prepare("DELETE FROM secrets WHERE repository_id = ? AND name = ?").bind(repositoryId, name.toUpperCase());
}

export async function listSecrets(db: D1Database, repositoryId: number): Promise<SecretName[]> {
  const rows = await db
    .prepare("SELECT name, updated_at FROM secrets WHERE repository_id = ? ORDER BY name")
    .bind(repositoryId)
    .all<{ name: string; updated_at: number }>();
  return rows.results.map((row) => ({ name: row.name, updatedAt: row.updated_at }));
}

/** Sealed values by upper-case name. */
export async function readSecrets(db: D1Database, repositoryId: number): Promise<Map<string, string>> {
  const rows = await db
    .prepare("SELECT name, sealed FROM secrets WHERE repository_id = ?")
    .bind(repositoryId)
    .all<{ name: string; sealed: string }>();
  return new Map(rows.results.map((row) => [row.name, row.sealed]));
}
