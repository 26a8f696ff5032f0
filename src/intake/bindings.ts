/** What intake may touch, narrowed from the Worker's bindings. */

import type { GitHubConfig } from "../github/app.ts";

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

/** Where workflow files are looked for. */
export function workflowDirs(env: Pick<Env, "WORKFLOW_DIRS">): string[] {
  return env.WORKFLOW_DIRS.split(",").map((dir) => dir.trim());
}

export function githubConfig(
  env: Pick<Env, "GITHUB_API_URL" | "GITHUB_APP_ID" | "GITHUB_APP_PRIVATE_KEY">,
): GitHubConfig {
  return { apiUrl: env.GITHUB_API_URL, appId: env.GITHUB_APP_ID, privateKey: env.GITHUB_APP_PRIVATE_KEY };
}
