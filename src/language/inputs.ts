/** What somebody gave to `workflow_dispatch`, held against what the workflow declares. */

import type { DispatchInput, Scalar, Workflow } from "../model/workflow.ts";

export type DispatchInputs = { ok: true; inputs: Record<string, Scalar> } | { ok: false; problems: string[] };

/** GitHub's limit. */
const MAX_INPUT_CHARS = 65_535;

/** The `inputs` context: typed, with defaults. `given` is all text, as GitHub's API has it. */
export function dispatchInputs(workflow: Workflow, given: Record<string, string>): DispatchInputs {
  const declared = workflow.on.find(({ event }) => event === "workflow_dispatch")?.inputs ?? [];
  const byName = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  const problems: string[] = [];
  const inputs: [string, Scalar][] = [];
  for (const input of declared) {
    const value = valueOf(input, byName.get(input.name.toLowerCase()));
    byName.delete(input.name.toLowerCase());
    if ("problem" in value) {
      problems.push(value.problem);
    } else {
      inputs.push([input.name, value.value]);
    }
  }
  for (const name of byName.keys()) {
    problems.push(`the workflow has no input '${name}'`);
  }
  if (Object.values(given).reduce((chars, value) => chars + value.length, 0) > MAX_INPUT_CHARS) {
    problems.push(`inputs are longer than ${MAX_INPUT_CHARS} characters together`);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, inputs: Object.fromEntries(inputs) };
}

function valueOf(input: DispatchInput, given: string | undefined): { value: Scalar } | { problem: string } {
  const text = given ?? (input.default === null ? undefined : String(input.default));
  if (text === undefined || (input.required && text === "")) {
    return input.required ? { problem: `the input '${input.name}' is required` } : { value: emptyOf(input) };
  }
  const problem = faultOf(input, text);
  return problem === null ? { value: typed(input, text) } : { problem: `the input '${input.name}' ${problem}` };
}

function typed({ type }: DispatchInput, text: string): Scalar {
  if (type === "boolean") {
    return text === "true";
  }
  return type === "number" ? Number(text) : text;
}

function faultOf({ type, options }: DispatchInput, text: string): string | null {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  const faults = {
    string: null,
    boolean: ["true", "false"].includes(text) ? null : "must be true or false",
    number: Number.isNaN(number) ? "must be a number" : null,
    choice: options.includes(text) ? null : `must be one of: ${options.join(", ")}`,
    environment: null,
  } as const satisfies Record<DispatchInput["type"], string | null>;
  return faults[type];
}

/** What GitHub gives for an input that nobody set: the first option, false, nothing. */
function emptyOf(input: DispatchInput): Scalar {
  switch (input.type) {
    case "boolean":
      return false;
    case "choice":
      return input.options[0] ?? "";
    case "number":
    case "string":
    case "environment":
      return "";
  }
}
