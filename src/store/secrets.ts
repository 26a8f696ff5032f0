/** Secrets: sealed at rest, written and never read back over the API. Names are kept in upper case, as on GitHub. */

import { scopeKey } from "./scopes.ts";
import type { Scope } from "./scopes.ts";

export interface SecretName {
  name: string;
  updatedAt: number;
}

export interface SealedSecret {
  scope: Scope;
  sealed: string;
}

/** What a secret's sealing is bound to (`src/store/seal.ts`): it opens as this secret of this scope alone. */
export function secretContext(scope: Scope, name: string): string {
  const whose = scope.kind === "repository" ? String(scope.repositoryId) : scopeKey(scope);
  return `secret/${whose}/${name.toUpperCase()}`;
}

/** Changes no row where the scope holds `max` secrets already and none of this name. */
export function saveSecret(
  db: D1Database,
  scope: Scope,
  secret: { name: string; sealed: string; at: number },
  max: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO secrets (scope, name, sealed, updated_at) SELECT ?1, ?2, ?3, ?4
       WHERE (SELECT COUNT(*) FROM secrets WHERE scope = ?1 AND name <> ?2) < ?5
       ON CONFLICT DO UPDATE SET sealed = ?3, updated_at = ?4`,
    )
    .bind(scopeKey(scope), secret.name.toUpperCase(), secret.sealed, secret.at, max);
}

export function removeSecret(db: D1Database, scope: Scope, name: string): D1PreparedStatement {
  return db.prepare("DELETE FROM secrets WHERE scope = ? AND name = ?").bind(scopeKey(scope), name.toUpperCase());
}

export async function listSecrets(db: D1Database, scope: Scope): Promise<SecretName[]> {
  const rows = await db
    .prepare("SELECT name, updated_at FROM secrets WHERE scope = ? ORDER BY name")
    .bind(scopeKey(scope))
    .all<{ name: string; updated_at: number }>();
  return rows.results.map((row) => ({ name: row.name, updatedAt: row.updated_at }));
}

/** Sealed values by upper-case name; of two scopes that hold the same name the later one counts. */
export async function readSecrets(
  db: D1Database,
  scopes: readonly Scope[],
  names: readonly string[] | "all",
): Promise<Map<string, SealedSecret>> {
  const byKey = new Map(scopes.map((scope, rank) => [scopeKey(scope), { scope, rank }]));
  const rows = await db
    .prepare(
      `SELECT scope, name, sealed FROM secrets WHERE scope IN (SELECT value FROM json_each(?1))
         AND (?2 IS NULL OR name IN (SELECT value FROM json_each(?2)))`,
    )
    .bind(
      JSON.stringify([...byKey.keys()]),
      names === "all" ? null : JSON.stringify(names.map((name) => name.toUpperCase())),
    )
    .all<{ scope: string; name: string; sealed: string }>();
  const found = rows.results.flatMap((row) => {
    const known = byKey.get(row.scope);
    return known === undefined ? [] : [{ ...known, ...row, scope: known.scope }];
  });
  found.sort((a, b) => a.rank - b.rank);
  return new Map(found.map(({ name, scope, sealed }) => [name, { scope, sealed }]));
}

interface StoredSecret extends SealedSecret {
  name: string;
}

/** Secrets that were not sealed under this key, at most `limit`. */
export async function secretsUnderOtherKeys(db: D1Database, keyId: string, limit: number): Promise<StoredSecret[]> {
  const rows = await db
    .prepare("SELECT scope, name, sealed FROM secrets WHERE substr(sealed, 4, ?) <> ? LIMIT ?")
    .bind(keyId.length, keyId, limit)
    .all<{ scope: string; name: string; sealed: string }>();
  return rows.results.map(({ scope, name, sealed }) => ({ scope: scopeOfKey(scope), name, sealed }));
}

/** Writes nothing where the secret was changed or removed meanwhile. */
export function replaceSealed(
  db: D1Database,
  { scope, name, sealed }: StoredSecret,
  resealed: string,
): D1PreparedStatement {
  return db
    .prepare("UPDATE secrets SET sealed = ? WHERE scope = ? AND name = ? AND sealed = ?")
    .bind(resealed, scopeKey(scope), name, sealed);
}

function scopeOfKey(key: string): Scope {
  const [kind, id = "", , environment] = key.split("/");
  if (kind === "owner") return { kind: "owner", ownerId: Number(id) };
  if (environment === undefined) return { kind: "repository", repositoryId: Number(id) };
  return { kind: "environment", repositoryId: Number(id), environment: decodeURIComponent(environment) };
}
