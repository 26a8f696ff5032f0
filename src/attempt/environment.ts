/** The environment that a job names: whether it was made in Sandlot, and what it gives. */

import { evaluateTemplate } from "../language/expression.ts";
import { hasEnvironment } from "../store/environments.ts";
import { scopesOf, scopesOfEnvironment } from "../store/scopes.ts";
import { readVariables } from "../store/variables.ts";
import type { AttemptBindings } from "./bindings.ts";
import { jobContexts } from "./contexts.ts";
import type { AttemptFacts } from "./facts.ts";

type Env = Pick<AttemptBindings, "DB" | "GITHUB_SERVER_URL" | "GITHUB_API_URL">;

/** Null for none, also where its name comes out empty, as on GitHub. Throws ExpressionError. */
export function environmentOf(facts: AttemptFacts, env: Env): string | null {
  const { environment } = facts.job.plan.definition;
  if (environment === undefined) return null;
  return evaluateTemplate(environment.name, jobContexts(facts, env)).trim() || null;
}

/** Why the job must not run, with its place; null where it may. Throws ExpressionError. */
export async function refuseEnvironment(env: Env, facts: AttemptFacts): Promise<string | null> {
  const name = environmentOf(facts, env);
  const { id } = facts.repository;
  if (name === null || (await hasEnvironment(env.DB, id, name))) return null;
  const { file, line, column } = facts.job.plan.definition.environment?.at ?? facts.job.plan.definition.at;
  return (
    `${file}:${line}:${column}: Sandlot has no environment '${name}': on GitHub people may guard it, and Sandlot has no such guard. ` +
    `Where that is well, create it: sandlot environments create ${name}`
  );
}

/** `vars` as steps see them. */
export async function stepVariables(
  env: Env,
  { build, repository }: Pick<AttemptFacts, "build" | "repository">,
  environment: string | null,
): Promise<Record<string, string>> {
  if (build.fork) return {};
  return await readVariables(env.DB, [...scopesOf(repository), ...scopesOfEnvironment(repository.id, environment)]);
}
