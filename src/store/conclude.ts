/** The end of an attempt, in one batch: its own row, its steps that were cut short, and its job, fenced by the attempt. */

import type { AttemptId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Conclusion, Reason } from "../model/status.ts";
import { changeAttempt } from "./attempts.ts";
import { changeJob } from "./jobs.ts";
import { closeSteps } from "./steps.ts";

export interface AttemptEnd {
  conclusion: Conclusion;
  reason: Reason | null;
  detail: string | null;
  at: number;
  outputs: Record<string, string>;
}

/** The first statement changes a row exactly where this is the attempt's first and only end. */
export function concludeAttempt(
  db: D1Database,
  job: Pick<Job, "id" | "attempt"> & { attemptId: AttemptId },
  end: AttemptEnd,
): D1PreparedStatement[] {
  const { conclusion, reason, detail, at, outputs } = end;
  const change = { to: "completed", conclusion, reason, detail, at } as const;
  return [
    changeAttempt(db, job.attemptId, change),
    changeJob(db, job, change, { outputs }),
    closeSteps(db, job.attemptId, reason ?? "internal_error", detail ?? "It was cut short", at),
  ];
}

/** A lost attempt whose job shall be tried again: the job waits for its next attempt. */
export function loseAttempt(
  db: D1Database,
  job: Pick<Job, "id" | "attempt"> & { attemptId: AttemptId },
  at: number,
  detail: string,
): D1PreparedStatement[] {
  return [
    changeAttempt(db, job.attemptId, { to: "completed", conclusion: "failure", reason: "runner_lost", detail, at }),
    db
      .prepare(
        `UPDATE jobs SET status = 'queued', admitted = 0, started_at = NULL, detail = ?
         WHERE id = ? AND attempt = ? AND admitted = 1 AND status IN ('queued', 'in_progress')`,
      )
      .bind(`Starting again: ${detail}`, job.id, job.attempt),
    closeSteps(db, job.attemptId, "runner_lost", detail, at),
  ];
}
