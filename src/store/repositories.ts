/** Repositories as GitHub last described them. */

import type { Repository } from "../model/event.ts";

export interface StoredRepository extends Repository {
  installationId: number | null;
}

interface RepositoryRow {
  id: number;
  owner: string;
  name: string;
  private: number;
  default_branch: string;
  installation_id: number | null;
}

function fromRow(row: RepositoryRow): StoredRepository {
  return {
    id: row.id,
    owner: row.owner,
    name: row.name,
    private: row.private === 1,
    defaultBranch: row.default_branch,
    installationId: row.installation_id,
  };
}

/** Writes nothing where nothing changed. A repository known with an installation keeps it when a delivery names none. */
export function saveRepository(db: D1Database, repository: StoredRepository): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO repositories (id, owner, name, private, default_branch, installation_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
       ON CONFLICT (id) DO UPDATE SET owner = ?2, name = ?3, private = ?4, default_branch = ?5,
         installation_id = COALESCE(?6, installation_id)
       WHERE owner <> ?2 OR name <> ?3 OR private <> ?4 OR default_branch <> ?5
         OR installation_id IS NOT COALESCE(?6, installation_id)`,
    )
    .bind(
      repository.id,
      repository.owner,
      repository.name,
      repository.private ? 1 : 0,
      repository.defaultBranch,
      repository.installationId,
    );
}

export async function readRepository(db: D1Database, id: number): Promise<StoredRepository | null> {
  const row = await db.prepare("SELECT * FROM repositories WHERE id = ?").bind(id).first<RepositoryRow>();
  return row && fromRow(row);
}

/** By the name it has now, in any letter case, as on GitHub. */
export async function findRepository(db: D1Database, owner: string, name: string): Promise<StoredRepository | null> {
  const row = await db
    .prepare(
      "SELECT * FROM repositories WHERE owner = ? COLLATE NOCASE AND name = ? COLLATE NOCASE ORDER BY id DESC LIMIT 1",
    )
    .bind(owner, name)
    .first<RepositoryRow>();
  return row && fromRow(row);
}

export async function listRepositories(db: D1Database, limit: number): Promise<StoredRepository[]> {
  const rows = await db
    .prepare("SELECT * FROM repositories ORDER BY owner, name LIMIT ?")
    .bind(limit)
    .all<RepositoryRow>();
  return rows.results.map(fromRow);
}
