import { describe, expect, it } from "vitest";
import { evaluateTemplate } from "../../../src/language/expression.ts";
import { readWorkflow } from "../../../src/language/read-workflow.ts";
import type { RunStep, UsesStep, Workflow } from "../../../src/model/workflow.ts";

const FULL = `name: CI
run-name: Build \${{ github.ref_name }} by @\${{ github.actor }}
on:
  push:
    branches: [main, 'releases/**']
    paths-ignore: docs/**
  workflow_dispatch:
    inputs:
      level:
        description: How loud
        type: choice
        required: true
        default: info
        options: [info, debug]
  schedule:
    - cron: '30 5 * * 1'
    - cron: '0 0 1 * *'
env:
  PORT: 8080
  DEBUG: false
  REF: \${{ github.ref }}
  EMPTY:
defaults:
  run:
    shell: bash
    working-directory: app
concurrency:
  group: ci-\${{ github.ref }}
  cancel-in-progress: \${{ github.ref != 'refs/heads/main' }}
permissions:
  contents: read
  id-token: none
jobs:
  build:
    name: Build it
    runs-on: [ubuntu-latest, x64]
    outputs:
      version: \${{ steps.version.outputs.value }}
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
          ref: \${{ github.sha }}
      - id: version
        name: Read the version
        if: \${{ github.event_name == 'push' }}
        run: |
          cat <<'EOF' > a.py
          def f():
              print('it''s', '\${{ github.sha }}')
          EOF
          echo 'a' 'b' \${{ github.ref }}
        shell: bash {0}
        working-directory: lib
        timeout-minutes: 5
        continue-on-error: true
        env:
          A: 1
  test:
    needs: [Build]
    if: always() && needs.build.result == 'success'
    runs-on: \${{ matrix.os }}
    timeout-minutes: \${{ fromJSON('30') }}
    continue-on-error: \${{ matrix.os == 'linux' }}
    concurrency: test
    permissions: read-all
    defaults:
      run:
        shell: sh
    strategy:
      fail-fast: false
      max-parallel: 2
      matrix:
        os: [ubuntu-latest, linux]
        node: \${{ fromJSON(needs.build.outputs.version) }}
    steps:
      - run: npm test
`;

async function read(text: string): Promise<Workflow> {
  const file = await readWorkflow("ci.yml", text);
  expect(file.problems).toEqual([]);
  return file.workflow!;
}

describe("a workflow file", () => {
  it("is read with all that Sandlot carries out", async () => {
    const file = await readWorkflow(".sandlot/workflows/ci.yml", FULL);
    expect(file.problems).toEqual([]);
    expect(file).toMatchObject({ name: "CI", events: ["push", "workflow_dispatch", "schedule"] });
    expect(file.workflow).toMatchObject({
      name: "CI",
      runName: { expression: "format('Build {0} by @{1}', github.ref_name, github.actor)", line: 2, column: 11 },
      env: { PORT: "8080", DEBUG: "false", REF: { expression: "github.ref" }, EMPTY: "" },
      concurrency: {
        group: { expression: "format('ci-{0}', github.ref)" },
        cancelInProgress: { expression: "github.ref != 'refs/heads/main'" },
      },
      permissions: { contents: "read", "id-token": "none" },
    });
    expect(file.workflow?.on).toMatchObject([
      { event: "push", filters: { branches: ["main", "releases/**"], pathsIgnore: ["docs/**"], tags: null } },
      {
        event: "workflow_dispatch",
        inputs: [{ name: "level", type: "choice", required: true, default: "info", options: ["info", "debug"] }],
      },
      { event: "schedule", crons: ["30 5 * * 1", "0 0 1 * *"], at: { line: 15, column: 3 } },
    ]);
    expect(JSON.parse(JSON.stringify(file))).toEqual(file);
  });

  it("has jobs with their own defaults over the workflow's, and needs under the name that the job has", async () => {
    const { jobs } = await read(FULL);
    expect(jobs).toMatchObject([
      {
        id: "build",
        name: "Build it",
        needs: [],
        if: "success()",
        runsOn: ["ubuntu-latest", "x64"],
        defaults: { shell: "bash", workingDirectory: "app" },
        outputs: { version: { expression: "steps.version.outputs.value" } },
        strategy: { matrix: null, failFast: true, maxParallel: null },
        timeoutMinutes: null,
        permissions: null,
        concurrency: null,
        at: { file: "ci.yml", line: 34, column: 3 },
      },
      {
        id: "test",
        needs: ["build"],
        if: "always() && needs.build.result == 'success'",
        runsOn: { expression: "matrix.os" },
        timeoutMinutes: { expression: "fromJSON('30')" },
        continueOnError: { expression: "matrix.os == 'linux'" },
        concurrency: { group: "test", cancelInProgress: false },
        defaults: { shell: "sh", workingDirectory: "app" },
        strategy: {
          failFast: false,
          maxParallel: 2,
          matrix: { os: ["ubuntu-latest", "linux"], node: { expression: "fromJSON(needs.build.outputs.version)" } },
        },
      },
    ]);
    expect(jobs[1]?.permissions).toMatchObject({ contents: "read", "id-token": "none", models: "read" });
  });

  it("has steps with what the official converter drops", async () => {
    const [checkout, version] = (await read(FULL)).jobs[0]!.steps as [UsesStep, RunStep];
    expect(checkout).toMatchObject({
      kind: "uses",
      number: 1,
      uses: "actions/checkout@v4",
      with: { "fetch-depth": "0", ref: { expression: "github.sha", line: 43, column: 16 } },
    });
    expect(version).toMatchObject({
      kind: "run",
      number: 2,
      id: "version",
      name: "Read the version",
      if: "success() && (github.event_name == 'push')",
      shell: "bash {0}",
      workingDirectory: "lib",
      timeoutMinutes: 5,
      continueOnError: true,
      env: { A: "1" },
    });
  });

  it("keeps a script as it is written around its expressions: no indentation added, every quote there", async () => {
    const [, version] = (await read(FULL)).jobs[0]!.steps as [UsesStep, RunStep];
    expect(evaluateTemplate(version.run, { github: { sha: "abc", ref: "main" } })).toBe(
      "cat <<'EOF' > a.py\ndef f():\n    print('it''s', 'abc')\nEOF\necho 'a' 'b' main\n",
    );
  });

  it("folds, quotes and escapes as YAML says, with and without expressions", async () => {
    const scripts = [
      ['">\\n  a ${{ github.x }}"', ">\n  a X"],
      ["'it''s ${{ github.x }}'", "it's X"],
      [">-\n          one\n          two ${{ github.x }}\n\n          three", "one two X\nthree"],
      ["|+\n          a\n\n          ${{ github.x }}\n\n", "a\n\nX\n\n\n"],
      ["a\n          b ${{ github.x }}", "a b X"],
      ["echo {a} ${{ github.x }} {{b}}", "echo {a} X {{b}}"],
      ["${{ '${{ not one }}' }}", "${{ not one }}"],
    ];
    for (const [yaml, text] of scripts) {
      const workflow = await read(`on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: ${yaml!}\n`);
      const step = workflow.jobs[0]!.steps[0] as RunStep;
      expect(evaluateTemplate(step.run, { github: { x: "X" } }), yaml).toBe(text);
    }
  });

  it("with CRLF, or a byte order mark, is the same file", async () => {
    expect(await read(FULL.replaceAll("\n", "\r\n"))).toEqual(await read(FULL));
    expect(await read(`\uFEFF${FULL}`)).toEqual(await read(FULL));
  });

  it("may say a thing once and refer to it", async () => {
    const { jobs } = await read(
      "on: push\njobs:\n  a: &job\n    runs-on: x\n    steps: &steps\n      - run: one\n  b: *job\n  c:\n    runs-on: y\n    steps: *steps\n",
    );
    expect(jobs.map(({ id, steps }) => [id, steps.length])).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 1],
    ]);
  });

  it("keeps matrix data that looks like an expression of ours as data", async () => {
    const { jobs } = await read(
      "on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n        x: [{expression: it's, line: 1, column: 2}]\n    steps: [{run: x}]\n",
    );
    expect(jobs[0]?.strategy.matrix).toMatchObject({
      x: [{ expression: `fromJSON('{"expression":"it''s","line":1,"column":2}')`, line: 7 }],
    });
  });
});
