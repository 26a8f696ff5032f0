/** The official parser's tokens to the values of our model, each with its place. */

import { isBasicExpression, isBoolean, isMapping, isNumber, isSequence, isString } from "@actions/workflow-parser";
import { ensureStatusFunction } from "@actions/workflow-parser/model/converter/if-condition";
import { type ScalarToken, TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import type { Expression, Place, Problem, Scalar, Templated, TemplatedData, TemplatedMap } from "../model/workflow.ts";
import { isExpression } from "./expression.ts";
import { ExpressionError, parseExpression } from "./expression-tree.ts";

export type Token = TemplateToken;

/** One file on its way to a workflow: what is wrong is collected, so that its author sees all of it at once. */
export class Reading {
  readonly file: string;
  readonly #problems = new Map<string, Problem>();
  #forgiven: ReadonlySet<number> = new Set();

  constructor(file: string) {
    this.file = file;
  }

  /** Sorted by place; the first word about a place stands. */
  get problems(): Problem[] {
    return [...this.#problems.values()].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  }

  report(reason: Problem["reason"], message: string, token: Token): void {
    this.reportAt(reason, message, this.place(token));
  }

  /** What the schema refused stays in the tree as it was; later checks would say again, in other words, that it is wrong. */
  forgiveLinesSoFar(): void {
    this.#forgiven = new Set([...this.#problems.values()].map(({ at }) => at.line));
  }

  reportAt(reason: Problem["reason"], message: string, place: Place): void {
    const key = `${place.line}:${place.column}:${reason}`;
    const forgiven = reason === "workflow_invalid" && this.#forgiven.has(place.line);
    if (!forgiven && !this.#problems.has(key)) {
      this.#problems.set(key, { reason, message, at: place });
    }
  }

  place(token: Token): Place {
    const start = token.range?.start;
    return { file: this.file, line: start?.line ?? 1, column: start?.column ?? 1 };
  }
}

/** Puts right the columns of expressions within blocks of text, which the official reader counts without the block's indentation. */
export function shiftColumns(root: Token, indentAt: (line: number) => number): void {
  for (const [, token] of TemplateToken.traverse(root)) {
    const start = token.range?.start;
    if (start !== undefined && isBasicExpression(token)) {
      start.column += indentAt(start.line);
    }
  }
}

export interface Entry {
  key: string;
  keyToken: ScalarToken;
  value: Token;
}

/** The pairs of a mapping; none where it is no mapping. Keys that are expressions are left out (`check-support.ts` refuses them). */
export function entriesOf(token: Token | undefined): Entry[] {
  if (token === undefined || !isMapping(token)) {
    return [];
  }
  const entries: Entry[] = [];
  for (const pair of token) {
    if (isString(pair.key)) {
      entries.push({ key: pair.key.value, keyToken: pair.key, value: pair.value });
    }
  }
  return entries;
}

export function itemsOf(token: Token | undefined): Token[] {
  return token !== undefined && isSequence(token) ? [...token] : [];
}

/** The value under a key, in any case as the official reader takes keys. */
export function child(token: Token | undefined, key: string): Token | undefined {
  return entriesOf(token).find((entry) => entry.key.toLowerCase() === key)?.value;
}

/** A string, or the strings of a list. */
export function stringsOf(token: Token | undefined): string[] | null {
  if (token === undefined) {
    return null;
  }
  return (isSequence(token) ? itemsOf(token) : [token]).filter(isString).map((item) => item.value);
}

function expressionOf(token: Token): Expression | null {
  if (!isBasicExpression(token)) {
    return null;
  }
  return {
    expression: token.expression,
    line: token.range?.start.line ?? 1,
    column: token.range?.start.column ?? 1,
  };
}

export function scalarOf(token: Token): Scalar {
  if (isString(token) || isNumber(token) || isBoolean(token)) {
    return token.value;
  }
  return null;
}

function templated(token: Token | undefined): Templated | null {
  return token === undefined ? null : (expressionOf(token) ?? scalarOf(token));
}

export function templatedScalar(token: Token): Templated {
  return templated(token);
}

export function templatedText(token: Token | undefined): Templated<string> | null {
  const value = templated(token);
  return typeof value === "object" ? value : String(value);
}

export function templatedNumber(token: Token | undefined): Templated<number> | null {
  const value = templated(token);
  return typeof value === "object" || typeof value === "number" ? value : null;
}

export function templatedBoolean(token: Token | undefined, otherwise: boolean): Templated<boolean> {
  const value = templated(token);
  return value !== null && (typeof value === "object" || typeof value === "boolean") ? value : otherwise;
}

export function templatedMap(token: Token | undefined): TemplatedMap {
  return Object.fromEntries(entriesOf(token).map(({ key, value }) => [key, templated(value) ?? ""]));
}

export function templatedTextMap(token: Token | undefined): Record<string, Templated<string>> {
  return Object.fromEntries(entriesOf(token).map(({ key, value }) => [key, templatedText(value) ?? ""]));
}

export function templatedData(token: Token): TemplatedData {
  if (isSequence(token)) {
    return itemsOf(token).map(templatedData);
  }
  if (!isMapping(token)) {
    return templated(token);
  }
  const mapping = Object.fromEntries(entriesOf(token).map(({ key, value }) => [key, templatedData(value)]));
  if (isExpression(mapping)) {
    // Plain data that looks like one of our expressions is said as an expression, so that it stays data.
    const source = `fromJSON('${JSON.stringify(mapping).replaceAll("'", "''")}')`;
    return { expression: source, line: token.range?.start.line ?? 1, column: token.range?.start.column ?? 1 };
  }
  return mapping;
}

/** An `if`: an expression with or without `${{ }}`, `success()` put before it where it names no status function. */
export function conditionOf(reading: Reading, token: Token | undefined): string {
  const given = token === undefined ? null : (expressionOf(token)?.expression ?? scalarOf(token));
  const source = given === null ? "" : String(given).trim();
  if (token === undefined || source === "") {
    return "success()";
  }
  const condition = ensureStatusFunction(source, token.definitionInfo);
  checkExpression(reading, condition, token);
  return condition;
}

/** What the official parser lets pass and the evaluator would refuse at run time. */
export function checkExpression(reading: Reading, expression: string, token: Token): void {
  try {
    parseExpression(expression);
  } catch (error) {
    if (!(error instanceof ExpressionError)) {
      throw error;
    }
    reading.report("workflow_invalid", error.message, token);
  }
}
