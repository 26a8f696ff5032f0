/** Before a build starts: the scopes that its jobs ask for and the App was not granted, each a problem with its place. */

import { githubConfig, readGranted } from "../github/app.ts";
import { needsGrant, planToken } from "../language/token-permissions.ts";
import { sayMissingScopes } from "../language/token-scopes.ts";
import type { Build } from "../model/build.ts";
import type { Job } from "../model/job.ts";
import type { Problem } from "../model/workflow.ts";
import type { IntakeBindings } from "./bindings.ts";

/**
 * It stops nothing by itself: a job that will be skipped misses no scope, and when the job starts GitHub is asked again, since a person
 * may have granted it by then. GitHub is asked only where a job asks for more than to read contents. Throws `GitHubFault`.
 */
export async function grantProblems(
  env: IntakeBindings,
  { workflow, fork }: Pick<Build, "workflow" | "fork">,
  jobs: readonly Job[],
  { installationId, now }: { installationId: number | null; now: number },
): Promise<Problem[]> {
  const asks = jobs.some(({ plan }) => needsGrant(workflow.permissions, plan.definition.permissions));
  if (!asks || fork || installationId === null) return [];
  const granted = await readGranted(githubConfig(env), installationId, { now, fresh: true });
  // The legs of a matrix stand in one place.
  const found = new Map<string, Problem>();
  for (const { plan } of jobs) {
    const { permissions, at } = plan.definition;
    const token = planToken({ workflow: workflow.permissions, job: permissions, granted: granted.permissions, fork });
    const message = sayMissingScopes(plan, workflow.env, token, granted.settingsUrl);
    if (message !== null) found.set(`${at.file}:${at.line}`, { reason: "workflow_invalid", message, at });
  }
  return [...found.values()];
}
