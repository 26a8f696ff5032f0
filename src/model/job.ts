/** A job of a build, and the goes at it. */

import type { AttemptId, BuildId, JobId, SandboxId } from "./ids.ts";
import type { PlannedJob } from "./workflow.ts";
import type { State } from "./transition.ts";

export interface Job {
  id: JobId;
  buildId: BuildId;
  repositoryId: number;
  /** Order on the page. */
  position: number;
  /** As shown: the evaluated name. */
  name: string;
  plan: PlannedJob;
  /** The current or last attempt, from 1; 0 before the first. */
  attempt: number;
  /** True when `queued` with an attempt made for it; false while it waits for a sandbox. */
  admitted: boolean;
  /** The run attempt that its state belongs to. */
  runAttempt: number;
  /** `${{ }}` outputs as they ended; empty until then. */
  outputs: Record<string, string>;
  startedAt: number | null;
  state: State;
}

/** One go at a job in a sandbox of its own. */
export interface Attempt {
  id: AttemptId;
  jobId: JobId;
  buildId: BuildId;
  repositoryId: number;
  attempt: number;
  runAttempt: number;
  sandboxId: SandboxId;
  sandboxSize: SandboxSize;
  /** How many attempts before it, in this run attempt, lost their sandbox. */
  recoveries: number;
  createdAt: number;
  startedAt: number | null;
  heartbeatAt: number | null;
  /** When the sandbox was seen destroyed; null while it may live. */
  destroyedAt: number | null;
  /** When the log was put to R2; null while it is in its LogStream. */
  archivedAt: number | null;
  state: State;
}

export type SandboxSize = "standard" | "large";
