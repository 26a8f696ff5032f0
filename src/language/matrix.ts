/** A matrix to its legs, by GitHub's rules of `include` and `exclude`. */

import { equals } from "@actions/expressions/result";
import { MAX_MATRIX_JOBS } from "../model/limits.ts";
import { toData } from "./expression-data.ts";
import { ExpressionError } from "./expression-tree.ts";

export type Leg = Record<string, unknown>;

/** `segments` are the values that GitHub writes behind the job's name: those of the axes, not what `include` adds to them. */
export interface NamedLeg {
  values: Leg;
  segments: string[];
}

/** Combinations looked at, times filters: a matrix of more is refused before it is built. */
const MAX_COMBINATIONS = 4096;
const MAX_COMPARISONS = 1_000_000;
/** GitHub's runner cuts names here. */
const MAX_NAME_CHARS = 100;

/**
 * `matrix` is data without expressions. Throws `ExpressionError` where it is no matrix, is empty, or has more than 256 legs.
 * https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
 */
export function expandMatrix(matrix: unknown): Leg[] {
  return expandNamed(matrix).map(({ values }) => values);
}

export function expandNamed(matrix: unknown): NamedLeg[] {
  if (!isRecord(matrix)) {
    throw wrong("a matrix must be a mapping");
  }
  const axes = axesOf(matrix);
  const names = new Set(axes.map(([name]) => name.toLowerCase()));
  const exclude = entriesUnder(matrix, "exclude");
  const include = entriesUnder(matrix, "include");
  checkExclude(exclude, names);
  checkSize(axes, exclude.length + include.length);

  const legs = combinations(axes)
    .filter((leg) => !exclude.some((entry) => matches(leg, entry)))
    .map((leg) => ({ base: leg, values: leg, segments: segmentsOf(leg) }));
  const added: NamedLeg[] = [];
  for (const entry of include) {
    const hits = legs.filter(({ base }) => matches(base, axesAmong(entry, names)));
    for (const leg of hits) {
      leg.values = { ...leg.values, ...withoutAxes(entry, names) };
    }
    if (hits.length === 0) {
      added.push({ values: entry, segments: segmentsOf(entry) });
    }
  }
  const all = [...legs.map(({ values, segments }) => ({ values, segments })), ...added];
  if (all.length === 0) {
    throw wrong("the matrix has no combination left");
  }
  if (all.length > MAX_MATRIX_JOBS) {
    throw wrong(`the matrix makes ${all.length} jobs, GitHub's limit is ${MAX_MATRIX_JOBS}`);
  }
  return all;
}

/** `test (20, ubuntu-latest)`, cut at 100 characters as on GitHub. */
export function legName(job: string, segments: readonly string[]): string {
  const name = segments.length === 0 ? job : `${job} (${segments.join(", ")})`;
  return name.length > MAX_NAME_CHARS ? `${name.slice(0, MAX_NAME_CHARS - 3)}...` : name;
}

function wrong(message: string): ExpressionError {
  return new ExpressionError(message, "strategy.matrix");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFilter(key: string): boolean {
  return key.toLowerCase() === "include" || key.toLowerCase() === "exclude";
}

function axesOf(matrix: Record<string, unknown>): [string, unknown[]][] {
  return Object.entries(matrix)
    .filter(([name]) => !isFilter(name))
    .map(([name, values]) => {
      if (!Array.isArray(values)) {
        throw wrong(`'${name}' of the matrix must be a list`);
      }
      if (values.length === 0) {
        throw wrong(`'${name}' of the matrix is an empty list`);
      }
      return [name, values];
    });
}

function entriesUnder(matrix: Record<string, unknown>, name: "include" | "exclude"): Leg[] {
  const list = Object.entries(matrix).find(([key]) => key.toLowerCase() === name)?.[1] ?? [];
  if (!Array.isArray(list) || !list.every(isRecord)) {
    throw wrong(`'${name}' of the matrix must be a list of mappings`);
  }
  return list;
}

function checkExclude(exclude: readonly Leg[], names: ReadonlySet<string>): void {
  for (const entry of exclude) {
    const unknown = Object.keys(entry).find((key) => !names.has(key.toLowerCase()));
    if (unknown !== undefined) {
      throw wrong(`'${unknown}' under 'exclude' is no key of the matrix`);
    }
    if (Object.keys(entry).length === 0) {
      throw wrong("an entry under 'exclude' must not be empty");
    }
  }
}

function checkSize(axes: readonly [string, unknown[]][], filters: number): void {
  const size = axes.reduce((product, [, values]) => product * values.length, 1);
  if (size > MAX_COMBINATIONS || size * filters > MAX_COMPARISONS) {
    throw wrong(`the matrix has ${size} combinations, GitHub's limit is ${MAX_MATRIX_JOBS} jobs`);
  }
}

/** The first axis changes slowest. */
function combinations(axes: readonly [string, unknown[]][]): Leg[] {
  if (axes.length === 0) {
    return [];
  }
  return axes.reduce<Leg[]>(
    // A computed key makes an own property of any name, `__proto__` too.
    (legs, [name, values]) => legs.flatMap((leg) => values.map((value) => ({ ...leg, [name]: value }))),
    [{}],
  );
}

function axesAmong(entry: Leg, names: ReadonlySet<string>): Leg {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => names.has(key.toLowerCase())));
}

function withoutAxes(entry: Leg, names: ReadonlySet<string>): Leg {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !names.has(key.toLowerCase())));
}

/** Every value of `wanted` is that of the leg; a mapping matches a larger one. */
function matches(leg: Leg, wanted: Leg): boolean {
  return Object.entries(wanted).every(([key, value]) => {
    const own = Object.keys(leg).find((name) => name.toLowerCase() === key.toLowerCase());
    return own !== undefined && sameValue(leg[own], value);
  });
}

/** GitHub compares with the `==` of its expressions: text in any case, `'1'` and `1` alike. */
function sameValue(own: unknown, wanted: unknown): boolean {
  if (isRecord(wanted)) {
    return isRecord(own) && matches(own, wanted);
  }
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(own) && own.length === wanted.length && wanted.every((item, index) => sameValue(own[index], item))
    );
  }
  const seen = new Map();
  return equals(toData(own, seen), toData(wanted, seen));
}

function segmentsOf(leg: Leg): string[] {
  return leaves(leg).filter((segment) => segment !== "");
}

function leaves(value: unknown): string[] {
  if (typeof value === "object" && value !== null) {
    return Object.values(value).flatMap(leaves);
  }
  return value === null || value === undefined ? [] : [toData(value, new Map()).coerceString()];
}
