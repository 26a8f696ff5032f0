/** An action: the text of its `action.yml` in, the steps or the files that it runs out. */

import { getActionSchema } from "@actions/workflow-parser/actions/action-schema";
import { isBasicExpression } from "@actions/workflow-parser";
import type { ActionFile, ActionInput, JavaScriptRuns } from "../model/workflow.ts";
import { checkStepList } from "./check-jobs.ts";
import { checkKeys, checkTree, checkUses } from "./check-support.ts";
import { type Contexts, evaluateTemplate, type StatusFunctions } from "./expression.ts";
import { plainText, readTokens } from "./official.ts";
import { readStep } from "./read-step.ts";
import {
  checkExpression,
  child,
  entriesOf,
  itemsOf,
  Reading,
  scalarOf,
  stringsOf,
  templatedText,
  type Token,
} from "./token.ts";
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
  return actionFileNames().map((name) => [...parts, name].join("/"));
}

/** The first that is there counts. */
export function actionFileNames(): string[] {
  return ["action.yml", "action.yaml"];
}

/** `path` is the file's, from the workspace. Never throws for what stands in the file. */
export function readAction(path: string, text: string): ActionFile {
  const yaml = readYaml(path, plainText(text));
  const nothing = { path, name: null, inputs: [], outputs: {}, steps: [], javascript: null };
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
  const kind = kindOf(reading, root, runs);
  if (runs === undefined || kind === null) {
    return {};
  }
  const name = templatedText(child(root, "name"));
  const described = {
    name: typeof name === "string" ? name : null,
    inputs: entriesOf(child(root, "inputs")).map(({ key, value }) => readInput(key, value)),
  };
  if (kind !== "composite") {
    return { ...described, javascript: readJavaScript(reading, runs, kind.node) };
  }
  checkComposite(reading, root);
  return {
    ...described,
    outputs: Object.fromEntries(
      entriesOf(child(root, "outputs")).map(({ key, value }) => [key, templatedText(child(value, "value")) ?? ""]),
    ),
    steps: itemsOf(child(runs, "steps")).map((step, index) => readStep(reading, step, index + 1)),
  };
}

type Kind = "composite" | { node: number };

/** Null where it can't be carried out; what else such a file says need not be said. */
function kindOf(reading: Reading, root: Token, runs: Token | undefined): Kind | null {
  const using = child(runs, "using");
  const [kind = ""] = stringsOf(using) ?? [];
  if (using === undefined || kind === "") {
    reading.report("workflow_invalid", "an action must say what it runs: 'runs.using'", using ?? runs ?? root);
    return null;
  }
  if (kind.toLowerCase() === "composite") {
    return "composite";
  }
  const node = /^node(\d{1,3})$/i.exec(kind)?.[1];
  if (node === undefined) {
    reportKind(reading, kind, using);
    return null;
  }
  return { node: Number(node) };
}

function reportKind(reading: Reading, kind: string, using: Token): void {
  const message =
    kind.toLowerCase() === "docker"
      ? "an action that runs using 'docker' is not carried out by Sandlot: there is no Docker in its sandboxes"
      : `an action that runs using '${kind}' is known neither to GitHub nor to Sandlot`;
  reading.report(kind.toLowerCase() === "docker" ? "unsupported" : "workflow_invalid", message, using);
}

function readJavaScript(reading: Reading, runs: Token, node: number): JavaScriptRuns | null {
  const file = (key: string): string | null => stringsOf(child(runs, key))?.[0] ?? null;
  const main = file("main");
  if (main === null) {
    reading.report("workflow_invalid", "a JavaScript action must say what it runs: 'runs.main'", runs);
    return null;
  }
  return {
    node,
    main,
    pre: file("pre"),
    preIf: phaseCondition(reading, child(runs, "pre-if")),
    post: file("post"),
    postIf: phaseCondition(reading, child(runs, "post-if")),
  };
}

/** Unlike a step's `if`, it does not imply `success()`. */
function phaseCondition(reading: Reading, token: Token | undefined): string {
  const text = token === undefined ? "" : String(scalarOf(token) ?? "").trim();
  const source = /^\$\{\{(.*)\}\}$/s.exec(text)?.[1]?.trim() ?? text;
  if (token === undefined || source === "") {
    return "always()";
  }
  checkExpression(reading, source, token);
  return source;
}

function checkComposite(reading: Reading, root: Token): void {
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
