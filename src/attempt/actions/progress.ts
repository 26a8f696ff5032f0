/** How far the steps of an action of the repository came: kept in the sandbox with what they handed on, so that none runs twice. */

import type { Reason, Result } from "../../model/status.ts";

export interface ActionProgress {
  /** When its first step began, ms. */
  startedAt: number;
  /** Where the next step's part starts in the raw log of the step that uses the action. */
  base: number;
  /** Of the steps that ended, in their order. */
  ends: InnerEnd[];
  /** What they wrote to `GITHUB_STEP_SUMMARY`, masked. */
  summary: string;
}

export interface InnerEnd {
  id: string | null;
  outcome: Result;
  conclusion: Result;
  /** Why it failed, with the step's name; null for any other end. */
  failure: { reason: Reason; detail: string } | null;
}
