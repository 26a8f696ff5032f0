/** How a step ended, as a durable result: small, plain, and without anything that a step printed or was given. */

import type { Reason, Result } from "../../model/status.ts";

export interface StepEnd {
  number: number;
  id: string | null;
  name: string;
  outcome: Result;
  conclusion: Result;
  exitCode: number | null;
  reason: Reason | null;
  detail: string | null;
  ran: boolean;
  /** It left something to a post phase. */
  leaves?: boolean;
  /** Only of the set-up: the steps whose actions began before all others, in that order. */
  began?: number[];
  /** Only of the set-up: no step runs after it. */
  fatal?: boolean;
}

/** What one durable step of an attempt came to. */
export type StepTurn =
  | { state: "ended"; end: StepEnd; cancelled: Cancel | null }
  /** Its slice is over; `memo` is handed to the next one. */
  | { state: "running"; memo: unknown; cancelled: Cancel | null }
  /** The sandbox is gone, or this attempt no longer counts. */
  | { state: "lost"; detail: string }
  | { state: "stale" };

/** Why the job stops before its end. */
export interface Cancel {
  reason: Reason;
  detail: string;
  at: number;
}

/** Outcome and conclusion of a step from whether it succeeded and whether it may fail. */
export function conclude(
  outcome: Result,
  options: { continueOnError: boolean },
): Pick<StepEnd, "outcome" | "conclusion"> {
  return { outcome, conclusion: outcome === "failure" && options.continueOnError ? "success" : outcome };
}
