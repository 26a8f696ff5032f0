/** What intake may touch, narrowed from the Worker's bindings. */

export type IntakeBindings = Pick<
  Env,
  | "DB"
  | "STORE"
  | "JOBS"
  | "REPORTS"
  | "GITHUB_API_URL"
  | "GITHUB_SERVER_URL"
  | "GITHUB_APP_ID"
  | "GITHUB_APP_PRIVATE_KEY"
  | "WORKFLOW_DIRS"
  | "ONLY_WORKFLOW"
  | "ONLY_JOB"
>;
