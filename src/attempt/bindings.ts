/** What an attempt may touch: the rooms it calls, narrowed from the Worker's bindings. */

export type AttemptBindings = Pick<
  Env,
  | "DB"
  | "STORE"
  | "LOG_STREAM"
  | "SANDBOX"
  | "LARGE_SANDBOX"
  | "JOBS"
  | "REPORTS"
  | "GITHUB_API_URL"
  | "GITHUB_SERVER_URL"
  | "GITHUB_APP_ID"
  | "GITHUB_APP_PRIVATE_KEY"
  | "SANDLOT_MASTER_KEY"
  | "SANDLOT_MASTER_KEY_PREVIOUS"
  | "LOCAL_SANDBOX_URL"
  | "MAX_LOG_BYTES"
  | "MAX_JOB_MINUTES"
  | "PUBLIC_URL"
  | "ACTIONS_SERVER_URL"
  | "ACTIONS_PINNED"
  | "ACTIONS_ALLOWED_OWNERS"
  | "NATIVE_ACTIONS"
> &
  SandboxBindings;

/** The sandbox adapter's own: backups need S3 keys in an account. */
type SandboxBindings = Pick<
  Env,
  "BACKUP_BUCKET" | "BACKUP_BUCKET_NAME" | "R2_ACCESS_KEY_ID" | "R2_SECRET_ACCESS_KEY" | "CLOUDFLARE_R2_ACCOUNT_ID"
>;
