/** The one place that says how status may change. Builds, jobs and attempts share the table; what saves a change is guarded by it. */

import type { Conclusion, Reason, Status } from "./status.ts";

/** Asked of a build, a job or an attempt. */
export type Change =
  | { to: "waiting" | "queued"; detail: string | null }
  | { to: "in_progress"; at: number }
  | { to: "completed"; conclusion: Conclusion; reason: Reason | null; detail: string | null; at: number };

export type State =
  | { status: "waiting" | "queued" | "in_progress"; detail: string | null }
  | { status: "completed"; conclusion: Conclusion; reason: Reason | null; detail: string | null; completedAt: number };

/** Which statuses each one may follow. Nothing leaves `completed`: a rerun is another run attempt, not a change of this one. */
const MAY_FOLLOW = {
  waiting: ["queued", "waiting"],
  queued: ["waiting", "queued"],
  in_progress: ["queued", "waiting"],
  completed: ["waiting", "queued", "in_progress"],
} as const satisfies Record<Status, readonly Status[]>;

/** The statuses that a change to `to` may leave: the guard of the statement that saves it. */
export function mayLeave(to: Status): readonly Status[] {
  return MAY_FOLLOW[to];
}

/** What a change makes of whatever it may leave. */
export function stateAfter(change: Change): State {
  switch (change.to) {
    case "waiting":
    case "queued":
      return { status: change.to, detail: change.detail };
    case "in_progress":
      return { status: "in_progress", detail: null };
    case "completed":
      return {
        status: "completed",
        conclusion: change.conclusion,
        reason: change.reason,
        detail: change.detail,
        completedAt: change.at,
      };
  }
}

/** The state after a change, or null where a late or doubled word asks for what may not be. */
export function transition(state: State, change: Change): State | null {
  return mayLeave(change.to).includes(state.status) ? stateAfter(change) : null;
}
