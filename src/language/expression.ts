/** Evaluates GitHub's expressions over plain JSON, with the official evaluator. */

import { data, Evaluator } from "@actions/expressions";
import type { FunctionDefinition } from "@actions/expressions/funcs/info";
import type { Expression, Templated, TemplatedData } from "../model/workflow.ts";
import { ContextRoot, fromData, toData, type Value } from "./expression-data.ts";
import { explain, ExpressionError, parseExpression, propertiesNamed } from "./expression-tree.ts";

export { ExpressionError } from "./expression-tree.ts";
export type { Value } from "./expression-data.ts";

/** `{ github: {…}, matrix: {…} }`, plain JSON. */
export type Contexts = Record<string, unknown>;

/** SHA-256 of files that was computed before, by `fileHashKey(patterns)`. */
export type FileHashes = ReadonlyMap<string, string>;

/** What the status functions answer here; one that is absent fails the expression. `always()` is true. */
export interface StatusFunctions {
  success?: boolean;
  failure?: boolean;
  cancelled?: boolean;
  files?: FileHashes;
}

/** `hashFiles` met patterns whose hash is not known yet: compute it and evaluate again (`evaluateWithFiles`). */
export class HashFilesNeeded extends Error {
  override readonly name = "HashFilesNeeded";
  readonly patterns: string[];
  constructor(patterns: string[]) {
    super(`the hash of ${patterns.join(", ")} is not known yet`);
    this.patterns = patterns;
  }
}

export function fileHashKey(patterns: readonly string[]): string {
  return JSON.stringify(patterns);
}

/** Runs `run` until every hash it asks for is known. At most one round for each `hashFiles` call. */
export async function evaluateWithFiles<T>(
  run: (files: FileHashes) => T,
  hash: (patterns: string[]) => Promise<string>,
): Promise<T> {
  const files = new Map<string, string>();
  for (;;) {
    try {
      return run(files);
    } catch (error) {
      if (!(error instanceof HashFilesNeeded)) {
        throw error;
      }
      files.set(fileHashKey(error.patterns), await hash(error.patterns));
    }
  }
}

/** `expression` is the source without `${{ }}`. Throws `ExpressionError`, or `HashFilesNeeded`. */
export function evaluate(expression: string, contexts: Contexts, functions: StatusFunctions = {}): Value {
  return fromData(evaluateSource(expression, contexts, functions, null));
}

/** A job's or step's `if`. */
/** Without the `success() &&` that is put before a condition that asks for no status. */
export function conditionAsWritten(condition: string): string {
  return /^success\(\) && \((.*)\)$/s.exec(condition)?.[1] ?? condition;
}

export function evaluateCondition(condition: string, contexts: Contexts, functions: StatusFunctions = {}): boolean {
  return isTruthy(evaluate(condition, contexts, functions));
}

/** GitHub's falsy values: `false`, `0`, `NaN`, `''`, `null`. */
export function isTruthy(value: Value): boolean {
  return !(value === null || value === false || value === "" || value === 0 || Number.isNaN(value));
}

/** As GitHub writes a value into text: null is empty, an object is the word `Object`. */
export function evaluateTemplate(value: Templated, contexts: Contexts, functions: StatusFunctions = {}): string {
  const datum = isExpression(value)
    ? evaluateSource(value.expression, contexts, functions, value)
    : toData(value, new Map());
  return datum.coerceString();
}

/** Every expression in a tree of data replaced by its value. */
export function evaluateData(value: TemplatedData, contexts: Contexts, functions: StatusFunctions = {}): unknown {
  if (isExpression(value)) {
    return fromData(evaluateSource(value.expression, contexts, functions, value));
  }
  if (Array.isArray(value)) {
    return value.map((item) => evaluateData(item, contexts, functions));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, evaluateData(item, contexts, functions)]),
    );
  }
  return value;
}

/** For `continue-on-error`, `fail-fast`, `cancel-in-progress`. Throws `ExpressionError` where it is no boolean. */
export function evaluateBoolean(
  value: Templated<boolean>,
  contexts: Contexts,
  functions: StatusFunctions = {},
): boolean {
  const result = evaluateData(value, contexts, functions);
  if (typeof result !== "boolean") {
    throw mismatch(value, "true or false", result);
  }
  return result;
}

/** For `timeout-minutes`, `max-parallel`: a number, or text that is one. Throws `ExpressionError` otherwise. */
export function evaluateNumber(value: Templated<number>, contexts: Contexts, functions: StatusFunctions = {}): number {
  const result = evaluateData(value, contexts, functions);
  const number = typeof result === "string" && result.trim() !== "" ? Number(result) : result;
  if (typeof number !== "number" || Number.isNaN(number)) {
    throw mismatch(value, "a number", result);
  }
  return number;
}

function mismatch(value: Templated, wanted: string, got: unknown): ExpressionError {
  // Never the beginning of a text: what a mask hides as a whole would be shown in part.
  const text = JSON.stringify(got) ?? "nothing";
  const shown = text.length > 60 ? `a text of ${text.length} characters` : text;
  return isExpression(value)
    ? new ExpressionError(`${wanted} was expected, got ${shown}`, value.expression, placeOf(value))
    : new ExpressionError(`${wanted} was expected, got ${shown}`, shown);
}

const EXPRESSION_KEYS = ["column", "expression", "line"].join();

/** Exactly the three keys: reading never makes other data of that shape (see `token.ts`). */
export function isExpression(value: TemplatedData): value is Expression {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    typeof value["expression"] === "string" &&
    Object.keys(value).sort().join() === EXPRESSION_KEYS
  );
}

export function containsExpression(value: TemplatedData): boolean {
  if (isExpression(value)) {
    return true;
  }
  return typeof value === "object" && value !== null && Object.values(value).some(containsExpression);
}

/** Upper-case names of the secrets that a value uses; `github.token` is `GITHUB_TOKEN`. `all` where it cannot be told before running. */
export function secretsNamedIn(value: TemplatedData): string[] | "all" {
  const names = new Set<string>();
  for (const { expression } of expressionsIn(value)) {
    const tree = parseExpression(expression);
    const secrets = propertiesNamed(tree, "secrets");
    if (secrets === "all") {
      return "all";
    }
    const github = propertiesNamed(tree, "github");
    if (github === "all" || [...github].some((name) => name.toLowerCase() === "token")) {
      names.add("GITHUB_TOKEN");
    }
    for (const name of secrets) {
      names.add(name.toUpperCase());
    }
  }
  return [...names].sort();
}

export function* expressionsIn(value: TemplatedData): Generator<Expression> {
  if (isExpression(value)) {
    yield value;
  } else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) {
      yield* expressionsIn(item);
    }
  }
}

function evaluateSource(
  expression: string,
  contexts: Contexts,
  functions: StatusFunctions,
  place: Expression | null,
): data.ExpressionData {
  const at = place === null ? null : placeOf(place);
  const seen = new Map<object, data.ExpressionData>();
  try {
    const tree = parseExpression(expression, Object.keys(contexts));
    return new Evaluator(tree, new ContextRoot(contexts, seen), implementations(functions, seen)).evaluate();
  } catch (error) {
    const needed = hashNeededBy(error);
    if (needed !== null) {
      throw needed;
    }
    throw new ExpressionError(error instanceof ExpressionError ? error.message : explain(error), expression, at);
  }
}

/** Within `a[…]` the evaluator wraps what is thrown. */
function hashNeededBy(error: unknown): HashFilesNeeded | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof HashFilesNeeded) {
      return cause;
    }
  }
  return null;
}

function placeOf({ line, column }: Expression): { line: number; column: number } {
  return { line, column };
}

/** Keys are lower case, as the evaluator looks them up; ours win over its own. */
function implementations(
  functions: StatusFunctions,
  seen: Map<object, data.ExpressionData>,
): Map<string, FunctionDefinition> {
  const status = (name: string, answer: boolean | undefined): FunctionDefinition =>
    definition(name, () => {
      if (answer === undefined) {
        throw new Error(`${name}() is not available here`);
      }
      return new data.BooleanData(answer);
    });
  return new Map([
    ["success", status("success", functions.success)],
    ["failure", status("failure", functions.failure)],
    ["cancelled", status("cancelled", functions.cancelled)],
    ["always", status("always", true)],
    ["hashfiles", definition("hashFiles", (...args) => hashFiles(args, functions.files))],
    ["tojson", definition("toJSON", (value) => new data.StringData(JSON.stringify(plain(value), null, 2)))],
    ["fromjson", definition("fromJSON", (value) => toData(parseJson(value), seen))],
  ]);
}

function definition(name: string, call: FunctionDefinition["call"]): FunctionDefinition {
  return { name, minArgs: 0, maxArgs: 255, call };
}

function plain(value: data.ExpressionData | undefined): Value {
  return value === undefined ? null : fromData(value);
}

function parseJson(value: data.ExpressionData | undefined): unknown {
  const text = value?.coerceString() ?? "";
  if (text.trim() === "") {
    throw new Error("fromJSON was given no text");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's own words quote the text's first characters, which may be those of a secret.
    const [place] = /at position \d+(?: \(line \d+ column \d+\))?/.exec(String(error)) ?? ["from its beginning on"];
    throw new Error(`fromJSON: the text is not JSON ${place}`);
  }
}

function hashFiles(args: data.ExpressionData[], files: FileHashes | undefined): data.ExpressionData {
  if (files === undefined) {
    throw new Error("hashFiles() is not available here");
  }
  const patterns = args.map((arg) => arg.coerceString());
  const known = files.get(fileHashKey(patterns));
  if (known === undefined) {
    throw new HashFilesNeeded(patterns);
  }
  return new data.StringData(known);
}
