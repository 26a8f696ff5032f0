/** The cron times of default branches, one row for each repository, and the clock of those that start them. */

import type { StoredRepository } from "./repositories.ts";

export interface ScheduleEntry {
  path: string;
  cron: string;
  /** The minute (since 1970, UTC) when it was first seen: what was due before is not made up for. */
  since: number;
}

export interface RepositorySchedule {
  repositoryId: number;
  branch: string;
  entries: ScheduleEntry[];
  readAt: number;
}

interface ScheduleRow {
  repository_id: number;
  branch: string;
  entries: string;
  read_at: number;
}

function fromRow(row: ScheduleRow): RepositorySchedule {
  return {
    repositoryId: row.repository_id,
    branch: row.branch,
    entries: JSON.parse(row.entries) as ScheduleEntry[],
    readAt: row.read_at,
  };
}

export async function readSchedule(db: D1Database, repositoryId: number): Promise<RepositorySchedule | null> {
  const row = await db
    .prepare("SELECT * FROM schedules WHERE repository_id = ?")
    .bind(repositoryId)
    .first<ScheduleRow>();
  return row && fromRow(row);
}

/** Written only over what was read before (`known`): whoever read at the same time and wrote first stays. */
export function saveSchedule(
  db: D1Database,
  schedule: RepositorySchedule,
  known: RepositorySchedule | null,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO schedules (repository_id, branch, entries, read_at) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (repository_id) DO UPDATE SET branch = ?2, entries = ?3, read_at = ?4 WHERE read_at = ?5`,
    )
    .bind(
      schedule.repositoryId,
      schedule.branch,
      JSON.stringify(schedule.entries),
      schedule.readAt,
      known?.readAt ?? -1,
    );
}

/** All that has times. */
export async function listSchedules(db: D1Database): Promise<RepositorySchedule[]> {
  const rows = await db.prepare("SELECT * FROM schedules WHERE entries <> '[]'").all<ScheduleRow>();
  return rows.results.map(fromRow);
}

/** Repositories whose default branch was never read, is another one now, or was read before `before`. */
export async function staleSchedules(
  db: D1Database,
  before: number,
  limit: number,
): Promise<Pick<StoredRepository, "id" | "installationId">[]> {
  const rows = await db
    .prepare(
      `SELECT r.id, r.installation_id FROM repositories r LEFT JOIN schedules s ON s.repository_id = r.id
       WHERE r.installation_id IS NOT NULL
         AND (s.repository_id IS NULL OR s.branch <> r.default_branch OR s.read_at < ?)
       ORDER BY COALESCE(s.read_at, 0) LIMIT ?`,
    )
    .bind(before, limit)
    .all<{ id: number; installation_id: number }>();
  return rows.results.map((row) => ({ id: row.id, installationId: row.installation_id }));
}

export async function readClock(db: D1Database): Promise<number | null> {
  const row = await db.prepare("SELECT minute FROM clock WHERE id = 1").first<{ minute: number }>();
  return row?.minute ?? null;
}

/** Never back. */
export function setClock(db: D1Database, minute: number): D1PreparedStatement {
  return db
    .prepare(
      "INSERT INTO clock (id, minute) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET minute = ?1 WHERE minute < ?1",
    )
    .bind(minute);
}
