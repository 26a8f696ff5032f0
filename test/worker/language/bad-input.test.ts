/** Every file here is answered within two seconds in production; the test's own timeout is all that is asserted of time. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWorkflow } from "../../../src/language/read-workflow.ts";

const LIMIT = 512 * 1024;
const HEAD = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n";

function repeat(text: string, bytes: number): string {
  return text.repeat(Math.floor(bytes / text.length));
}

function lines(count: number, line: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => line(n)).join("\n");
}

/** Each anchor holds ten of the one before: 10^30 values. */
const BOMB = `on: push\n${lines(
  30,
  (n) =>
    `a${n}: &a${n} [${
      n === 0
        ? "x"
        : Array(10)
            .fill(`*a${n - 1}`)
            .join(", ")
    }]`,
)}`;

const REFUSED: [what: string, text: string, problem: string | RegExp][] = [
  ["nothing", "", "1:1 the file is empty"],
  ["a comment alone", "# x\n", "1:1 the file is empty"],
  ["one byte over the limit", "x".repeat(LIMIT + 1), "1:1 the file is larger than 512 KiB"],
  ["two-byte characters over the limit", "ü".repeat(LIMIT / 2 + 1), "1:1 the file is larger than 512 KiB"],
  ["an alias bomb", BOMB, /^\d+:\d+ the file has more than 10000 values once its aliases are followed/],
  ["an alias inside its own anchor", "on: push\njobs: &x\n  a: *x", "3:6 the alias *x stands inside its own anchor"],
  ["an alias of nothing", "on: *y", "1:5 the alias *y has no anchor before it"],
  ["nesting of 10,000 in brackets", `on: push\njobs: ${"[".repeat(10_000)}`, /^2:\d+ the file is nested deeper/],
  ["nesting of 10,000 in braces", `on: push\njobs: ${"{a: ".repeat(10_000)}`, /^2:\d+ the file is nested deeper/],
  ["nesting by indentation", `on: push\n${lines(900, (n) => `${" ".repeat(n)}a:`)}`, /nested deeper than 100/],
  ["nesting by dashes", repeat("- ", LIMIT), /^1:\d+ the file is nested deeper/],
  ["nesting by question marks", repeat("? ", LIMIT), /^1:\d+ the file is nested deeper/],
  ["nesting through aliases", lines(60, (n) => `a${n}: &a${n} [[${n === 0 ? "x" : `*a${n - 1}`}]]`), /nested deeper/],
  [
    "10,000 jobs",
    `on: push\njobs:\n${lines(10_000, (n) => `  a${n}: {runs-on: x, steps: [{run: x}]}`)}`,
    /too many|more than/,
  ],
  ["a list of 100,000", `on: [${repeat("push,", LIMIT - 10)}]`, /too many|more than/],
  ["quotes at the size limit", repeat('"', LIMIT), /too many parts/],
  ["tags at the size limit", repeat("!a ", LIMIT), /too many parts/],
  ["documents at the size limit", repeat("---\n", LIMIT), /too many parts/],
  ["lines in quotes at the size limit", `a: "${repeat("x\n", LIMIT - 10)}"`, /too many parts/],
  ["two documents", `${HEAD}      - run: x\n---\non: push\n`, "7:1 the file holds more than one YAML document"],
  ["a tab", "on: push\njobs:\n\ta: x", "3:1 Tabs are not allowed as indentation"],
  [
    "a key twice",
    "on: push\njobs:\n  a:\n    runs-on: x\n    runs-on: y\n    steps: [{run: x}]",
    "5:5 'runs-on' is already defined",
  ],
  ["a key that is a list", "on: push\n? [a]\n: b", "2:3 a key must be plain text"],
  ["a list", "- a", "1:1 A sequence was not expected"],
  ["a tag of its own", "on: !mine push\njobs: {}", "1:5 Unresolved tag: !mine"],
  ["null bytes", "\0\0", /^1:1/],
  [
    "an expression of 100 kB",
    `${HEAD}      - run: \${{ '${"x".repeat(100_000)}' }}`,
    "6:14 the expression is longer than 21000 characters",
  ],
  [
    "a condition of 100 kB",
    `${HEAD}      - if: ${"true && ".repeat(12_500)}true\n        run: x`,
    "6:13 the expression is longer than 21000 characters",
  ],
  [
    "a script that becomes too long an expression",
    `${HEAD}      - run: '${repeat("${{ github.sha }}", 100_000)}'`,
    "6:14 the expression is longer than 21000 characters",
  ],
  [
    "an expression nested 5,000 deep",
    `${HEAD}      - run: \${{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`,
    /^6:14 Exceeded max expression depth/,
  ],
  [
    "an expression that is not closed",
    `${HEAD}      - run: '${repeat("${{ ", 400_000)}'`,
    /^6:14 The expression is not closed/,
  ],
  ["1,001 steps", `${HEAD}${"      - run: x\n".repeat(1001)}`, "6:7 a job has at most 1000 steps"],
  [
    "a matrix of 10^26 combinations",
    `on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n${lines(20, (n) => `        k${n}: [${lines(20, String).replaceAll("\n", ",")}]`)}\n    steps: [{run: x}]`,
    /^7:9 the matrix has .* combinations/,
  ],
  [
    "a circle of 500 jobs",
    `on: push\njobs:\n${lines(500, (n) => `  a${n}: {runs-on: x, needs: a${(n + 1) % 500}, steps: [{run: x}]}`)}`,
    /^3:\d+ the jobs a0 → a1 → /,
  ],
];

describe("bad input is answered with what is wrong and where", () => {
  for (const [what, text, problem] of REFUSED) {
    it(what, async () => {
      const file = await readWorkflow("w.yml", text);
      expect(file.workflow).toBeNull();
      expect(file.problems.length).toBeLessThanOrEqual(100);
      const said = file.problems.map(({ message, at }) => `${at.line}:${at.column} ${message}`);
      expect(said).toContainEqual(typeof problem === "string" ? problem : expect.stringMatching(problem));
      expect(said.every((one) => one.length < 2000)).toBe(true);
    });
  }
});

describe("large input that is well is read", () => {
  it("a script at the size limit", async () => {
    const script = repeat("          echo hello world and more of it\n", LIMIT - 200);
    const file = await readWorkflow("w.yml", `${HEAD}      - run: |\n${script}`);
    expect(file.problems).toEqual([]);
  });

  it("a thousand steps, and hundreds of jobs in a row", async () => {
    expect((await readWorkflow("w.yml", `${HEAD}${"      - run: x\n".repeat(1000)}`)).problems).toEqual([]);
    const chain = lines(500, (n) => `  a${n}: {runs-on: x${n > 0 ? `, needs: a${n - 1}` : ""}, steps: [{run: x}]}`);
    expect((await readWorkflow("w.yml", `on: push\njobs:\n${chain}`)).problems).toEqual([]);
  });
});

describe("whatever stands in the file", () => {
  const word = fc.constantFrom(
    ..."on push jobs a runs-on steps run uses with env if needs strategy matrix include name: - : , [ ] { } & * ! | > ' \" # % @ ` --- ... ${{ }} &x *x << ~ true 1 github.sha".split(
      " ",
    ),
    "\n",
    "\n  ",
    "\n    ",
    "\t",
    "\r\n",
  );

  it("there is a workflow or there are problems, and nothing is thrown", async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.array(word, { maxLength: 60 }).map((words) => words.join(" ")),
      fc.array(word, { maxLength: 30 }).map((words) => `${HEAD}      - ${words.join(" ")}`),
    );
    await fc.assert(
      fc.asyncProperty(text, async (source) => {
        const file = await readWorkflow("w.yml", source);
        expect(file.workflow === null).toBe(file.problems.length > 0);
      }),
      { numRuns: 1000 },
    );
  });

  it("any JSON in place of a part of it is read or refused", async () => {
    const place = fc.constantFrom("on", "env", "jobs", "concurrency", "permissions", "defaults");
    const inJob = fc.constantFrom("runs-on", "steps", "strategy", "needs", "if", "env", "outputs", "timeout-minutes");
    const workflow = fc
      .tuple(place, inJob, fc.jsonValue(), fc.jsonValue(), fc.boolean())
      .map(([key, jobKey, value, other, inside]) => {
        const job = { "runs-on": "x", steps: [{ run: "x" }], ...(inside && { [jobKey]: other }) };
        return { on: "push", jobs: { a: job }, ...(!inside && { [key]: value }) };
      });
    await fc.assert(
      fc.asyncProperty(workflow, async (data) => {
        const file = await readWorkflow("w.yml", JSON.stringify(data));
        expect(file.workflow === null).toBe(file.problems.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});
