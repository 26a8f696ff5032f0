/** The JSON that leaves us: shapes of `/api`, for the CLI, programs and pages. Times are ms since 1970, UTC. */

import type { Right } from "./right.ts";
import type { Conclusion, Reason, Result, Status } from "./status.ts";
import type { Annotation } from "./step.ts";
import type { SandboxSize } from "./job.ts";
import type { Place, Problem } from "./workflow.ts";
import type { DeliveryKind } from "./delivery.ts";

export interface Outcome {
  status: Status;
  /** Only with `completed`. */
  conclusion: Conclusion | null;
  reason: Reason | null;
  /** Whose fault, where it did not succeed. */
  fault: "user" | "sandlot" | "nobody" | null;
  /** One sentence for people: why it waits, failed or was skipped. */
  detail: string | null;
}

export interface BuildSummary extends Outcome {
  id: string;
  url: string;
  repository: string;
  repositoryId: number;
  workflow: { path: string; name: string | null };
  number: number;
  runAttempt: number;
  event: string;
  sha: string;
  reportSha: string;
  ref: string;
  pullRequest: number | null;
  title: string;
  actor: string;
  /** GitHub's id of the actor; 0 where none is known. */
  actorId: number;
  /** Only pull requests: the branch that they come from. */
  headRef: string | null;
  context: string;
  createdAt: number;
  startedAt: number | null;
  completedAt: number | null;
}

export interface BuildView extends BuildSummary {
  deliveryId: string;
  /** How often it was run so far. */
  newestRunAttempt: number;
  /** Somebody asked for its end. */
  cancelRequested: { at: number; by: string } | null;
  /** Sandboxes of all its attempts, those that run still counted up to now. */
  cost: { sandboxMs: number; atMostUsd: number };
  problems: Problem[];
  jobs: JobView[];
  artifacts: ArtifactView[];
  /** Of other repositories: what their refs were when the build first asked. */
  actions: ActionView[];
}

export interface ActionView {
  /** `owner/repository`, in lower case. */
  name: string;
  ref: string;
  sha: string;
  kind: "sha" | "tag" | "branch";
}

export interface JobView extends Outcome {
  id: string;
  url: string;
  key: string;
  name: string;
  needs: string[];
  /** The same for all legs of a matrix: `test`, or `deploy / test` in a called workflow. */
  group: string;
  /** Groups that it waits for. */
  after: string[];
  /** Where it stands in the workflow file. */
  at: Place;
  attempt: number;
  runAttempt: number;
  /** When its attempt was made; null where it has none. */
  queuedAt: number | null;
  sandboxSize: SandboxSize | null;
  startedAt: number | null;
  completedAt: number | null;
  outputs: Record<string, string>;
  steps: StepView[];
  caches: CacheUse[];
  annotations: (Annotation & { step: number })[];
  /** Earlier goes, oldest first. */
  attempts: AttemptView[];
}

export interface AttemptView extends Outcome {
  id: string;
  attempt: number;
  runAttempt: number;
  sandbox: string;
  startedAt: number | null;
  completedAt: number | null;
}

export interface StepView {
  number: number;
  name: string;
  /** What its time went to. */
  kind: StepKind;
  status: "in_progress" | "completed";
  outcome: Result | null;
  conclusion: Result | null;
  exitCode: number | null;
  reason: Reason | null;
  detail: string | null;
  /** Byte offset in the job's log where this step's part starts. */
  logFrom: number;
  /** Markdown of `GITHUB_STEP_SUMMARY`, masked: whoever shows it lays it out with `renderSummary`, or as text. */
  summary: string | null;
  startedAt: number;
  completedAt: number | null;
}

export type StepKind = "run" | "checkout" | "cache" | "artifact" | "post";

export interface CacheUse {
  step: number;
  key: string;
  /** Null for a miss. */
  matchedKey: string | null;
  saved: boolean;
  bytes: number | null;
}

export interface ArtifactView {
  name: string;
  job: string;
  runAttempt: number;
  files: number;
  bytes: number;
  createdAt: number;
  expiresAt: number;
  url: string;
}

/** `GET …/artifacts/{name}` answers with a `Page` of these. */
export interface ArtifactFileView {
  path: string;
  bytes: number;
  /** Lowercase hex; null for what an action sent as part of an archive, which keeps a CRC-32 instead. */
  sha256: string | null;
  url: string;
}

export interface DeliveryView {
  id: string;
  kind: DeliveryKind;
  event: string | null;
  action: string | null;
  status: "recorded" | "done" | "failed";
  /** What it led to, or why it led to nothing. */
  summary: string | null;
  workflows: { path: string; buildId: string | null; why: string }[];
  receivedAt: number;
}

export interface RepositoryView {
  id: number;
  owner: string;
  name: string;
  defaultBranch: string;
  private: boolean;
}

export interface Page<T> {
  items: T[];
  /** Give it as `?after=` for the next page; null at the end. */
  next: string | null;
}

export interface RerunRequest {
  jobs?: "all" | "failed";
}

export interface DispatchRequest {
  /** File name or path of the workflow. */
  workflow: string;
  /** Branch or tag; the default branch where absent. */
  ref?: string;
  inputs?: Record<string, string>;
}

/** What rerun, cancel and dispatch answer, with 202. */
export interface Accepted {
  deliveryId: string;
  url: string;
}

/** RFC 9457, `application/problem+json`. */
export interface ApiProblem {
  type: string;
  title: string;
  status: number;
  detail: string;
}

/** A token of a machine; what it is stays with whoever made it. */
export interface TokenView {
  name: string;
  scope: Right;
  /** `owner/name`; null for all. */
  repository: string | null;
  createdAt: number;
  createdBy: string;
  /** Null for never. */
  expiresAt: number | null;
}

export interface TokenRequest {
  name: string;
  scope: Right;
  /** `owner/name`; all where absent. */
  repository?: string;
  /** For ever where absent. */
  expiresInDays?: number;
}

export interface CreatedToken extends TokenView {
  /** Shown this once. */
  token: string;
}

/** What `POST /api/login/device` answers: the person types `userCode` at `verificationUri`. */
export interface DeviceLogin {
  /** To be sent back; means nothing to anybody else. */
  device: string;
  userCode: string;
  verificationUri: string;
  expiresInMs: number;
  /** How long to wait between two questions. */
  intervalMs: number;
}

/** What `POST /api/login` answers, with the `device` of before. */
export type LoginAnswer =
  | { status: "pending" | "slow_down" | "denied" | "expired" }
  | { status: "done"; token: string; login: string; expiresAt: number };

export interface WhoAmI {
  /** As the audit log has it: `github:octocat`, `token:ci`. */
  who: string;
  /** Null for a token. */
  login: string | null;
  /** Null for a person, whose rights are GitHub's. */
  scope: Right | null;
  repositoryId: number | null;
  expiresAt: number | null;
}

export interface CacheView {
  key: string;
  /** Who may read it: `branch:main`, `pull:7`. */
  scope: string;
  bytes: number;
  createdAt: number;
}
