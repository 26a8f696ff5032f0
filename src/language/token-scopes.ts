/** Which scopes a job would miss that its token cannot have, and what is said of that: before the job starts, and when it does. */

import type { PlannedJob, StepDefinition, TemplatedMap } from "../model/workflow.ts";
import { secretsNamedIn } from "./expression.ts";
import { nativeAction } from "./native-actions.ts";
import type { TokenPlan } from "./token-permissions.ts";

/** Null where nothing of the job would notice: only who is given the token can miss a scope. `env` is that of the job's file. */
export function sayMissingScopes(
  job: PlannedJob,
  env: TemplatedMap,
  { lacking }: TokenPlan,
  settingsUrl: string | null,
): string | null {
  const used = scopesInUse(job, env);
  const missing = lacking.filter(({ name }) => used === "all" || used === name);
  if (missing.length === 0) return null;
  const scopes = missing.map(({ name, level }) => `${name}: ${level}`).join(", ");
  return `permissions asks for ${scopes}, which Sandlot's GitHub App was not granted. Grant it in the App's settings under "Permissions & events", then accept it at ${settingsUrl ?? "the installation"}`;
}

/** What could miss a scope: steps that name the token, an action that may do so, git after a checkout. */
function scopesInUse({ definition, call }: PlannedJob, env: TemplatedMap): "all" | "contents" | "none" {
  const named = secretsNamedIn([call?.env ?? env, definition.env, ...definition.steps.map(templatesOf)]);
  const uses = definition.steps.flatMap((step) => (step.kind === "uses" ? [step.uses] : []));
  if (named === "all" || named.includes("GITHUB_TOKEN") || uses.some((one) => nativeAction(one) === null)) return "all";
  return uses.some((one) => nativeAction(one) === "actions/checkout") ? "contents" : "none";
}

function templatesOf(step: StepDefinition) {
  return step.kind === "run" ? [step.run, step.env, step.shell, step.workingDirectory] : [step.with, step.env];
}
