/** Repositories as GitHub last described them. */

import type { Repository } from "../model/event.ts";

export interface StoredRepository extends Repository {
  installationId: number | null;
}

interface RepositoryRow {
  id: number;
  owner: string;
  owner_id: number | null;
  name: string;
  private: number;
  default_branch: string;
  installation_id: number | null;
}

function fromRow(row: RepositoryRow): StoredRepository {
  return {
    id: row.id,
    owner: row.owner,
    ownerId: row.owner_id,
    name: row.name,
    private: row.private === 1,
    defaultBranch: row.default_branch,
    installationId: row.installation_id,
  };
}

/**
 * Writes nothing where nothing changed. A repository known with an installation keeps it when a delivery names none. A webhook may be
 * an old one, so that it closes and never opens: only what GitHub was asked, at `askedAt` (ms), makes a private one public.
 */
export function saveRepository(
  db: D1Database,
  repository: StoredRepository,
  { askedAt }: { askedAt?: number } = {},
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO repositories (id, owner, name, private, default_branch, installation_id, owner_id)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
       ON CONFLICT (id) DO UPDATE SET owner = ?2, name = ?3, default_branch = ?5,
         private = CASE WHEN ?4 = 1 OR private_at < ?8 THEN ?4 ELSE private END,
         private_at = CASE WHEN ?4 = 1 AND private = 0 THEN unixepoch('subsec') * 1000 ELSE private_at END,
         installation_id = COALESCE(?6, installation_id), owner_id = COALESCE(?7, owner_id)
       WHERE owner <> ?2 OR name <> ?3 OR private < ?4 OR (private > ?4 AND private_at < ?8) OR default_branch <> ?5
         OR installation_id IS NOT COALESCE(?6, installation_id) OR owner_id IS NOT COALESCE(?7, owner_id)`,
    )
    .bind(
      repository.id,
      repository.owner,
      repository.name,
      repository.private ? 1 : 0,
      repository.defaultBranch,
      repository.installationId,
      repository.ownerId ?? null,
      askedAt ?? -1,
    );
}

/** Says when a repository was made private, so that nothing that GitHub said before opens it again. */
export function closeRepository(db: D1Database, id: number, now: number): D1PreparedStatement {
  return db.prepare("UPDATE repositories SET private = 1, private_at = ? WHERE id = ?").bind(now, id);
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

/** The id of whoever is called so now, in any letter case; null where no repository of theirs is known. */
export async function findOwner(db: D1Database, owner: string): Promise<number | null> {
  const row = await db
    .prepare(
      "SELECT owner_id FROM repositories WHERE owner = ? COLLATE NOCASE AND owner_id IS NOT NULL ORDER BY id DESC LIMIT 1",
    )
    .bind(owner)
    .first<{ owner_id: number }>();
  return row?.owner_id ?? null;
}

/** Which repositories a list may name: all, or these and, where asked for, those that are public. */
export type Visible = "all" | { ids: number[]; isPublicToo: boolean };

/** SQL over a row of `repositories` named `r`; goes before other conditions, its values first. */
export function visibleWhere(visible: Visible): { sql: string; values: (string | number)[] } {
  if (visible === "all") return { sql: "1", values: [] };
  const { ids, isPublicToo } = visible;
  const sql = "(r.id IN (SELECT value FROM json_each(?)) OR (? AND r.private = 0))";
  return { sql, values: [JSON.stringify(ids), isPublicToo ? 1 : 0] };
}

export async function listRepositories(
  db: D1Database,
  limit: number,
  visible: Visible = "all",
): Promise<StoredRepository[]> {
  const where = visibleWhere(visible);
  const rows = await db
    .prepare(`SELECT r.* FROM repositories r WHERE ${where.sql} ORDER BY r.owner, r.name LIMIT ?`)
    .bind(...where.values, limit)
    .all<RepositoryRow>();
  return rows.results.map(fromRow);
}
