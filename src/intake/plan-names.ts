/** What of a build's face is written with expressions: its title and its concurrency group. */

import { githubContext } from "../language/contexts.ts";
import { ExpressionError, evaluateBoolean, evaluateTemplate } from "../language/expression.ts";
import type { Contexts } from "../language/expression.ts";
import type { Build } from "../model/build.ts";
import type { Problem, Workflow } from "../model/workflow.ts";
import type { IntakeBindings } from "./bindings.ts";
import type { FoundEvent } from "./find-event.ts";

/** The `github` context before any job runs. */
export function planGithub(env: IntakeBindings, found: FoundEvent, build: Build): Record<string, unknown> {
  return githubContext(build, found.event.repository, found.payload, {
    serverUrl: env.GITHUB_SERVER_URL,
    apiUrl: env.GITHUB_API_URL,
  });
}

/** The contexts that exist before any job runs. */
function planContexts(env: IntakeBindings, found: FoundEvent, build: Build): Contexts {
  return { github: planGithub(env, found, build), inputs: build.inputs ?? {}, vars: found.vars ?? {} };
}

/** `run-name`, else the commit's or pull request's title. A name that can't be evaluated is no reason to fail. */
export function titleOf(env: IntakeBindings, found: FoundEvent, build: Build, workflow: Workflow): string {
  if (workflow.runName === null) return build.title;
  try {
    return evaluateTemplate(workflow.runName, planContexts(env, found, build)).trim() || build.title;
  } catch (error) {
    if (error instanceof ExpressionError) return build.title;
    throw error;
  }
}

/** The workflow's concurrency, evaluated: nothing of it depends on what runs later. `group` is null where it came out empty. */
export function concurrencyOf(
  env: IntakeBindings,
  found: FoundEvent,
  build: Build,
  workflow: Workflow,
): { group: string | null; cancelInProgress: boolean } | { problem: Problem } | null {
  if (workflow.concurrency === null) return null;
  const contexts = planContexts(env, found, build);
  try {
    // The letter case of a group does not matter, as on GitHub.
    const group = evaluateTemplate(workflow.concurrency.group, contexts).toLowerCase();
    return {
      group: group === "" ? null : group,
      cancelInProgress: evaluateBoolean(workflow.concurrency.cancelInProgress, contexts),
    };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const at = { file: workflow.path, line: error.at?.line ?? 1, column: error.at?.column ?? 1 };
    return { problem: { reason: "workflow_invalid", message: `concurrency: ${error.message}`, at } };
  }
}
