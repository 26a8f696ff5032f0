/** What of a build's face is written with expressions: its title and its concurrency group. */

import { githubContext } from "../language/contexts.ts";
import { ExpressionError, evaluateTemplate } from "../language/expression.ts";
import type { Contexts } from "../language/expression.ts";
import type { Build } from "../model/build.ts";
import type { Workflow } from "../model/workflow.ts";
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
  return { github: planGithub(env, found, build), inputs: build.inputs ?? {}, vars: {} };
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

export function groupOf(env: IntakeBindings, found: FoundEvent, build: Build, workflow: Workflow): string | null {
  if (workflow.concurrency === null) return null;
  // The letter case of a group does not matter, as on GitHub.
  return evaluateTemplate(workflow.concurrency.group, planContexts(env, found, build)).toLowerCase() || null;
}
