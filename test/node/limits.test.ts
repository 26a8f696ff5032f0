/** docs/limits.md is about the limits that are, each with the value that it has. */

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

import * as limits from "../../src/model/limits.ts";

const UNITS: [suffix: RegExp, steps: [size: number, unit: string][]][] = [
  [
    /_BYTES$/,
    [
      [1024 ** 3, "GiB"],
      [1024 ** 2, "MiB"],
      [1024, "KiB"],
    ],
  ],
  [
    /_MS$/,
    [
      [24 * 3_600_000, "d"],
      [3_600_000, "h"],
      [60_000, "min"],
      [1000, "s"],
    ],
  ],
];

/** `64 KiB`, `5 min`, `100`: in the largest unit of which it is a whole number. */
function shown(name: string, value: number | object): string {
  if (typeof value === "object") {
    const { owner, repository, environment } = limits.MAX_SETTINGS;
    return [owner, repository, environment].map((of) => `${of.secrets}/${of.variables}`).join(", ");
  }
  const [, steps] = UNITS.find(([suffix]) => suffix.test(name)) ?? [];
  const step = steps?.find(([size]) => value % size === 0);
  return step === undefined ? String(value) : `${value / step[0]} ${step[1]}`;
}

it("every limit stands in docs/limits.md with its value and what happens at it, and nothing else does", () => {
  const [, guide = ""] = readFileSync("docs/limits.md", "utf8").split("## All limits");
  const told = [...guide.matchAll(/^\| `([A-Z_0-9]+)` +\| (.*?) +\| (.*?) +\|$/gm)].map(([, name, value, text]) => {
    expect(text, `${name}: say what happens at it`).not.toBe("");
    return `${name} = ${value}`;
  });
  const known = Object.entries(limits).flatMap(([name, value]) =>
    typeof value === "function" ? [] : [`${name} = ${shown(name, value)}`],
  );
  expect(told.sort()).toEqual(known.sort());
});
