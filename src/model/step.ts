/** A step of one attempt, as it went. */

import type { AttemptId } from "./ids.ts";
import type { Reason, Result } from "./status.ts";

export interface Step {
  attemptId: AttemptId;
  /** From 1; what Sandlot does itself (set up, post steps, complete) has a place in the same order. */
  number: number;
  name: string;
  /** Where its part of the attempt's log starts, in bytes of the stored log. */
  logFrom: number;
  startedAt: number;
  notes: StepNotes;
  state: StepState;
}

/** What a step left besides its output. */
export interface StepNotes {
  annotations?: Annotation[];
  cache?: { key: string; matchedKey: string | null; saved: boolean; bytes: number | null };
  /** Markdown of `GITHUB_STEP_SUMMARY`, masked. */
  summary?: string;
}

export type StepState =
  | { status: "in_progress" }
  | {
      status: "completed";
      /** As it ended. */
      outcome: Result;
      /** After `continue-on-error`. */
      conclusion: Result;
      exitCode: number | null;
      reason: Reason | null;
      /** For people: "exit code 1", "no output for …". */
      detail: string | null;
      completedAt: number;
    };

/** A note that a step left by a workflow command. */
export interface Annotation {
  level: "notice" | "warning" | "error";
  message: string;
  title: string | null;
  file: string | null;
  line: number | null;
  endLine: number | null;
  column: number | null;
  endColumn: number | null;
}
