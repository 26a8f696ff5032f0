/** What people see of a step before they open it. */

import { evaluateTemplate } from "../../language/expression.ts";
import type { StepDefinition } from "../../model/workflow.ts";
import type { StepValues } from "./environment.ts";
import { firstLine } from "./run.ts";

/** A name that can't be evaluated stands as it is written. */
export function stepName(step: StepDefinition, values: StepValues | null): string {
  if (typeof step.name === "string") return step.name;
  if (step.name !== null && values) return evaluateTemplate(step.name, values.contexts, values.functions);
  if (step.kind === "uses") return `Run ${step.uses}`;
  if (typeof step.run === "string") return `Run ${firstLine(step.run)}`;
  return values ? `Run ${firstLine(evaluateTemplate(step.run, values.contexts, values.functions))}` : "Run a script";
}
