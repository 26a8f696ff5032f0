/** Environments of a repository: a job that names one runs only where it was made, by hand. */

import { scopeKey } from "./scopes.ts";

export interface Environment {
  name: string;
  createdAt: number;
}

/** Changes no row where it exists, or where the repository has `max`. */
export function createEnvironment(
  db: D1Database,
  repositoryId: number,
  environment: Environment,
  max: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO environments (repository_id, name, created_at) SELECT ?1, ?2, ?3
       WHERE (SELECT COUNT(*) FROM environments WHERE repository_id = ?1) < ?4 ON CONFLICT DO NOTHING`,
    )
    .bind(repositoryId, environment.name.toLowerCase(), environment.createdAt, max);
}

/** With its secrets and variables. The first statement changes a row exactly where it existed. */
export function removeEnvironment(db: D1Database, repositoryId: number, name: string): D1PreparedStatement[] {
  const key = scopeKey({ kind: "environment", repositoryId, environment: name });
  return [
    db.prepare("DELETE FROM environments WHERE repository_id = ? AND name = ?").bind(repositoryId, name.toLowerCase()),
    db.prepare("DELETE FROM secrets WHERE scope = ?").bind(key),
    db.prepare("DELETE FROM variables WHERE scope = ?").bind(key),
  ];
}

export async function hasEnvironment(db: D1Database, repositoryId: number, name: string): Promise<boolean> {
  const row = await db
    .prepare("SELECT 1 FROM environments WHERE repository_id = ? AND name = ?")
    .bind(repositoryId, name.toLowerCase())
    .first();
  return row !== null;
}

export async function listEnvironments(db: D1Database, repositoryId: number): Promise<Environment[]> {
  const rows = await db
    .prepare("SELECT name, created_at FROM environments WHERE repository_id = ? ORDER BY name")
    .bind(repositoryId)
    .all<{ name: string; created_at: number }>();
  return rows.results.map((row) => ({ name: row.name, createdAt: row.created_at }));
}
