/** Attempts: admission, heartbeat, end. The number of those whose sandbox may live is our own count of sandboxes. */

import type { Attempt, Job, SandboxSize } from "../model/job.ts";
import type { Change } from "../model/transition.ts";
import type { Reason } from "../model/status.ts";
import { asAttemptId, asBuildId, asJobId, attemptId } from "../model/ids.ts";
import type { AttemptId, BuildId, JobId, SandboxId } from "../model/ids.ts";
import { changeState, stateOf } from "./state.ts";
import type { StateColumns } from "./state.ts";

interface AttemptRow extends StateColumns {
  id: string;
  job_id: string;
  build_id: string;
  repository_id: number;
  attempt: number;
  run_attempt: number;
  sandbox_id: string;
  sandbox_size: SandboxSize;
  recoveries: number;
  created_at: number;
  started_at: number | null;
  heartbeat_at: number | null;
  sealed: string | null;
  archived_at: number | null;
  destroyed_at: number | null;
}

function fromRow(row: AttemptRow): Attempt {
  return {
    id: asAttemptId(row.id),
    jobId: asJobId(row.job_id),
    buildId: asBuildId(row.build_id),
    repositoryId: row.repository_id,
    attempt: row.attempt,
    runAttempt: row.run_attempt,
    sandboxId: row.sandbox_id as SandboxId,
    sandboxSize: row.sandbox_size,
    recoveries: row.recoveries,
    createdAt: row.created_at,
    startedAt: row.started_at,
    heartbeatAt: row.heartbeat_at,
    archivedAt: row.archived_at,
    destroyedAt: row.destroyed_at,
    state: stateOf(row),
  };
}

/** An attempt as it is asked for. */
export interface Admission {
  job: Pick<Job, "id" | "buildId" | "repositoryId" | "attempt" | "runAttempt">;
  sandboxId: SandboxId;
  sandboxSize: SandboxSize;
  recoveries: number;
  /** The other legs of its matrix, where only so many may run at once (`max-parallel`). */
  legs?: { ids: JobId[]; max: number } | null;
  now: number;
}

const LIVE_OF = "SELECT COUNT(*) FROM attempts live WHERE live.destroyed_at IS NULL AND live.repository_id";

/** Of the row of `jobs`. Whoever has none needs no look at the others. */
const HAS_ITS_TURN = `((${LIVE_OF} = jobs.repository_id) = 0 OR NOT EXISTS (
             SELECT 1 FROM builds b JOIN jobs waiting ON waiting.id >= b.id || '-' AND waiting.id < b.id || '.'
             WHERE b.settled = 0 AND b.status <> 'completed' AND b.repository_id <> jobs.repository_id
               AND waiting.status = 'queued' AND waiting.admitted = 0
               AND NOT EXISTS (SELECT 1 FROM pauses WHERE pauses.repository_id IN (0, b.repository_id))
               AND (${LIVE_OF} = b.repository_id) < (${LIVE_OF} = jobs.repository_id)))`;

/**
 * Makes the job's next attempt if the job still waits and fewer than `maxSandboxes` sandboxes may live. Turns are fair: a repository
 * that has a sandbox waits while another one with fewer of them waits for its next.
 * Both statements go in one batch; the first changes a row exactly where the attempt was admitted.
 */
export function admitAttempt(db: D1Database, asked: Admission, maxSandboxes: number): D1PreparedStatement[] {
  const { job } = asked;
  const attempt = job.attempt + 1;
  const id = attemptId(job.id, attempt);
  return [
    db
      .prepare(
        `INSERT INTO attempts (id, job_id, build_id, repository_id, attempt, run_attempt, sandbox_id, sandbox_size,
           recoveries, created_at, status)
         SELECT ?, id, build_id, repository_id, ?, run_attempt, ?, ?, ?, ?, 'queued' FROM jobs
         WHERE id = ? AND attempt = ? AND admitted = 0 AND status IN ('waiting', 'queued')
           AND (SELECT COUNT(*) FROM attempts WHERE destroyed_at IS NULL) < ?
           AND ${HAS_ITS_TURN}
           AND (SELECT COUNT(*) FROM jobs leg WHERE leg.id IN (SELECT value FROM json_each(?))
                AND leg.admitted = 1 AND leg.status IN ('queued', 'in_progress')) < ?
         ON CONFLICT DO NOTHING`,
      )
      .bind(
        id,
        attempt,
        asked.sandboxId,
        asked.sandboxSize,
        asked.recoveries,
        asked.now,
        job.id,
        job.attempt,
        maxSandboxes,
        JSON.stringify(asked.legs?.ids ?? []),
        asked.legs?.max ?? 1,
      ),
    db
      .prepare(
        `UPDATE jobs SET attempt = ?, admitted = 1, status = 'queued', detail = NULL WHERE id = ? AND attempt = ? AND admitted = 0
           AND EXISTS (SELECT 1 FROM attempts WHERE id = ?)`,
      )
      .bind(attempt, job.id, job.attempt, id),
  ];
}

/** Sandboxes that may live. */
export async function countLive(db: D1Database): Promise<number> {
  const row = await db.prepare("SELECT COUNT(*) AS live FROM attempts WHERE destroyed_at IS NULL").first<{
    live: number;
  }>();
  return row?.live ?? 0;
}

export async function readAttempt(db: D1Database, id: AttemptId): Promise<Attempt | null> {
  const row = await db.prepare("SELECT * FROM attempts WHERE id = ?").bind(id).first<AttemptRow>();
  return row && fromRow(row);
}

/** Oldest first. */
export async function attemptsOfBuild(db: D1Database, build: BuildId): Promise<Attempt[]> {
  const rows = await db
    .prepare("SELECT * FROM attempts WHERE id >= ? AND id < ? ORDER BY attempt")
    .bind(`${build}-`, `${build}.`)
    .all<AttemptRow>();
  return rows.results.map(fromRow);
}

export async function attemptsOfJob(db: D1Database, job: JobId): Promise<Attempt[]> {
  const rows = await db
    .prepare("SELECT * FROM attempts WHERE id >= ? AND id < ? ORDER BY attempt")
    .bind(`${job}-`, `${job}.`)
    .all<AttemptRow>();
  return rows.results.map(fromRow);
}

/** Attempts whose sandbox may live, oldest first. */
export async function liveAttempts(db: D1Database, limit: number): Promise<Attempt[]> {
  const rows = await db
    .prepare("SELECT * FROM attempts WHERE destroyed_at IS NULL ORDER BY created_at LIMIT ?")
    .bind(limit)
    .all<AttemptRow>();
  return rows.results.map(fromRow);
}

/** A beginning is the first heartbeat. */
export function changeAttempt(db: D1Database, id: AttemptId, change: Change): D1PreparedStatement {
  return changeState(
    db,
    "attempts",
    id,
    change,
    change.to === "in_progress" ? { set: { heartbeat_at: change.at } } : {},
  );
}

/** What a running slice learns and says in one call. */
export interface Heartbeat {
  /** False where the attempt is no longer the one that counts. */
  current: boolean;
  cancel: { by: string; at: number; force: boolean } | null;
  /** Why this job alone is asked to stop. */
  stop: Reason | null;
}

/** Reads whether to go on; writes the heartbeat only where the last one is older than `everyMs`. */
export async function heartbeat(db: D1Database, id: AttemptId, now: number, everyMs: number): Promise<Heartbeat> {
  const [row] = await db.batch<{
    status: string;
    cancel_at: number | null;
    cancel_by: string | null;
    cancel_force: number;
    stop_reason: Reason | null;
    current: number;
  }>([
    db
      .prepare(
        `SELECT a.status, b.cancel_at, b.cancel_by, b.cancel_force, j.stop_reason, j.attempt = a.attempt AS current FROM attempts a
         JOIN builds b ON b.id = a.build_id JOIN jobs j ON j.id = a.job_id WHERE a.id = ?`,
      )
      .bind(id),
    db
      .prepare(
        "UPDATE attempts SET heartbeat_at = ? WHERE id = ? AND COALESCE(heartbeat_at, 0) < ? AND status = 'in_progress'",
      )
      .bind(now, id, now - everyMs),
  ]);
  const found = row?.results[0];
  if (!found) return { current: false, cancel: null, stop: null };
  const { cancel_at: at, cancel_by: by, cancel_force: force } = found;
  return {
    current: found.status === "in_progress" && found.current === 1,
    cancel: at === null ? null : { at, by: by ?? "", force: force === 1 },
    stop: found.stop_reason,
  };
}

/** The sealed blob of masks and tokens; null once the attempt is over. */
export async function readSealed(db: D1Database, id: AttemptId): Promise<string | null> {
  const row = await db.prepare("SELECT sealed FROM attempts WHERE id = ?").bind(id).first<{ sealed: string | null }>();
  return row?.sealed ?? null;
}

export function saveSealed(db: D1Database, id: AttemptId, sealed: string): D1PreparedStatement {
  return db.prepare("UPDATE attempts SET sealed = ? WHERE id = ? AND status = 'in_progress'").bind(sealed, id);
}

/** The last word on an attempt: its log is kept, its sandbox is gone, and so are its masks. */
export function markDestroyed(
  db: D1Database,
  id: AttemptId,
  at: number,
  options: { archived: boolean },
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE attempts SET destroyed_at = COALESCE(destroyed_at, ?1), sealed = NULL,
         archived_at = CASE WHEN ?2 THEN COALESCE(archived_at, ?1) ELSE archived_at END WHERE id = ?3`,
    )
    .bind(at, options.archived ? 1 : 0, id);
}

/** Null unless it is its job's last attempt and runs. */
export async function currentAttempt(db: D1Database, id: AttemptId): Promise<Attempt | null> {
  const row = await db
    .prepare(
      `SELECT a.* FROM attempts a JOIN jobs j ON j.id = a.job_id AND j.attempt = a.attempt
       WHERE a.id = ? AND a.status = 'in_progress'`,
    )
    .bind(id)
    .first<AttemptRow>();
  return row && fromRow(row);
}
