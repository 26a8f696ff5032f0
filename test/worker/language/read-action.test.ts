/** https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExpressionError } from "../../../src/language/expression.ts";
import { actionInputs, actionPaths, readAction } from "../../../src/language/read-action.ts";

const PATH = ".github/actions/greet/action.yml";

const FULL = `name: Greet
description: Says hello
author: mona
branding: { icon: smile, color: blue }
inputs:
  who-to-greet:
    description: Who
    required: true
    default: World
  token:
    default: \${{ github.token }}
  plain: {}
outputs:
  number:
    description: A number
    value: \${{ steps.random.outputs.n }}
runs:
  using: composite
  steps:
    - id: random
      name: Draw \${{ inputs.plain }}
      if: runner.os == 'Linux'
      shell: bash
      working-directory: lib
      continue-on-error: true
      env: { A: 1 }
      run: |
        echo "Hello \${{ inputs.who-to-greet }}"
        echo "n=4" >> "$GITHUB_OUTPUT"
    - uses: ./.github/actions/other
      with: { x: \${{ steps.random.outputs.n }} }
    - uses: actions/cache@v4
      with: { path: a, key: b }
`.replace("with: { x: ${{ steps.random.outputs.n }} }", "with: { x: '${{ steps.random.outputs.n }}' }");

function problemsOf(text: string): string[] {
  return readAction("action.yml", text).problems.map(
    ({ reason, message, at }) => `${at.line}:${at.column} ${reason}: ${message}`,
  );
}

function problemsOfRuns(runs: string): string[] {
  return problemsOf(`name: x\nruns: ${runs}\n`);
}

describe("a composite action", () => {
  it("is read into steps of the same kind as a job's, each with its place", () => {
    const action = readAction(PATH, FULL);
    expect(action.problems).toEqual([]);
    expect(action).toMatchObject({
      path: PATH,
      name: "Greet",
      inputs: [
        { name: "who-to-greet", required: true, default: "World" },
        { name: "token", required: false, default: { expression: "github.token" } },
        { name: "plain", required: false, default: null },
      ],
      outputs: { number: { expression: "steps.random.outputs.n" } },
    });
    expect(action.steps).toMatchObject([
      {
        kind: "run",
        number: 1,
        id: "random",
        if: "success() && (runner.os == 'Linux')",
        shell: "bash",
        workingDirectory: "lib",
        continueOnError: true,
        timeoutMinutes: null,
        env: { A: "1" },
        at: { file: PATH, line: 20 },
      },
      { kind: "uses", number: 2, uses: "./.github/actions/other", with: { x: { line: 31 } }, at: { line: 30 } },
      { kind: "uses", number: 3, uses: "actions/cache@v4" },
    ]);
    expect(JSON.parse(JSON.stringify(action))).toEqual(action);
  });

  it("needs neither name nor description, as on GitHub", () => {
    expect(problemsOf("runs: {using: composite, steps: [{run: x, shell: bash}]}")).toEqual([]);
  });

  it("lies where its step says, from the workspace", () => {
    expect(actionPaths("./.github/actions/x")).toEqual([
      ".github/actions/x/action.yml",
      ".github/actions/x/action.yaml",
    ]);
    expect(actionPaths("./")).toEqual(["action.yml", "action.yaml"]);
    expect(actionPaths("./a//b/../c/")).toEqual(["a/c/action.yml", "a/c/action.yaml"]);
    expect(actionPaths("./a/../../b")).toBeNull();
  });
});

describe("what an action asks for", () => {
  const action = readAction(PATH, FULL);

  it("is what its step gives, in any case, or its default", () => {
    expect(actionInputs(action, { "WHO-to-greet": "Mona" }, { github: { token: "t" } })).toEqual({
      inputs: { "who-to-greet": "Mona", token: "t", plain: "" },
      unexpected: [],
      missing: [],
    });
  });

  it("is missed or unexpected in so many words", () => {
    const strict = readAction("action.yml", FULL.replace("    default: World\n", ""));
    expect(actionInputs(strict, { nope: "1" }, {})).toMatchObject({
      inputs: { "who-to-greet": "" },
      unexpected: ["nope"],
      missing: ["who-to-greet"],
    });
  });

  it("fails with an error of its own kind", () => {
    const wrong = readAction("action.yml", FULL.replace("${{ github.token }}", "${{ fromJSON(github.x) }}"));
    expect(() => actionInputs(wrong, {}, {})).toThrow(ExpressionError);
  });
});

describe("a JavaScript action", () => {
  const read = (runs: string) => readAction("action.yml", `unknown: 1\ninputs: {a: {default: 1}}\nruns: ${runs}\n`);

  it("is read into the files that it runs and when", () => {
    const all = "{using: Node20, main: m.js, pre: a.js, post: z.js, pre-if: runner.os == 'x', post-if: success()}";
    expect(read(all)).toMatchObject({
      problems: [],
      inputs: [{ name: "a", default: "1" }],
      steps: [],
      javascript: { node: 20, main: "m.js", pre: "a.js", post: "z.js", preIf: "runner.os == 'x'", postIf: "success()" },
    });
  });

  it("runs what it has before and after always, where it says nothing", () => {
    expect(read("{using: node24, main: m.js}").javascript).toEqual({
      node: 24,
      main: "m.js",
      pre: null,
      preIf: "always()",
      post: null,
      postIf: "always()",
    });
  });
});

describe("what can't be carried out is a problem with its place", () => {
  const TABLE: [runs: string, problem: string | RegExp][] = [
    ["{using: node24}", /^2:7 workflow_invalid: There.s not enough info/],
    ["{using: node24, main: a.js, post-if: 'nope('}", /^2:\d+ workflow_invalid: /],
    ["{using: docker, image: Dockerfile}", /^2:15 unsupported: an action that runs using 'docker'/],
    ["{using: deno, main: x}", /^2:15 workflow_invalid: an action that runs using 'deno'/],
    ["{steps: [{run: x, shell: bash}]}", /^2:7 workflow_invalid: an action must say what it runs/],
    ["{using: composite}", /^2:7 workflow_invalid: There.s not enough info/],
    ["{using: composite, steps: [{run: x}]}", /^2:\d+ workflow_invalid: .*shell/],
    ["{using: composite, steps: [{run: x, shell: bash, timeout-minutes: 1}]}", /^2:\d+ workflow_invalid: .*timeout/],
    [
      "{using: composite, steps: [{uses: actions/setup-node}]}",
      /^2:41 workflow_invalid: 'actions\/setup-node' names no action/,
    ],
    ["{using: composite, steps: [{uses: 'docker://alpine'}]}", /^2:41 unsupported: 'docker:/],
    [
      "{using: composite, steps: [{run: '${{ secrets.A }}', shell: sh}]}",
      "2:41 workflow_invalid: the context 'secrets' is not available here",
    ],
    [
      "{using: composite, steps: [{run: '${{ needs.a }}', shell: sh}]}",
      "2:41 workflow_invalid: the context 'needs' is not available here",
    ],
    [
      "{using: composite, steps: [{run: x, shell: sh, id: a}, {run: x, shell: sh, id: A}]}",
      /two steps of this action have the id 'a'/,
    ],
  ];
  for (const [runs, problem] of TABLE) {
    it(runs, () => {
      expect(problemsOfRuns(runs)).toContainEqual(
        typeof problem === "string" ? problem : expect.stringMatching(problem),
      );
    });
  }

  it("nothing, text, nonsense", () => {
    expect(problemsOf("")).toEqual(["1:1 workflow_invalid: the file is empty"]);
    expect(problemsOf("text")).not.toEqual([]);
    expect(problemsOf("runs: [")).not.toEqual([]);
    expect(problemsOf("name: x")).toEqual(["1:1 workflow_invalid: an action must say what it runs: 'runs.using'"]);
  });

  it("and nothing is thrown, whatever stands in the file", () => {
    const value = fc.jsonValue();
    const action = fc.record({ name: value, inputs: value, outputs: value, using: value, steps: value });
    fc.assert(
      fc.property(action, fc.boolean(), ({ using, steps, ...rest }, composite) => {
        const text = JSON.stringify({ ...rest, runs: { using: composite ? "composite" : using, steps } });
        const read = readAction("action.yml", text);
        expect(read.steps.length === 0 || Array.isArray(steps)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
