/** What `github.action` calls the steps of a job or an action. */

import type { StepDefinition } from "../../model/workflow.ts";

/**
 * `github.action` of each step: its id, else `__run`, `__actions_checkout`, `__self`, the second of a kind with `_2`.
 * https://docs.github.com/actions/reference/workflows-and-actions/variables
 */
export function actionNames(steps: readonly StepDefinition[]): string[] {
  const taken = new Set(steps.map((step) => step.id));
  return steps.map((step) => {
    if (step.id !== null) return step.id;
    const kind = kindOf(step);
    let name = kind;
    for (let nth = 2; taken.has(name); nth += 1) name = `${kind}_${nth}`;
    taken.add(name);
    return name;
  });
}

function kindOf(step: StepDefinition): string {
  if (step.kind === "run") return "__run";
  if (step.uses.startsWith(".")) return "__self";
  const [owner = "", repository = ""] = (step.uses.split("@")[0] ?? "").split("/");
  return `__${owner}_${repository}`.replaceAll(/[^A-Za-z0-9_-]/g, "_");
}
