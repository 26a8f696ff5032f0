/** The permissions of a job's token, with GitHub asked what the App was granted where that matters. */

import { readGranted } from "../github/app.ts";
import type { GitHubConfig } from "../github/app.ts";
import { needsGrant, planToken } from "../language/token-permissions.ts";
import type { TokenPlan } from "../language/token-permissions.ts";
import { sayMissingScopes } from "../language/token-scopes.ts";
import type { AttemptFacts } from "./facts.ts";

type Facts = Pick<AttemptFacts, "build" | "job" | "repository">;

/** Throws `GitHubFault`. */
export async function tokenPlan(github: GitHubConfig, facts: Facts, now: number): Promise<TokenPlan> {
  return (await planWithGrant(github, facts, now, { fresh: false })).plan;
}

async function planWithGrant(
  github: GitHubConfig,
  { build, job, repository }: Facts,
  now: number,
  { fresh }: { fresh: boolean },
): Promise<{ plan: TokenPlan; settingsUrl: string | null }> {
  const asked = { workflow: build.workflow.permissions, job: job.plan.definition.permissions };
  const ask = !build.fork && repository.installationId !== null && needsGrant(asked.workflow, asked.job);
  const granted = ask ? await readGranted(github, repository.installationId ?? 0, { now, fresh }) : null;
  const plan = planToken({ ...asked, granted: granted?.permissions ?? null, fork: build.fork });
  return { plan, settingsUrl: granted?.settingsUrl ?? null };
}

/** Why the job cannot have the token that it asks for: which scopes the App lacks, and where that is changed. Null where it can. */
export async function missingScopes(github: GitHubConfig, facts: Facts, now: number): Promise<string | null> {
  const { job, build } = facts;
  const say = ({ plan, settingsUrl }: Awaited<ReturnType<typeof planWithGrant>>) =>
    sayMissingScopes(job.plan, build.workflow.env, plan, settingsUrl);
  if (say(await planWithGrant(github, facts, now, { fresh: false })) === null) return null;
  // Somebody may have changed it a moment ago.
  return say(await planWithGrant(github, facts, now, { fresh: true }));
}
