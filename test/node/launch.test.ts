/** What is handed to the supervisor as shell text comes out as it went in, whatever it holds. */

import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { fitsInline, launchText, quote } from "../../src/sandbox/launch.ts";
import type { StepSpec } from "../../src/sandbox/port.ts";

const words = fc.array(
  fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom("'", '"', "\\", "$", "`", "(", ")", "\n", " ", "!", "*", "~", "-", "=", "[0]", "\0"),
    }),
  ),
  { minLength: 1, maxLength: 20 },
);

it("a quoted word is one word for the shell, up to a NUL", () => {
  fc.assert(
    fc.property(words, (given) => {
      const { stdout } = spawnSync("bash", ["-c", `printf '%s\\0' ${given.map(quote).join(" ")}`]);
      const expected = given.map((word) => `${word.toWellFormed().split("\0", 1)[0]}\0`).join("");
      expect(stdout.toString()).toBe(expected);
    }),
    { numRuns: 60 },
  );
});

const step: StepSpec = {
  id: "step-1",
  script: "true",
  extension: "sh",
  command: ["bash", "{0}"],
  env: {},
  cwd: "/",
  timeoutMs: 1000,
  waitMs: 0,
};

it("any names and values become the words of one list, and never a subscript", () => {
  fc.assert(
    fc.property(words, words, (names, values) => {
      const pairs = names.map((name, at) => [name.toWellFormed().replaceAll(/[=\0]/g, "_") || "_", values[at] ?? ""]);
      const env = Object.fromEntries(pairs) as Record<string, string>;
      const text = `script=/s; ${launchText({ ...step, env })} printf '%s\\0' "\${environment[@]}"`;
      const { stdout } = spawnSync("bash", ["-c", text]);
      const expected = Object.entries(env).map(
        ([name, value]) => `${name}=${value.toWellFormed().split("\0", 1)[0]}\0`,
      );
      expect(stdout.toString()).toBe(expected.join(""));
    }),
    { numRuns: 60 },
  );
});

it.each([
  ["an id that is a path", { id: "../x" }],
  ["an extension that is a path", { extension: "sh/x" }],
  ["a name with an equals sign", { env: { "A=B": "" } }],
  ["a name with a NUL", { env: { "A\0": "" } }],
  ["an empty name", { env: { "": "x" } }],
  ["a program that reads as a variable", { command: ["A=1", "{0}"] }],
  ["no program", { command: [] }],
])("%s is refused", (_, wrong) => {
  expect(() => launchText({ ...step, ...wrong })).toThrow(expect.objectContaining({ kind: "config" }));
});

it("what a variable cannot hold goes another way", () => {
  expect(fitsInline("x", "y".repeat(90_000))).toBe(true);
  expect(fitsInline("x", "ü".repeat(50_000))).toBe(false);
  expect(fitsInline("x".repeat(100_000), "y")).toBe(false);
  expect(fitsInline("x", "\0")).toBe(false);
});
