/** What a run says as it goes, for a person or a program: `--json` prints these, one a line; the screen draws them. */

import type { ArtifactView, BuildView, DeliveryView, JobView, StepView } from "../model/api.ts";
import type { Problem } from "../model/workflow.ts";

export type RunEvent =
  /** The first, before anything that takes time. */
  | { type: "start"; version: string; path: string }
  /** What is going to be built. */
  | {
      type: "source";
      repository: string;
      path: string;
      event: string;
      ref: string;
      sha: string;
      /** Null where it is a commit of the user's own. */
      changedFiles: number | null;
    }
  | { type: "notice"; message: string }
  | { type: "machine"; url: string; startedInMs: number }
  | { type: "delivery"; delivery: DeliveryView }
  | { type: "build"; build: BuildView }
  | { type: "problem"; problem: Problem; build: string }
  /** From here on the log is this job's, until its `job_completed`; events of its steps name it by its id. */
  | { type: "job"; build: BuildView; job: JobView }
  | { type: "step"; job: string; step: StepView }
  /** Masked lines of the step before, whole, without line ends. */
  | { type: "log"; job: string; step: number; lines: string[] }
  | { type: "step_completed"; job: string; step: StepView }
  | { type: "job_completed"; job: JobView }
  /** Every so often, what goes on where nothing is written. */
  | { type: "progress"; builds: BuildView[] }
  | { type: "summary"; summary: Summary };

export interface ReportedStatus {
  context: string;
  state: "error" | "failure" | "pending" | "success";
  description: string | null;
}

export interface Summary {
  exitCode: number;
  durationMs: number;
  builds: BuildView[];
  /** Last lines of every step that failed. */
  failures: { job: string; step: string; detail: string | null; lines: string[] }[];
  artifacts: (ArtifactView & { savedTo: string | null })[];
  statuses: ReportedStatus[];
}

export interface Output {
  show(event: RunEvent): void;
  /** Leaves the terminal as it was found. */
  close(): void;
}
