/** The permissions of a job's token, with GitHub asked what the App was granted where that matters. */

import { readGranted } from "../github/app.ts";
import type { GitHubConfig } from "../github/app.ts";
import { secretsNamedIn } from "../language/expression.ts";
import { isLocalAction, nativeAction } from "../language/native-actions.ts";
import type { StepDefinition } from "../model/workflow.ts";
import type { AttemptBindings } from "./bindings.ts";
import type { AttemptFacts } from "./facts.ts";
import { needsGrant, planToken } from "./token-permissions.ts";
import type { TokenPlan } from "./token-permissions.ts";

type Facts = Pick<AttemptFacts, "build" | "job" | "repository">;

export function gitHubOf(
  env: Pick<AttemptBindings, "GITHUB_API_URL" | "GITHUB_APP_ID" | "GITHUB_APP_PRIVATE_KEY">,
): GitHubConfig {
  return { apiUrl: env.GITHUB_API_URL, appId: env.GITHUB_APP_ID, privateKey: env.GITHUB_APP_PRIVATE_KEY };
}

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

/**
 * Why the job cannot have the token that it asks for: which scopes the App lacks, and where that is changed. Null where nothing of the
 * job would notice: only who is given the token can miss a scope.
 */
export async function missingScopes(github: GitHubConfig, facts: Facts, now: number): Promise<string | null> {
  const used = scopesInUse(facts);
  const lackingOf = ({ lacking }: TokenPlan) => lacking.filter(({ name }) => used === "all" || used === name);
  const known = await planWithGrant(github, facts, now, { fresh: false });
  if (lackingOf(known.plan).length === 0) return null;
  // Somebody may have changed it a moment ago.
  const { plan, settingsUrl } = await planWithGrant(github, facts, now, { fresh: true });
  const lacking = lackingOf(plan);
  if (lacking.length === 0) return null;
  const scopes = lacking.map(({ name, level }) => `${name}: ${level}`).join(", ");
  return `permissions asks for ${scopes}, which Sandlot's GitHub App was not granted. Grant it in the App's settings under "Permissions & events", then accept it at ${settingsUrl ?? "the installation"}`;
}

/** What could miss a scope: steps that name the token, an action of the repository that may do so, git after a checkout. */
function scopesInUse({ build, job }: Facts): "all" | "contents" | "none" {
  const { definition } = job.plan;
  const named = secretsNamedIn([
    job.plan.call?.env ?? build.workflow.env,
    definition.env,
    ...definition.steps.map(templatesOf),
  ]);
  const uses = definition.steps.flatMap((step) => (step.kind === "uses" ? [step.uses] : []));
  if (named === "all" || named.includes("GITHUB_TOKEN") || uses.some(isLocalAction)) return "all";
  return uses.some((one) => nativeAction(one) === "actions/checkout") ? "contents" : "none";
}

function templatesOf(step: StepDefinition) {
  return step.kind === "run" ? [step.run, step.env, step.shell, step.workingDirectory] : [step.with, step.env];
}
