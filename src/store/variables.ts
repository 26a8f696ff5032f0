/** Variables: what workflows read as `vars`. No secrets: shown to whoever may see the settings. */

import { scopeKey } from "./scopes.ts";
import type { Scope } from "./scopes.ts";

export interface Variable {
  name: string;
  value: string;
  updatedAt: number;
}

/** Changes no row where the scope holds `max` variables already and none of this name. */
export function saveVariable(db: D1Database, scope: Scope, variable: Variable, max: number): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO variables (scope, name, value, updated_at) SELECT ?1, ?2, ?3, ?4
       WHERE (SELECT COUNT(*) FROM variables WHERE scope = ?1 AND name <> ?2) < ?5
       ON CONFLICT DO UPDATE SET value = ?3, updated_at = ?4`,
    )
    .bind(scopeKey(scope), variable.name.toUpperCase(), variable.value, variable.updatedAt, max);
}

export function removeVariable(db: D1Database, scope: Scope, name: string): D1PreparedStatement {
  return db.prepare("DELETE FROM variables WHERE scope = ? AND name = ?").bind(scopeKey(scope), name.toUpperCase());
}

export async function listVariables(db: D1Database, scope: Scope): Promise<Variable[]> {
  const rows = await db
    .prepare("SELECT name, value, updated_at FROM variables WHERE scope = ? ORDER BY name")
    .bind(scopeKey(scope))
    .all<{ name: string; value: string; updated_at: number }>();
  return rows.results.map((row) => ({ name: row.name, value: row.value, updatedAt: row.updated_at }));
}

/** The `vars` context; of two scopes that hold the same name the later one counts. */
export async function readVariables(db: D1Database, scopes: readonly Scope[]): Promise<Record<string, string>> {
  if (scopes.length === 0) return {};
  const ranks = new Map(scopes.map((scope, rank) => [scopeKey(scope), rank]));
  const rows = await db
    .prepare("SELECT scope, name, value FROM variables WHERE scope IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify([...ranks.keys()]))
    .all<{ scope: string; name: string; value: string }>();
  const found = rows.results.sort((a, b) => (ranks.get(a.scope) ?? 0) - (ranks.get(b.scope) ?? 0));
  return Object.fromEntries(found.map(({ name, value }) => [name, value]));
}
