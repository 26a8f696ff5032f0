/** A composite action of the repository: the text of its `action.yml` in, its steps out. */

import { getActionSchema } from "@actions/workflow-parser/actions/action-schema";
import { isBasicExpression } from "@actions/workflow-parser";
import type { ActionFile, ActionInput } from "../model/workflow.ts";
import { checkStepList } from "./check-jobs.ts";
import { checkKeys, checkTree, checkUses } from "./check-support.ts";
import { type Contexts, evaluateTemplate, type StatusFunctions } from "./expression.ts";
import { plainText, readTokens } from "./official.ts";
import { readStep } from "./read-step.ts";
import { child, entriesOf, itemsOf, Reading, scalarOf, stringsOf, templatedText, type Token } from "./token.ts";
import { readYaml, type YamlTree } from "./yaml-tree.ts";

/** The definition in the official schema that asks for no description, as GitHub's runner does not. */
const ACTION_ROOT = "action-root";
const MAX_PROBLEMS = 100;

/** Where the file of `uses: ./folder` may lie, from the workspace; the first that exists counts. Null where it would be outside. */
export function actionPaths(uses: string): string[] | null {
  const parts: string[] = [];
  for (const part of uses.trim().split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) {
        return null;
      }
    } else if (part !== "" && part !== ".") {
      parts.push(part);
    }
  }
  return ["action.yml", "action.yaml"].map((name) => [...parts, name].join("/"));
}

/** `path` is the file's, from the workspace. Never throws for what stands in the file. */
export function readAction(path: string, text: string): ActionFile {
  const yaml = readYaml(path, plainText(text));
  const nothing = { path, name: null, inputs: [], outputs: {}, steps: [] };
  if (yaml.tree === null) {
    return { ...nothing, problems: yaml.problems };
  }
  const reading = new Reading(path);
  const action = readTree(reading, yaml.tree);
  return { ...nothing, ...action, problems: reading.problems.slice(0, MAX_PROBLEMS) };
}

function readTree(reading: Reading, tree: YamlTree): Partial<ActionFile> {
  const tokens = readTokens(reading, tree, { schema: getActionSchema(), root: ACTION_ROOT });
  if (tokens === null) {
    return {};
  }
  const { root } = tokens;
  const runs = child(root, "runs");
  if (!checkUsing(reading, root, runs)) {
    return {};
  }
  checkAction(reading, root);
  const name = templatedText(child(root, "name"));
  return {
    name: typeof name === "string" ? name : null,
    inputs: entriesOf(child(root, "inputs")).map(({ key, value }) => readInput(key, value)),
    outputs: Object.fromEntries(
      entriesOf(child(root, "outputs")).map(({ key, value }) => [key, templatedText(child(value, "value")) ?? ""]),
    ),
    steps: itemsOf(child(runs, "steps")).map((step, index) => readStep(reading, step, index + 1)),
  };
}

/** True for a composite action: what else a file says that is none need not be said. */
function checkUsing(reading: Reading, root: Token, runs: Token | undefined): boolean {
  const using = child(runs, "using");
  const kind = stringsOf(using)?.[0];
  if (runs === undefined || using === undefined || kind === undefined) {
    reading.report("workflow_invalid", "an action must say what it runs: 'runs.using'", using ?? runs ?? root);
    return false;
  }
  if (kind.toLowerCase() !== "composite") {
    const known = /^(docker|node\d+)$/i.test(kind);
    const message = `an action that runs using '${kind}' is not carried out by Sandlot: only composite actions are`;
    reading.report(known ? "unsupported" : "workflow_invalid", message, using);
    return false;
  }
  return true;
}

function checkAction(reading: Reading, root: Token): void {
  checkKeys(reading, "action", root);
  const runs = child(root, "runs");
  checkKeys(reading, "action.runs", runs);
  for (const { value } of entriesOf(child(root, "outputs"))) {
    checkKeys(reading, "action.outputs", value);
  }
  const steps = child(runs, "steps");
  if (steps === undefined) {
    reading.report("workflow_invalid", "a composite action must have steps", runs ?? root);
    return;
  }
  checkStepList(reading, steps, "action");
  for (const step of itemsOf(steps)) {
    checkKeys(reading, "action.step", step);
    checkUses(reading, step);
  }
  checkTree(reading, root);
}

function readInput(name: string, value: Token): ActionInput {
  const token = child(value, "default");
  return {
    name,
    required: isTrue(child(value, "required")),
    default: token === undefined ? null : templatedText(token),
  };
}

/** GitHub takes the word as well. */
function isTrue(token: Token | undefined): boolean {
  return token !== undefined && !isBasicExpression(token) && String(scalarOf(token)).toLowerCase() === "true";
}

export interface ActionInputs {
  /** The `inputs` context of the action's steps. */
  inputs: Record<string, string>;
  /** Given, and not asked for; GitHub warns. */
  unexpected: string[];
  /** Required, without a default, and not given; GitHub goes on without them. */
  missing: string[];
}

/** `given` is the step's `with`, evaluated; `contexts` are those of the job, for defaults. Throws `ExpressionError`, `HashFilesNeeded`. */
export function actionInputs(
  action: Pick<ActionFile, "inputs">,
  given: Record<string, string>,
  contexts: Contexts,
  functions: StatusFunctions = {},
): ActionInputs {
  const values = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  const missing: string[] = [];
  const inputs = action.inputs.map((input): [string, string] => {
    const value = values.get(input.name.toLowerCase());
    if (value === undefined && input.default === null && input.required) {
      missing.push(input.name);
    }
    const otherwise = input.default === null ? "" : evaluateTemplate(input.default, contexts, functions);
    return [input.name, value ?? otherwise];
  });
  const known = new Set(action.inputs.map(({ name }) => name.toLowerCase()));
  const unexpected = Object.keys(given).filter((name) => !known.has(name.toLowerCase()));
  return { inputs: Object.fromEntries(inputs), unexpected, missing };
}
