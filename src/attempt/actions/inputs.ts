/** What an action is given, evaluated once, when it begins. */

import { evaluateTemplate, secretsNamedIn } from "../../language/expression.ts";
import type { Contexts } from "../../language/expression.ts";
import { actionInputs } from "../../language/read-action.ts";
import type { ActionInputs } from "../../language/read-action.ts";
import type { ActionFile, UsesStep } from "../../model/workflow.ts";
import type { StepWork } from "../step/work.ts";

export interface OpenAction extends ActionInputs {
  /** `GITHUB_ENV` as it was before its first step: what its steps change counts more than what it was given. */
  envBefore: Record<string, string>;
  /** Given, and not asked for: what a JavaScript action finds all the same. */
  extra: Record<string, string>;
}

/** A later slice finds it as it was; after a restart of the job runner it is evaluated again. Throws ExpressionError, HashFilesNeeded. */
export async function openAction(work: StepWork, step: UsesStep, action: ActionFile): Promise<OpenAction> {
  const { session, values, id } = work;
  const known = session.opened.get(id);
  if (known !== undefined) return known;
  const given = Object.fromEntries(
    Object.entries(step.with).map(([name, value]) => [
      name,
      evaluateTemplate(value, values.contexts, values.functions),
    ]),
  );
  const token = await tokenNamedIn(
    work,
    action.inputs.map((input) => input.default),
  );
  const contexts = defaultContexts(values.contexts, token);
  const inputs = actionInputs(action, given, contexts, values.functions);
  const extra = Object.fromEntries(Object.entries(given).filter(([name]) => inputs.unexpected.includes(name)));
  const open = { ...inputs, extra, envBefore: { ...session.state.env } };
  session.opened.set(id, open);
  return open;
}

/** Whoever wrote the action sees no more in a default. https://docs.github.com/actions/reference/workflows-and-actions/contexts#context-availability */
function defaultContexts(contexts: Contexts, token: string): Contexts {
  const { runner, job, strategy, matrix } = contexts;
  return { runner, job, strategy, matrix, github: { ...(contexts["github"] as object), token } };
}

/** The job's token where it is named; empty otherwise, and for a fork. */
export async function tokenNamedIn(
  { session }: StepWork,
  source: Parameters<typeof secretsNamedIn>[0],
): Promise<string> {
  const named = secretsNamedIn(source);
  const wanted = named === "all" || named.includes("GITHUB_TOKEN");
  return wanted && !session.facts.build.fork ? await session.vault.token(Date.now()) : "";
}
