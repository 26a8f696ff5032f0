import { describe, expect, it } from "vitest";
import type { Status } from "../../../src/model/status.ts";
import { mayLeave, transition } from "../../../src/model/transition.ts";
import type { Change, State } from "../../../src/model/transition.ts";

const STATES: Record<Status, State> = {
  waiting: { status: "waiting", detail: "for a" },
  queued: { status: "queued", detail: "for a sandbox" },
  in_progress: { status: "in_progress", detail: null },
  completed: { status: "completed", conclusion: "success", reason: null, detail: null, completedAt: 1 },
};

const CHANGES: Record<Status, Change> = {
  waiting: { to: "waiting", detail: "for b" },
  queued: { to: "queued", detail: null },
  in_progress: { to: "in_progress", at: 5 },
  completed: { to: "completed", conclusion: "failure", reason: "step_failed", detail: "broke", at: 9 },
};

/** From a row's status to a column's. */
const ALLOWED: Record<Status, Record<Status, boolean>> = {
  waiting: { waiting: true, queued: true, in_progress: true, completed: true },
  queued: { waiting: true, queued: true, in_progress: true, completed: true },
  in_progress: { waiting: false, queued: false, in_progress: false, completed: true },
  completed: { waiting: false, queued: false, in_progress: false, completed: false },
};

const STATUSES = Object.keys(STATES) as Status[];
const PAIRS = STATUSES.flatMap((from) => STATUSES.map((to) => ({ from, to, may: ALLOWED[from][to] })));

describe("a status", () => {
  it.each(PAIRS)("changes from $from to $to: $may", ({ from, to, may }) => {
    const changed = transition(STATES[from], CHANGES[to]);
    expect(changed === null ? null : changed.status).toBe(may ? to : null);
    // The statement that saves it has the same guard.
    expect(mayLeave(to).includes(from)).toBe(may);
  });

  it("has its data, and only its own, after a change", () => {
    expect(transition(STATES.queued, CHANGES.completed)).toEqual({
      status: "completed",
      conclusion: "failure",
      reason: "step_failed",
      detail: "broke",
      completedAt: 9,
    });
    expect(transition(STATES.queued, CHANGES.in_progress)).toEqual({ status: "in_progress", detail: null });
    expect(transition(STATES.queued, CHANGES.waiting)).toEqual({ status: "waiting", detail: "for b" });
  });
});
