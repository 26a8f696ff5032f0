/** What GitHub lets people do, as it was told when it was last asked. */

import type { Right } from "../model/right.ts";

export interface Answered {
  right: Right | null;
  askedAt: number;
}

/** Stands for "all of this person's were listed". */
const LISTED = 0;
const NONE = "none";

type Level = Right | typeof NONE;

export async function readGitHubRight(db: D1Database, userId: number, repositoryId: number): Promise<Answered | null> {
  const row = await db
    .prepare("SELECT level, asked_at FROM github_rights WHERE user_id = ? AND repository_id = ?")
    .bind(userId, repositoryId)
    .first<{ level: Level; asked_at: number }>();
  return row && { right: row.level === NONE ? null : row.level, askedAt: row.asked_at };
}

export function saveGitHubRight(
  db: D1Database,
  userId: number,
  repositoryId: number,
  { right, askedAt }: Answered,
): D1PreparedStatement {
  return db
    .prepare("INSERT OR REPLACE INTO github_rights (user_id, repository_id, level, asked_at) VALUES (?, ?, ?, ?)")
    .bind(userId, repositoryId, right ?? NONE, askedAt);
}

/** The repositories that a list of GitHub's named, where one was asked for after `since`; else null. */
export async function readListedRepositories(db: D1Database, userId: number, since: number): Promise<number[] | null> {
  const rows = await db
    .prepare("SELECT repository_id FROM github_rights WHERE user_id = ? AND asked_at > ? AND level <> ?")
    .bind(userId, since, NONE)
    .all<{ repository_id: number }>();
  const ids = rows.results.map((row) => row.repository_id);
  return ids.includes(LISTED) ? ids.filter((id) => id !== LISTED) : null;
}

/** Replaces all that was known of a person. */
export async function saveListedRights(
  db: D1Database,
  userId: number,
  rights: ReadonlyMap<number, Right>,
  askedAt: number,
): Promise<void> {
  const rows = [[LISTED, "read"] as const, ...rights].map(([id, level]) => ({ id, level }));
  await db.batch([
    db.prepare("DELETE FROM github_rights WHERE user_id = ?").bind(userId),
    db
      .prepare(
        `INSERT INTO github_rights (user_id, repository_id, level, asked_at)
         SELECT ?1, value ->> 'id', value ->> 'level', ?2 FROM json_each(?3)`,
      )
      .bind(userId, askedAt, JSON.stringify(rows)),
  ]);
}
