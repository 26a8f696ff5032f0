/** A workflow file after parsing: what `src/language` makes of the text, what D1 keeps and what an attempt carries out. Plain JSON. */

/** Where something stands in a repository's file; line and column count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** Something wrong in a workflow file, said so that its author can mend it. */
export interface Problem {
  /** `workflow_invalid`: GitHub would refuse it too. `unsupported`: GitHub would run it, Sandlot does not. */
  reason: "workflow_invalid" | "unsupported";
  message: string;
  at: Place;
}

/** A `${{ }}` still to be evaluated; text around it is already folded in as `format('a {0} b', x)`. */
export interface Expression {
  expression: string;
  line: number;
  column: number;
}

export type Scalar = string | number | boolean | null;
export type Templated<T extends Scalar = Scalar> = T | Expression;
export type TemplatedMap = Record<string, Templated>;

/** JSON-like data in which any leaf or branch may be an expression (a matrix, `concurrency`). */
export type TemplatedData = Scalar | Expression | TemplatedData[] | { [key: string]: TemplatedData };

export interface Filters {
  branches: string[] | null;
  branchesIgnore: string[] | null;
  tags: string[] | null;
  tagsIgnore: string[] | null;
  paths: string[] | null;
  pathsIgnore: string[] | null;
  /** Activity types, null for the event's own default. */
  types: string[] | null;
}

export interface DispatchInput {
  name: string;
  type: "string" | "boolean" | "number" | "choice" | "environment";
  description: string;
  required: boolean;
  default: Scalar;
  options: string[];
}

/** An input of `on.workflow_call`. */
export interface CallInput {
  name: string;
  type: "string" | "boolean" | "number";
  required: boolean;
  /** Null for none. */
  default: Templated;
}

/** `on.workflow_call`: what a file asks of those who call it, and what it gives back. */
export interface CallContract {
  inputs: CallInput[];
  secrets: { name: string; required: boolean }[];
  outputs: Record<string, Templated<string>>;
}

/** A job's `uses`, `with` and `secrets`. */
export interface WorkflowCall {
  /** The called file, from the repository's root. */
  path: string;
  with: TemplatedMap;
  secrets: "inherit" | TemplatedMap;
  at: Place;
}

/** One entry of `on:`. */
export interface Trigger {
  event: string;
  filters: Filters;
  /** Only `workflow_dispatch`. */
  inputs: DispatchInput[];
  /** Only `schedule`. */
  crons: string[];
  at: Place;
}

interface StepBase {
  /** From 1, in the job's order. */
  number: number;
  id: string | null;
  name: Templated<string> | null;
  /** The condition's source, without `${{ }}`; `success()` is already there where GitHub implies it. */
  if: string;
  env: TemplatedMap;
  continueOnError: Templated<boolean>;
  timeoutMinutes: Templated<number> | null;
  at: Place;
}

export interface RunStep extends StepBase {
  kind: "run";
  run: Templated<string>;
  /** As written, `bash`, `python`, `custom {0}`; null for the default. */
  shell: Templated<string> | null;
  workingDirectory: Templated<string> | null;
}

export interface UsesStep extends StepBase {
  kind: "uses";
  /** As written: `actions/checkout@v4`. */
  uses: string;
  /** Where that stands; absent in what an older Sandlot planned. */
  usesAt?: Place;
  with: TemplatedMap;
}

export type StepDefinition = RunStep | UsesStep;

/** A JavaScript action's `runs`: files from the action's own folder. */
export interface JavaScriptRuns {
  /** Of Node, as asked for: 20 for `node20`. */
  node: number;
  main: string;
  pre: string | null;
  /** A condition's source, without `${{ }}`. */
  preIf: string;
  post: string | null;
  postIf: string;
}

/** An `action.yml`, of the repository itself or of another. */
export interface ActionFile {
  path: string;
  name: string | null;
  inputs: ActionInput[];
  /** By name; evaluated after its steps, over `steps`, `inputs`, … */
  outputs: Record<string, Templated<string>>;
  /** In their order, numbered from 1; none where it is no composite action. */
  steps: StepDefinition[];
  /** Null for a composite action. */
  javascript: JavaScriptRuns | null;
  /** Where there are any, the action cannot be carried out. */
  problems: Problem[];
}

export interface ActionInput {
  name: string;
  required: boolean;
  /** Null for none. */
  default: Templated<string> | null;
}

export interface Strategy {
  /** Null for no matrix. Lists, `include` and `exclude` as written; an expression where it is computed at runtime. */
  matrix: TemplatedData | null;
  failFast: Templated<boolean>;
  maxParallel: Templated<number> | null;
}

export interface Concurrency {
  group: Templated<string>;
  cancelInProgress: Templated<boolean>;
}

/** A server that runs beside the steps of a job. */
export interface ServiceDefinition {
  /** Its key under `services:`. */
  id: string;
  /** Where it is empty, the service is not started. */
  image: Templated<string>;
  env: TemplatedMap;
  ports: Templated<string>[];
  options: Templated<string> | null;
  /** Of its image. */
  at: Place;
}

export type Permissions = Record<string, "read" | "write" | "none">;

export interface JobDefinition {
  /** Its key under `jobs:`. */
  id: string;
  name: Templated<string> | null;
  needs: string[];
  if: string;
  runsOn: TemplatedData;
  env: TemplatedMap;
  defaults: { shell: Templated<string> | null; workingDirectory: Templated<string> | null };
  strategy: Strategy;
  timeoutMinutes: Templated<number> | null;
  continueOnError: Templated<boolean>;
  concurrency: Concurrency | null;
  permissions: Permissions | null;
  /** Whose secrets and variables it is given besides; it runs only where the environment was made in Sandlot. */
  environment?: { name: Templated<string>; at: Place };
  outputs: Record<string, Templated<string>>;
  steps: StepDefinition[];
  /** Only where there are any. */
  services?: ServiceDefinition[];
  at: Place;
  /** Only a job that calls a workflow of the same commit; it has no steps. */
  uses?: WorkflowCall;
  /** What this job holds that Sandlot does not carry out: it fails instead of starting, and says so. */
  unsupported?: Problem[];
}

export interface Workflow {
  path: string;
  name: string | null;
  runName: Templated<string> | null;
  on: Trigger[];
  env: TemplatedMap;
  concurrency: Concurrency | null;
  permissions: Permissions | null;
  jobs: JobDefinition[];
  /** Only where `on` names `workflow_call`. */
  contract?: CallContract;
  /** The files that its jobs call, directly or not, by path. */
  called?: Record<string, Workflow>;
}

/** What became of one file. `events` are named as far as they could be read, so that a broken file fails only builds that it asks for. */
export interface WorkflowFile {
  path: string;
  name: string | null;
  /** Event names under `on:`; null where the YAML is too broken to tell. */
  events: string[] | null;
  /** Null where there are problems. */
  workflow: Workflow | null;
  /** Of the whole file, and of those it calls. What only one job cannot do is among them where there are others, else in its `unsupported`. */
  problems: Problem[];
}

/** A job of one build, its matrix expanded. */
export interface PlannedJob {
  /** Unique in the build and stable: `test (node 24)`; the job's id where there is no matrix. */
  key: string;
  definition: JobDefinition;
  /** This leg's values; null where the job has no matrix, or where the matrix needs other jobs' outputs first. */
  matrix: Record<string, unknown> | null;
  /** `strategy.job-index` and `strategy.job-total`. */
  leg: { index: number; total: number };
  /** True while the matrix is still to be computed from `needs`. */
  unexpanded: boolean;
  /** Only a job of a called workflow. */
  call?: PlannedCall;
  /** Only while the matrix of a calling job is to be computed: the files that it calls, by path. */
  called?: Record<string, Workflow>;
}

/** What a job of a called workflow takes from its call. A call within a called workflow has a `caller` with a call of its own. */
export interface PlannedCall {
  /** The calling job, or one leg of it: it has no row of its own, its `needs`, `if` and `strategy` hold for all jobs under it. */
  caller: PlannedJob;
  /** The called file. */
  path: string;
  env: TemplatedMap;
  contract: CallContract;
}
