/** Jobs, one row each; a job's id starts with its build's, so a build's jobs are a range of the key. */

import type { Job } from "../model/job.ts";
import type { Reason } from "../model/status.ts";
import type { Change } from "../model/transition.ts";
import type { PlannedJob } from "../model/workflow.ts";
import { asBuildId, asJobId } from "../model/ids.ts";
import type { BuildId, JobId } from "../model/ids.ts";
import { changeState, columnsOf, stateOf } from "./state.ts";
import { insertRow } from "./statement.ts";
import type { StateColumns } from "./state.ts";

interface JobRow extends StateColumns {
  id: string;
  build_id: string;
  repository_id: number;
  position: number;
  name: string;
  plan: string;
  attempt: number;
  admitted: number;
  run_attempt: number;
  outputs: string;
  started_at: number | null;
}

function fromRow(row: JobRow): Job {
  return {
    id: asJobId(row.id),
    buildId: asBuildId(row.build_id),
    repositoryId: row.repository_id,
    position: row.position,
    name: row.name,
    plan: JSON.parse(row.plan) as PlannedJob,
    attempt: row.attempt,
    admitted: row.admitted === 1,
    runAttempt: row.run_attempt,
    outputs: JSON.parse(row.outputs) as Record<string, string>,
    startedAt: row.started_at,
    state: stateOf(row),
  };
}

/** Writes nothing where the job exists. */
export function insertJob(db: D1Database, job: Job): D1PreparedStatement {
  return insertRow(db, "jobs", {
    id: job.id,
    build_id: job.buildId,
    repository_id: job.repositoryId,
    position: job.position,
    name: job.name,
    plan: JSON.stringify(job.plan),
    attempt: job.attempt,
    admitted: job.admitted ? 1 : 0,
    run_attempt: job.runAttempt,
    outputs: JSON.stringify(job.outputs),
    started_at: job.startedAt,
    ...columnsOf(job.state),
  });
}

export async function readJob(db: D1Database, id: JobId): Promise<Job | null> {
  const row = await db.prepare("SELECT * FROM jobs WHERE id = ?").bind(id).first<JobRow>();
  return row && fromRow(row);
}

/** In the order of the page. */
export async function jobsOfBuild(db: D1Database, build: BuildId): Promise<Job[]> {
  const rows = await db
    .prepare("SELECT * FROM jobs WHERE id >= ? AND id < ? ORDER BY position, plan ->> '$.leg.index', id")
    .bind(`${build}-`, `${build}.`)
    .all<JobRow>();
  // Legs of a matrix that was computed at runtime share their place.
  return rows.results.map(fromRow).sort((a, b) => a.position - b.position || a.plan.leg.index - b.plan.leg.index);
}

/** Fenced by the attempt that the speaker knows of: a late word from a lost attempt is refused. */
export function changeJob(
  db: D1Database,
  job: Pick<Job, "id" | "attempt">,
  change: Change,
  options: { outputs?: Record<string, string>; name?: string } = {},
): D1PreparedStatement {
  const set: Record<string, string> = {};
  if (options.outputs) set["outputs"] = JSON.stringify(options.outputs);
  if (options.name !== undefined) set["name"] = options.name;
  return changeState(db, "jobs", job.id, change, { set, guard: { sql: "attempt = ?", values: [job.attempt] } });
}

/** A matrix that had to wait for other jobs' outputs gives way to its legs. */
export function removeJob(db: D1Database, job: Pick<Job, "id" | "attempt">): D1PreparedStatement {
  return db.prepare("DELETE FROM jobs WHERE id = ? AND attempt = ? AND status = 'waiting'").bind(job.id, job.attempt);
}

/** Asks the running attempt of a job to stop; its next slice reads it. */
export function stopJob(db: D1Database, job: Pick<Job, "id" | "attempt">, reason: Reason): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE jobs SET stop_reason = ? WHERE id = ? AND attempt = ? AND admitted = 1 AND status IN ('queued', 'in_progress')
         AND stop_reason IS NULL`,
    )
    .bind(reason, job.id, job.attempt);
}

/** Puts a completed job back for a new run attempt. */
export function reopenJob(db: D1Database, job: Pick<Job, "id">, runAttempt: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE jobs SET run_attempt = ?, status = 'waiting', conclusion = NULL, reason = NULL, detail = NULL,
         completed_at = NULL, started_at = NULL, stop_reason = NULL, admitted = 0, outputs = '{}' WHERE id = ? AND run_attempt < ? AND status = 'completed'`,
    )
    .bind(runAttempt, job.id, runAttempt);
}
