/** A job of a build, and the goes at it. */

import type { AttemptId, BuildId, JobId, SandboxId } from "./ids.ts";
import type { PlannedJob } from "./workflow.ts";
import type { Conclusion, Reason, Status } from "./status.ts";

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
  /** The run attempt that its state belongs to. */
  runAttempt: number;
  /** `${{ }}` outputs as they ended; empty until then. */
  outputs: Record<string, string>;
  startedAt: number | null;
  state: JobState;
}

export type JobState =
  | { status: "waiting" | "queued" | "in_progress"; detail: string | null }
  | { status: "completed"; conclusion: Conclusion; reason: Reason | null; detail: string | null; completedAt: number };

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
  createdAt: number;
  startedAt: number | null;
  heartbeatAt: number | null;
  /** When the sandbox was seen destroyed; null while it may live. */
  destroyedAt: number | null;
  /** When the log was put to R2; null while it is in its LogStream. */
  archivedAt: number | null;
  state: AttemptState;
}

export type SandboxSize = "standard" | "large";

export type AttemptState =
  | { status: Exclude<Status, "completed"> }
  | { status: "completed"; conclusion: Conclusion; reason: Reason | null; detail: string | null; completedAt: number };
