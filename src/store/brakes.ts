/** What keeps jobs from starting: pauses, and the month's sandbox minutes. */

import { asBuildId } from "../model/ids.ts";
import type { BuildId } from "../model/ids.ts";

/** Stands for all repositories. */
const ALL = 0;

export interface Pause {
  /** Null for all. */
  repositoryId: number | null;
  pausedAt: number;
  pausedBy: string;
}

/** Changes no row where it is paused already. */
export function savePause(db: D1Database, { repositoryId, pausedAt, pausedBy }: Pause): D1PreparedStatement {
  return db
    .prepare("INSERT INTO pauses (repository_id, paused_at, paused_by) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
    .bind(repositoryId ?? ALL, pausedAt, pausedBy);
}

export function removePause(db: D1Database, repositoryId: number | null): D1PreparedStatement {
  return db.prepare("DELETE FROM pauses WHERE repository_id = ?").bind(repositoryId ?? ALL);
}

/** With the repository's name as it is now. */
export async function listPauses(db: D1Database): Promise<(Pause & { repository: string | null })[]> {
  const rows = await db
    .prepare(
      `SELECT p.*, r.owner || '/' || r.name AS repository FROM pauses p LEFT JOIN repositories r ON r.id = p.repository_id
       ORDER BY p.repository_id`,
    )
    .all<{ repository_id: number; paused_at: number; paused_by: string; repository: string | null }>();
  return rows.results.map((row) => ({
    repositoryId: row.repository_id === ALL ? null : row.repository_id,
    pausedAt: row.paused_at,
    pausedBy: row.paused_by,
    repository: row.repository,
  }));
}

/** Builds whose jobs a pause may have held back, oldest first. */
export async function buildsHeldBack(db: D1Database, repositoryId: number | null, limit: number): Promise<BuildId[]> {
  const rows = await db
    .prepare(
      `SELECT id FROM builds WHERE settled = 0 AND status <> 'completed' AND (?1 IS NULL OR repository_id = ?1)
       ORDER BY created_at LIMIT ?2`,
    )
    .bind(repositoryId, limit)
    .all<{ id: string }>();
  return rows.results.map((row) => asBuildId(row.id));
}

/** What stands against a start, in one read: who paused this repository or all, and how much of the month is used. */
export async function readBrakes(
  db: D1Database,
  { repositoryId, month }: { repositoryId: number; month: string },
): Promise<{ pausedBy: string | null; pausedAll: boolean; usedMs: number }> {
  const row = await db
    .prepare(
      `SELECT (SELECT paused_by FROM pauses WHERE repository_id IN (?1, 0) ORDER BY repository_id LIMIT 1) AS paused_by,
         EXISTS (SELECT 1 FROM pauses WHERE repository_id = 0) AS paused_all,
         (SELECT used_ms FROM usage WHERE month = ?2) AS used_ms`,
    )
    .bind(repositoryId, month)
    .first<{ paused_by: string | null; paused_all: number; used_ms: number | null }>();
  return { pausedBy: row?.paused_by ?? null, pausedAll: row?.paused_all === 1, usedMs: row?.used_ms ?? 0 };
}

/** How many builds of a repository are not completed, counted up to `max`. */
export async function countOpenBuilds(db: D1Database, repositoryId: number, max: number): Promise<number> {
  const row = await db
    .prepare(
      `SELECT COUNT(*) AS open FROM (
         SELECT 1 FROM builds WHERE settled = 0 AND repository_id = ? AND status <> 'completed' LIMIT ?)`,
    )
    .bind(repositoryId, max)
    .first<{ open: number }>();
  return row?.open ?? 0;
}

export interface Month {
  /** `2026-11`, UTC. */
  name: string;
  /** ms since 1970. */
  from: number;
  to: number;
}

/** Before the month begins, so much earlier a build may have been made whose jobs ran in it. */
const EARLIER_MS = 31 * 24 * 3_600_000;

/**
 * How long sandboxes lived in the month, by what the rows say: none is written for it. Reads the builds of the month by their
 * index and their attempts by the key. A build that was made more than a month before and run again is not counted.
 */
export async function measureMonth(db: D1Database, { from, to }: Month, now: number): Promise<number> {
  const row = await db
    .prepare(
      `SELECT COALESCE(SUM(MAX(0, MIN(COALESCE(a.destroyed_at, ?1), ?2) - MAX(a.started_at, ?3))), 0) AS used
       FROM repositories r
       JOIN builds b ON b.repository_id = r.id AND b.created_at >= ?4 AND b.created_at < ?2
       JOIN attempts a ON a.id >= b.id || '-' AND a.id < b.id || '.'
       WHERE a.started_at IS NOT NULL`,
    )
    .bind(now, to, from, from - EARLIER_MS)
    .first<{ used: number }>();
  return row?.used ?? 0;
}

/** Writes nothing where it is known already. */
export function saveUsage(db: D1Database, month: string, usedMs: number): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO usage (month, used_ms) SELECT ?1, ?2 WHERE ?2 > 0
       ON CONFLICT DO UPDATE SET used_ms = ?2 WHERE used_ms <> ?2`,
    )
    .bind(month, usedMs);
}

/** Changes a row the first time. */
export function markWarned(db: D1Database, month: string): D1PreparedStatement {
  return db.prepare("UPDATE usage SET warned = 1 WHERE month = ? AND warned = 0").bind(month);
}
