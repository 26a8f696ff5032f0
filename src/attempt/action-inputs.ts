/** What an action of the repository is given, evaluated once, when it begins. */

import { evaluateTemplate, secretsNamedIn } from "../language/expression.ts";
import { actionInputs } from "../language/read-action.ts";
import type { ActionInputs } from "../language/read-action.ts";
import type { ActionFile, UsesStep } from "../model/workflow.ts";
import type { StepWork } from "./work.ts";

export interface OpenAction extends ActionInputs {
  /** `GITHUB_ENV` as it was before its first step: what its steps change counts more than what it was given. */
  envBefore: Record<string, string>;
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
  const contexts = { ...values.contexts, github: { ...(values.contexts["github"] as object), token } };
  const inputs = actionInputs(action, given, contexts, values.functions);
  const open = { ...inputs, envBefore: { ...session.state.env } };
  session.opened.set(id, open);
  return open;
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
