/** https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows */

import { describe, expect, it } from "vitest";
import { callInputs, secretsBehind, secretsSeen } from "../../../src/language/call-inputs.ts";
import { ExpressionError } from "../../../src/language/expression.ts";
import { expandJob, jobName, planJobs } from "../../../src/language/plan.ts";
import { readWorkflow } from "../../../src/language/read-workflow.ts";
import type { PlannedJob, WorkflowFile } from "../../../src/model/workflow.ts";

const JOB = "runs-on: x, steps: [{run: x}]";
const CALLED = `on:
  workflow_call:
    inputs:
      text: { type: string, default: "of \${{ github.ref }}" }
      flag: { type: boolean, required: true }
      count: { type: number }
    secrets:
      key: { required: true }
      other: {}
    outputs:
      word: { description: A word, value: "\${{ jobs.a.outputs.word }}" }
env: { A: called }
jobs:
  a: { ${JOB} }
  b: { needs: a, ${JOB} }
`;

async function read(jobs: string, files: Record<string, string> = {}): Promise<WorkflowFile> {
  const texts: Record<string, string> = { ".sandlot/workflows/c.yml": CALLED, ...files };
  return await readWorkflow(".sandlot/workflows/w.yml", `on: push\njobs:\n${jobs}\n`, (path) =>
    Promise.resolve(texts[path] ?? null),
  );
}

async function problemsOf(jobs: string, files: Record<string, string> = {}): Promise<string[]> {
  const { problems, workflow } = await read(jobs, files);
  expect(workflow === null).toBe(problems.length > 0);
  return problems.map(({ message, at }) => `${at.file.split("/").at(-1)}:${at.line}:${at.column} ${message}`);
}

async function plan(jobs: string, files: Record<string, string> = {}): Promise<PlannedJob[]> {
  const { problems, workflow } = await read(jobs, files);
  expect(problems).toEqual([]);
  return planJobs(workflow!);
}

const USES = "uses: ./.sandlot/workflows/c.yml";
const GIVEN = "with: {flag: true}, secrets: {key: x}";

describe("a call", () => {
  it("is planned as the jobs of what it calls, under its own name", async () => {
    const jobs = await plan(
      `  call: { name: Calls, strategy: {matrix: {n: [1, 2]}}, ${USES}, ${GIVEN} }\n  z: {${JOB}}`,
    );
    expect(jobs.map((job) => [job.key, jobName(job, ({ matrix }) => ({ matrix }))])).toEqual([
      ["call (1) / a", "Calls (1) / a"],
      ["call (1) / b", "Calls (1) / b"],
      ["call (2) / a", "Calls (2) / a"],
      ["call (2) / b", "Calls (2) / b"],
      ["z", "z"],
    ]);
    expect(jobs[2]).toMatchObject({
      definition: { id: "a" },
      matrix: null,
      call: { caller: { key: "call (2)", matrix: { n: 2 } }, path: ".sandlot/workflows/c.yml", env: { A: "called" } },
    });
    expect(JSON.parse(JSON.stringify(jobs))).toEqual(jobs);
  });

  it("whose matrix is still to be computed waits as one job", async () => {
    const [job, ...rest] = await plan(
      `  call: { strategy: {matrix: {n: '\${{ fromJSON(vars.N) }}'}}, ${USES}, ${GIVEN} }`,
    );
    expect(rest).toEqual([]);
    expect(job).toMatchObject({ key: "call", unexpanded: true });
    const legs = expandJob(job!, { vars: { N: "[7, 8]" } });
    expect(legs.map(({ key }) => key)).toEqual(["call (7) / a", "call (7) / b", "call (8) / a", "call (8) / b"]);
    expect(legs.every(({ called }) => called === undefined)).toBe(true);
  });

  it("within a call, four levels deep, is planned too", async () => {
    const next = (file: string): string => `on: workflow_call\njobs:\n  n: { uses: ./.github/workflows/${file}.yml }\n`;
    const files = {
      ".github/workflows/two.yml": next("three"),
      ".github/workflows/three.yml": next("four"),
      ".github/workflows/four.yml": `on: workflow_call\njobs:\n  last: { ${JOB} }\n`,
    };
    const jobs = await plan("  one: { uses: ./.github/workflows/two.yml }", files);
    expect(jobs.map(({ key }) => key)).toEqual(["one / n / n / last"]);
    const deeper = { ...files, ".github/workflows/four.yml": next("five"), ".github/workflows/five.yml": CALLED };
    expect(await problemsOf("  one: { uses: ./.github/workflows/two.yml }", deeper)).toContain(
      "four.yml:3:14 workflows call each other at most 4 levels deep",
    );
  });

  it("may give less than it has, never more", async () => {
    const called = `on: workflow_call\npermissions: {contents: read, packages: write}\njobs: {a: {${JOB}}}\n`;
    const files = { ".sandlot/workflows/c.yml": called };
    expect(await problemsOf(`  call: { permissions: {contents: write}, ${USES} }`, files)).toEqual([
      "w.yml:3:49 job 'a' of .sandlot/workflows/c.yml asks for 'packages: write', and this call allows 'none'",
    ]);
    const [own] = await plan(`  call: { permissions: write-all, ${USES} }`, files);
    expect(own?.definition.permissions).toEqual({ contents: "read", packages: "write" });
    const [given] = await plan(`  call: { permissions: {contents: write}, ${USES}, ${GIVEN} }`);
    expect(given?.definition.permissions).toEqual({ contents: "write" });
  });
});

describe("what is wrong with a call is a problem with its place", () => {
  const C = ".sandlot/workflows/c.yml";
  const TABLE: [job: string, at: string, message: string][] = [
    ["{ uses: ./.sandlot/workflows/no.yml }", "./", "there is no file .sandlot/workflows/no.yml at this commit"],
    [`{ ${USES} }`, "./", `${C} needs the input 'flag'`],
    [`{ ${USES}, with: {flag: true} }`, "./", `${C} needs the secret 'key'`],
    [`{ ${USES}, with: {flag: yes}, secrets: inherit }`, "yes", `the input 'flag' of ${C} is a boolean`],
    [`{ ${USES}, with: {flag: true, nope: 1}, secrets: inherit }`, "1}", `${C} has no input 'nope'`],
    [`{ ${USES}, with: {flag: true}, secrets: {key: a, nope: b} }`, "nope", `${C} has no secret 'nope'`],
    [`{ ${USES}, with: {flag: '\${{ env.X }}'} }`, "${{", "the context 'env' is not available here"],
  ];
  for (const [job, at, message] of TABLE) {
    it(job, async () => {
      const column = `  call: ${job}`.indexOf(at) + 1;
      expect(await problemsOf(`  call: ${job}`)).toContain(`w.yml:3:${column} ${message}`);
    });
  }

  it("in the called file itself, named with that file", async () => {
    const files = { ".sandlot/workflows/c.yml": "on: workflow_call\njobs:\n  a: { runs-on: x, stepz: [] }\n" };
    expect(await problemsOf(`  call: { ${USES} }`, files)).toContain("c.yml:3:20 Unexpected value 'stepz'");
    const push = { ".sandlot/workflows/c.yml": `on: push\njobs: {a: {${JOB}}}\n` };
    expect(await problemsOf(`  call: { ${USES} }`, push)).toEqual([
      "w.yml:3:17 .sandlot/workflows/c.yml cannot be called: its 'on' does not name workflow_call",
    ]);
  });

  it("a circle of calls", async () => {
    const files = {
      ".sandlot/workflows/c.yml": "on: workflow_call\njobs:\n  a: { uses: ./.sandlot/workflows/d.yml }\n",
      ".sandlot/workflows/d.yml": "on: workflow_call\njobs:\n  a: { uses: ./.sandlot/workflows/c.yml }\n",
    };
    expect(await problemsOf(`  call: { ${USES} }`, files)).toContain(
      "d.yml:3:14 workflows call each other in a circle: .sandlot/workflows/c.yml → .sandlot/workflows/d.yml → .sandlot/workflows/c.yml",
    );
  });

  it("a concurrency group on either side, which stops the calling job alone", async () => {
    const files = { ".sandlot/workflows/c.yml": `on: workflow_call\nconcurrency: x\njobs: {a: {${JOB}}}\n` };
    const [called, other] = await plan(`  call: { ${USES} }\n  z: {${JOB}}`, files);
    expect(called?.definition.unsupported?.map(({ message }) => message)).toEqual([
      "the 'concurrency' of a called workflow is not carried out by Sandlot",
    ]);
    expect(other?.definition.unsupported).toBeUndefined();
  });

  it("more jobs than a build may have, by matrices and by calls", async () => {
    const axis = JSON.stringify(Array.from({ length: 16 }, (_, n) => n));
    // 10,240 of them.
    const many = Array.from(
      { length: 40 },
      (_, n) => `  j${n}: { strategy: {matrix: {a: ${axis}, b: ${axis}}}, ${JOB} }`,
    );
    expect(await problemsOf(many.join("\n"))).toEqual([expect.stringMatching(/^w.yml:4:3 .* more than 500 jobs/)]);
    const list = JSON.stringify(Array.from({ length: 200 }, (_, n) => n));
    const calls = `  call: { strategy: {matrix: {n: ${list}}}, ${USES}, ${GIVEN} }\n  z: {${JOB}}`;
    const called = CALLED.replace("  b: {", `  c: { ${JOB} }\n  b: {`);
    expect(await problemsOf(calls, { ".sandlot/workflows/c.yml": called })).toEqual([
      expect.stringMatching(/^w.yml:3:3 .* more than 500 jobs/),
    ]);
  });

  it("more files than one may lead to", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 21 }, (_, n) => [
        `.sandlot/workflows/f${n}.yml`,
        `on: workflow_call\njobs: {a: {${JOB}}}\n`,
      ]),
    );
    const calls = Array.from({ length: 21 }, (_, n) => `  j${n}: { uses: ./.sandlot/workflows/f${n}.yml }`);
    expect(await problemsOf(calls.join("\n"), files)).toEqual([
      expect.stringMatching(/^w.yml:23:\d+ a workflow leads to at most 20 others/),
    ]);
    expect(await problemsOf(calls.slice(1).join("\n"), files)).toEqual([]);
  });
});

describe("what a call gives", () => {
  const callOf = async (given: string) => (await plan(`  call: { ${USES}, ${given} }`))[0]!.call!;

  it("is typed, with defaults and what GitHub gives where there is none", async () => {
    const call = await callOf("with: {flag: '${{ needs.a.outputs.x == 1 }}'}, secrets: inherit");
    expect(callInputs(call, { github: { ref: "main" }, needs: { a: { outputs: { x: "1" } } } })).toEqual({
      text: "of main",
      flag: true,
      count: 0,
    });
    const texts = await callOf(
      "with: {flag: false, text: '${{ 12 }}', count: '${{ fromJSON(1.5) }}'}, secrets: inherit",
    );
    expect(callInputs(texts, {})).toEqual({ text: "12", flag: false, count: 1.5 });
  });

  it("is refused where it has another type", async () => {
    for (const given of [
      "flag: '${{ github.ref }}'",
      "flag: true, count: '${{ github.ref }}'",
      "flag: true, text: '${{ github }}'",
    ]) {
      const call = await callOf(`with: {${given}}, secrets: inherit`);
      expect(() => callInputs(call, { github: { ref: "main" } }), given).toThrow(ExpressionError);
    }
  });

  it("is the repository's secrets that it names, and no other", async () => {
    const job = {
      call: await callOf("with: {flag: true}, secrets: {key: '${{ secrets.REAL }}', other: '${{ secrets.OTHER }}'}"),
    } as PlannedJob;
    expect(secretsBehind(job, ["KEY"])).toEqual(["REAL"]);
    expect(secretsBehind(job, ["KEY", "GITHUB_TOKEN"])).toEqual(["GITHUB_TOKEN", "REAL"]);
    expect(secretsBehind(job, ["REAL"])).toEqual([]);
    expect(secretsBehind(job, "all")).toEqual(["GITHUB_TOKEN", "OTHER", "REAL"]);
    const values = { REAL: "r", GITHUB_TOKEN: "t" };
    expect(secretsSeen(job, values, () => ({}))).toEqual({ key: "r", GITHUB_TOKEN: "t" });
  });

  it("is all secrets where it inherits them, and the token alone where it gives none", async () => {
    const inherits = { call: await callOf("with: {flag: true}, secrets: inherit") } as PlannedJob;
    expect(secretsBehind(inherits, ["ANY"])).toEqual(["ANY"]);
    expect(secretsBehind(inherits, "all")).toBe("all");
    expect(secretsSeen(inherits, { ANY: "a" }, () => ({}))).toEqual({ ANY: "a" });
    const [none] = await plan("  call: { uses: ./.sandlot/workflows/d.yml }", {
      ".sandlot/workflows/d.yml": `on: [push, workflow_call]\njobs: {a: {${JOB}}}\n`,
    });
    expect(secretsBehind(none!, ["ANY", "GITHUB_TOKEN"])).toEqual(["GITHUB_TOKEN"]);
    expect(secretsSeen(none!, { GITHUB_TOKEN: "t" }, () => ({}))).toEqual({ GITHUB_TOKEN: "t" });
  });
});
