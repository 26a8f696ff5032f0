/** Steps as they went. A step that ends within its first call is written once. */

import type { Step, StepNotes, StepState } from "../model/step.ts";
import type { Reason, Result } from "../model/status.ts";
import { asAttemptId } from "../model/ids.ts";
import type { AttemptId, BuildId } from "../model/ids.ts";

interface StepRow {
  attempt_id: string;
  number: number;
  name: string;
  log_from: number;
  started_at: number;
  status: "in_progress" | "completed";
  outcome: Result | null;
  conclusion: Result | null;
  exit_code: number | null;
  reason: Reason | null;
  detail: string | null;
  completed_at: number | null;
  notes: string | null;
}

function stateOf(row: StepRow): StepState {
  if (row.status === "in_progress") return { status: "in_progress" };
  return {
    status: "completed",
    outcome: row.outcome ?? "failure",
    conclusion: row.conclusion ?? "failure",
    exitCode: row.exit_code,
    reason: row.reason,
    detail: row.detail,
    completedAt: row.completed_at ?? row.started_at,
  };
}

function fromRow(row: StepRow): Step {
  return {
    attemptId: asAttemptId(row.attempt_id),
    number: row.number,
    name: row.name,
    logFrom: row.log_from,
    startedAt: row.started_at,
    notes: row.notes === null ? {} : (JSON.parse(row.notes) as StepNotes),
    state: stateOf(row),
  };
}

/** The first word on a step stands for its start, the last one for its end; a completed step is never opened again. */
export function saveStep(db: D1Database, step: Step): D1PreparedStatement {
  const state = step.state;
  const done = state.status === "completed";
  return db
    .prepare(
      `INSERT INTO steps (attempt_id, number, name, log_from, started_at, status, outcome, conclusion, exit_code, reason,
         detail, completed_at, notes)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
       ON CONFLICT DO UPDATE SET name = ?3, status = ?6, outcome = ?7, conclusion = ?8, exit_code = ?9, reason = ?10,
         detail = ?11, completed_at = ?12, notes = ?13 WHERE status = 'in_progress'`,
    )
    .bind(
      step.attemptId,
      step.number,
      step.name,
      step.logFrom,
      step.startedAt,
      state.status,
      done ? state.outcome : null,
      done ? state.conclusion : null,
      done ? state.exitCode : null,
      done ? state.reason : null,
      done ? state.detail : null,
      done ? state.completedAt : null,
      Object.keys(step.notes).length === 0 ? null : JSON.stringify(step.notes),
    );
}

/** The steps of every attempt of a build. */
export async function stepsOfBuild(db: D1Database, build: BuildId): Promise<Step[]> {
  const rows = await db
    .prepare("SELECT * FROM steps WHERE attempt_id >= ? AND attempt_id < ? ORDER BY attempt_id, log_from, number")
    .bind(`${build}-`, `${build}.`)
    .all<StepRow>();
  return rows.results.map(fromRow);
}

/** What is left in progress when an attempt ends without its steps having the last word. */
export function closeSteps(
  db: D1Database,
  attempt: AttemptId,
  reason: Reason,
  detail: string,
  at: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE steps SET status = 'completed', outcome = 'cancelled', conclusion = 'cancelled', reason = ?, detail = ?,
         completed_at = ? WHERE attempt_id = ? AND status = 'in_progress'`,
    )
    .bind(reason, detail, at, attempt);
}
