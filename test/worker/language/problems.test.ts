import { describe, expect, it } from "vitest";
import { readWorkflow } from "../../../src/language/read-workflow.ts";
import type { WorkflowFile } from "../../../src/model/workflow.ts";

const JOB = "    runs-on: ubuntu-latest\n    steps:\n      - run: x\n";

async function problemsOf(text: string): Promise<string[]> {
  const { workflow, problems } = await readWorkflow("w.yml", text);
  expect(workflow === null).toBe(problems.length > 0);
  const ofJobs = (workflow?.jobs ?? []).flatMap(({ unsupported }) => unsupported ?? []);
  expect(ofJobs.every(({ reason }) => reason === "unsupported")).toBe(true);
  return [...problems, ...ofJobs].map(({ reason, message, at }) => `${at.line}:${at.column} ${reason}: ${message}`);
}

async function problemsOfStep(step: string): Promise<string[]> {
  return await problemsOf(`on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - ${step}\n`);
}

async function problemsOfJob(lines: string): Promise<string[]> {
  return await problemsOf(`on: push\njobs:\n  a:\n    ${lines}\n${JOB}`);
}

describe("what GitHub takes and Sandlot does not carry out is a problem with its place", () => {
  const JOBS: [lines: string, place: string, says: string][] = [
    ["services: {db: mongo}", "4:20", "mongo"],
    ["container: node:22", "4:5", "'container' is not carried out"],
    ["snapshot: image", "4:5", "'snapshot'"],
    ["cancel-timeout-minutes: 3", "4:5", "'cancel-timeout-minutes'"],
    ["concurrency: {group: a, queue: max}", "4:29", "'queue'"],
    ["strategy: ${{ fromJSON(github.x) }}", "4:15", "a strategy that is computed"],
    ["env: {'${{ github.x }}': a}", "4:11", "a key that is an expression"],
  ];
  for (const [lines, place, says] of JOBS) {
    it(`in a job: ${lines}`, async () => {
      expect(await problemsOfJob(lines)).toEqual([expect.stringMatching(`^${place} unsupported: .*${says}`)]);
    });
  }

  const STEPS: [step: string, place: string, says: string][] = [
    ["uses: docker://alpine", "6:15", "'docker://alpine'"],
    ["{uses: actions/download-artifact@v4, with: {run-id: 1}}", "6:53", "from this build only"],
    ["{run: x, background: true}", "6:18", "'background'"],
  ];
  for (const [step, place, says] of STEPS) {
    it(`in a step: ${step}`, async () => {
      expect(await problemsOfStep(step)).toEqual([expect.stringMatching(`^${place} unsupported: .*${says}`)]);
    });
  }

  it("in a call of another workflow", async () => {
    const called = async (uses: string, more = ""): Promise<string[]> =>
      await problemsOf(`on: push\njobs:\n  a:\n    uses: ${uses}\n${more}`);
    expect(await called("octo/app/.github/workflows/b.yml@v1", "    with: {x: 1}\n")).toEqual([
      expect.stringMatching("^4:11 unsupported: .* is of another repository"),
    ]);
    expect(await called("./workflows/b.yml")).toEqual([
      expect.stringMatching("^4:11 unsupported: './workflows/b.yml' is no workflow file"),
    ]);
    expect(await called("octo/app/.github/workflows/b.yml@v1", "    concurrency: x\n")).toEqual([
      expect.stringMatching("^4:11 unsupported"),
      expect.stringMatching("^5:18 unsupported: the 'concurrency' of a calling job"),
    ]);
  });

  it("of one job stops that job alone: the others run", async () => {
    const { workflow } = await readWorkflow(
      "w.yml",
      `on: push\njobs:\n  a:\n${JOB}  b:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker://a\n      - uses: docker://b\n`,
    );
    expect(workflow?.jobs.map(({ id, unsupported }) => [id, unsupported?.map(({ at }) => at.line)])).toEqual([
      ["a", undefined],
      ["b", [10, 11]],
    ]);
  });

  it("but native actions at any ref, and events that never come, are no problem", async () => {
    for (const uses of [
      "actions/checkout@v4",
      "./.github/actions/x",
      "./",
      "Actions/Cache/Save@main",
      "actions/upload-artifact@abc",
      "actions/setup-node@v4",
      "owner/repo.name/a/b@refs/heads/x",
    ]) {
      expect(await problemsOfStep(`uses: ${uses}`)).toEqual([]);
    }
    expect(await problemsOfStep("{uses: actions/checkout@v4, with: {submodules: false, lfs: 'false'}}")).toEqual([]);
    // What the native one does not do, the published one does.
    expect(await problemsOfStep("{uses: actions/checkout@v4, with: {sparse-checkout: src}}")).toEqual([]);
    expect(await problemsOf(`on:\n  push:\n  issues: {types: [opened]}\njobs:\n  a:\n${JOB}`)).toEqual([]);
    expect(await problemsOfJob("env: {A: b}")).toEqual([]);
  });
});

describe("what GitHub refuses too is a problem with its place", () => {
  it("an action that is none", async () => {
    for (const uses of [
      "actions/checkout",
      "a/b@",
      "a@v1",
      "a/b@-x",
      "a/../b@v1",
      "a/b/../c@v1",
      "a/b@x..y",
      "a b/c@v1",
    ]) {
      expect(await problemsOfStep(`uses: ${uses}`)).toEqual([expect.stringContaining("6:15 workflow_invalid: ")]);
    }
  });

  it("an unknown key", async () => {
    expect(await problemsOfStep("runn: x")).toContain("6:9 workflow_invalid: Unexpected value 'runn'");
  });

  it("an unknown need, a circle, a step id used twice", async () => {
    expect(await problemsOfJob("needs: [b, c]")).toEqual([
      "4:13 workflow_invalid: job 'a' needs 'b', which is no job of this workflow",
      "4:16 workflow_invalid: job 'a' needs 'c', which is no job of this workflow",
    ]);
    expect(
      await problemsOf(
        `on: push\njobs:\n  z:\n${JOB}  a:\n    needs: c\n${JOB}  b:\n    needs: a\n${JOB}  c:\n    needs: b\n${JOB}`,
      ),
    ).toEqual(["8:12 workflow_invalid: the jobs a → c → b → a wait for each other"]);
    expect(await problemsOfJob("needs: a")).toEqual(["4:12 workflow_invalid: the jobs a → a wait for each other"]);
    expect(await problemsOfStep("{id: x, run: a}\n      - {id: X, run: b}")).toEqual([
      "7:14 workflow_invalid: two steps of this job have the id 'x'",
    ]);
  });

  it("a context or function where it is not offered", async () => {
    expect(await problemsOfStep("{run: x, if: secrets.A == ''}")).toEqual([
      "6:22 workflow_invalid: the context 'secrets' is not available here",
    ]);
    expect(await problemsOfJob("name: ${{ env.A }}")).toEqual([
      "4:11 workflow_invalid: the context 'env' is not available here",
    ]);
    expect(await problemsOfJob("if: hashFiles('a') == ''")).toEqual([
      "4:9 workflow_invalid: the function 'hashFiles' is not available here",
    ]);
    expect(await problemsOfJob("env: {A: '${{ steps.x.outputs.y }}'}")).toEqual([
      "4:15 workflow_invalid: the context 'steps' is not available here",
    ]);
  });

  it("an expression in a block of text, at its own line and column", async () => {
    expect(await problemsOfStep("run: |\n          one ${{ github.sha }}\n          two ${{ nope.x }}")).toEqual([
      "8:15 workflow_invalid: the context 'nope' is not available here",
    ]);
  });

  it("a function that no expression has, though every JavaScript object does", async () => {
    expect(await problemsOfStep("run: ${{ constructor(1) }}")).toEqual([
      "6:14 workflow_invalid: Unrecognized function: 'constructor'",
    ]);
    expect(await problemsOfStep("{run: x, if: __proto__(1)}")).toEqual([
      "6:22 workflow_invalid: Unrecognized function: '__proto__'",
    ]);
  });

  it("a matrix of more than 256 jobs, or of none", async () => {
    const list = JSON.stringify(Array.from({ length: 17 }, (_, n) => n));
    expect(await problemsOfJob(`strategy: {matrix: {a: ${list}, b: ${list}}}`)).toEqual([
      "4:24 workflow_invalid: the matrix makes 289 jobs, GitHub's limit is 256",
    ]);
    expect(await problemsOfJob("strategy: {matrix: {a: []}}")).toEqual([
      "4:24 workflow_invalid: 'a' of the matrix is an empty list",
    ]);
  });

  it("no jobs, no steps, a default that is no option", async () => {
    expect(await problemsOf("on: push\njobs: {}\n")).toEqual([
      "2:7 workflow_invalid: a workflow must have at least one job",
    ]);
    expect(await problemsOf("on: push\njobs:\n  a:\n    runs-on: x\n")).toEqual([
      "4:5 workflow_invalid: a job must have at least one step",
    ]);
    const inputs = "{x: {type: choice, default: c, options: [a, b]}}";
    expect(await problemsOf(`on:\n  workflow_dispatch:\n    inputs: ${inputs}\njobs:\n  a:\n${JOB}`)).toEqual([
      "3:41 workflow_invalid: 'c' is none of the options of 'x'",
    ]);
  });
});

describe("a file that cannot be read", () => {
  it("still says its name and events, so that it fails only builds that it asks for", async () => {
    const text = "name: CI\non: [push, issues]\njobs:\n  a:\n    runs-on: x\n    stepz: []\n";
    const broken: WorkflowFile = await readWorkflow("w.yml", text);
    expect(broken).toMatchObject({ name: "CI", events: ["push", "issues"], workflow: null });
    expect(await readWorkflow("w.yml", "name: CI\non: push\njobs:\n\ta: x")).toMatchObject({
      name: "CI",
      events: ["push"],
    });
    expect(await readWorkflow("w.yml", "just text")).toMatchObject({ name: null, events: null, workflow: null });
  });
});
