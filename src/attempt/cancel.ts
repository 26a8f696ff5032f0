/** Why a job stops before its end: somebody cancelled the build, its matrix failed fast, or its time is over. */

import type { Reason } from "../model/status.ts";
import type { Heartbeat } from "../store/attempts.ts";
import type { Cancel } from "./step/end.ts";

const WHY: Partial<Record<Reason, string>> = {
  fail_fast: "Stopped because another leg of its matrix failed",
  superseded: "Stopped because a newer build took its place",
};

/** `deadline` is when the job has run long enough. */
export function cancelOf(beat: Heartbeat, deadline: number, now: number): Cancel | null {
  if (beat.cancel) return { reason: "cancelled_by_user", detail: `Cancelled by ${beat.cancel.by}`, at: beat.cancel.at };
  if (beat.stop) return { reason: beat.stop, detail: WHY[beat.stop] ?? beat.stop, at: now };
  if (now >= deadline) return { reason: "job_timed_out", detail: "Stopped after its timeout-minutes", at: now };
  return null;
}
