/** The four columns that every status is kept in, and the guarded update that changes them. */

import { mayLeave, stateAfter } from "../model/transition.ts";
import type { Change, State } from "../model/transition.ts";
import type { Conclusion, Reason, Status } from "../model/status.ts";
import type { Value } from "./statement.ts";

export type StateColumns = {
  status: Status;
  conclusion: Conclusion | null;
  reason: Reason | null;
  detail: string | null;
  completed_at: number | null;
};

export function stateOf(row: StateColumns): State {
  if (row.status !== "completed") return { status: row.status, detail: row.detail };
  return {
    status: "completed",
    conclusion: row.conclusion ?? "failure",
    reason: row.reason,
    detail: row.detail,
    completedAt: row.completed_at ?? 0,
  };
}

export function columnsOf(state: State): StateColumns {
  if (state.status !== "completed")
    return { status: state.status, conclusion: null, reason: null, detail: state.detail, completed_at: null };
  const { status, conclusion, reason, detail, completedAt } = state;
  return { status, conclusion, reason, detail, completed_at: completedAt };
}

/**
 * `UPDATE table SET … WHERE id AND status IN (what may be left) AND guard`: a late or doubled word changes no row.
 * `extra` are columns set besides; `guard` is SQL over the row with its values.
 */
export function changeState(
  db: D1Database,
  table: "builds" | "jobs" | "attempts",
  id: string,
  change: Change,
  options: { set?: Record<string, Value>; guard?: { sql: string; values: (string | number)[] } } = {},
): D1PreparedStatement {
  const columns: Record<string, Value> = { ...columnsOf(stateAfter(change)), ...options.set };
  const names = Object.keys(columns);
  const leaves = mayLeave(change.to);
  const startedAt = change.to === "in_progress" ? ", started_at = COALESCE(started_at, ?)" : "";
  return db
    .prepare(
      `UPDATE ${table} SET ${names.map((name) => `${name} = ?`).join(", ")}${startedAt}
       WHERE id = ? AND status IN (${leaves.map(() => "?").join(", ")})${options.guard ? ` AND ${options.guard.sql}` : ""}`,
    )
    .bind(
      ...Object.values(columns),
      ...(change.to === "in_progress" ? [change.at] : []),
      id,
      ...leaves,
      ...(options.guard?.values ?? []),
    );
}
