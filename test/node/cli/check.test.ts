import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { check, type CheckOptions, type CheckReport } from "../../../src/cli/check/check.ts";
import { createPaint } from "../../../src/cli/paint.ts";
import { UsageError } from "../../../src/cli/usage-error.ts";

const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

async function write(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sandlot-check-"));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const PLAIN: CheckOptions = { event: "push", input: {}, workflow: "", changed: [], json: false };

async function shown(path: string, options: Partial<CheckOptions> = {}): Promise<{ code: number; text: string }> {
  let text = "";
  const write = (more: string) => void (text += more);
  const code = await check(path, { ...PLAIN, ...options }, { write, paint: createPaint({ colour: false }) });
  return { code, text };
}

async function report(path: string, options: Partial<CheckOptions> = {}): Promise<CheckReport & { code: number }> {
  const { code, text } = await shown(path, { ...options, json: true });
  return { ...(JSON.parse(text) as CheckReport), code };
}

const CI = ".sandlot/workflows/ci.yml";

function jobsIn({ workflows }: CheckReport, path = CI): string[] {
  const jobs = workflows.find((one) => one.path === path)?.jobs ?? [];
  return jobs.map(({ round, name, fate, why }) => `${round} ${name}: ${fate}${why === null ? "" : ` (${why})`}`);
}

describe("what is wrong", () => {
  it("is shown with file, line, column, the line itself and a caret under it", async () => {
    const root = await write({
      [CI]: `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: docker://alpine
      - run: echo \${{ nope.x }}
`,
    });
    const { code, text } = await shown(root);
    expect(code).toBe(1);
    expect(text)
      .toContain(`${CI}:6:15: not carried out: 'docker://alpine' is not carried out: there is no Docker in Sandlot's sandboxes
  6 |       - uses: docker://alpine
    |               ^
${CI}:7:19: error: the context 'nope' is not available here
  7 |       - run: echo \${{ nope.x }}
    |                   ^
`);
    expect(text).toMatch(/1 workflow checked: 1 error, 1 not carried out by Sandlot\n$/);
  });

  it("is found in called workflows and in actions of the repository too, each once", async () => {
    const call = (job: string): string => `  ${job}: { uses: ./.sandlot/workflows/called.yml }\n`;
    const root = await write({
      [CI]: `on: push\njobs:\n${call("a")}${call("b")}`,
      ".sandlot/workflows/called.yml":
        "on: workflow_call\njobs:\n  x:\n    runs-on: linux\n    steps:\n      - uses: ./actions/one\n      - uses: ./actions/none\n",
      "actions/one/action.yaml": "runs:\n  using: composite\n  steps:\n    - uses: ./actions/two\n",
      "actions/two/action.yml": "runs:\n  using: docker\n  image: x\n",
    });
    const { problems, notes, code } = await report(root);
    expect(code).toBe(1);
    expect(problems).toEqual([
      {
        reason: "unsupported",
        message:
          "an action that runs using 'docker' is not carried out by Sandlot: there is no Docker in its sandboxes",
        at: { file: "actions/two/action.yml", line: 2, column: 10 },
        source: "  using: docker",
      },
    ]);
    expect(notes.map(({ at, message }) => `${at.file}:${at.line} ${message}`)).toEqual([
      ".sandlot/workflows/called.yml:7 there is no actions/none/action.yml here: it has to be there when the step begins",
    ]);
  });

  it("includes actions that use each other in a circle, or too deep", async () => {
    const action = (uses: string): string => `runs:\n  using: composite\n  steps:\n    - uses: ${uses}\n`;
    const deep = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`deep/${n}/action.yml`, action(`./deep/${n + 1}`)]),
    );
    const root = await write({
      ...deep,
      [CI]: "on: push\njobs:\n  a:\n    runs-on: linux\n    steps:\n      - uses: ./one\n      - uses: ./deep/0\n      - uses: ./../x\n",
      "one/action.yml": action("./two"),
      "two/action.yml": action("./one"),
    });
    const { problems } = await report(root);
    expect(problems.map(({ at, message }) => `${at.file}:${at.line} ${message}`)).toEqual([
      `${CI}:8 './../x' lies outside the workspace`,
      "deep/9/action.yml:4 actions use each other at most 10 levels deep",
      "two/action.yml:4 actions use each other in a circle: one → two → one",
    ]);
  });

  it("includes two workflows of one name, which would hold up one commit status together", async () => {
    const text = "name: CI\non: push\njobs: {a: {runs-on: linux, steps: [{run: x}]}}\n";
    const root = await write({ [CI]: text, ".sandlot/workflows/other.yml": text });
    const { problems, workflows } = await report(root);
    expect(problems.map(({ at, message }) => `${at.file}:${at.line} ${message.split(":", 1)[0]}`)).toEqual([
      `${CI}:1 "CI" is also the name of .sandlot/workflows/other.yml`,
      `.sandlot/workflows/other.yml:1 "CI" is also the name of ${CI}`,
    ]);
    expect(workflows.some(({ starts }) => starts)).toBe(false);
    expect((await report(root, { event: "pull_request" })).problems).toEqual([]);
  });

  it("never makes the terminal do anything", async () => {
    const root = await write({ [CI]: 'name: "\\e]0;title\\a\\e[2J"\non: push\njobs:\n  a\u001B[2J: {}\n' });
    const { text } = await shown(root);
    expect(text).toContain(CI);
    // oxlint-disable-next-line no-control-regex -- that none is there is the point
    expect(text).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F]/);
  });

  it("is nothing: exit code 0", async () => {
    const root = await write({ [CI]: "on: push\njobs: {a: {runs-on: linux, steps: [{run: x}]}}\n" });
    const { code, text } = await shown(root);
    expect(code).toBe(0);
    expect(text).toMatch(/1 workflow checked: nothing wrong\n$/);
  });
});

const PLAN = `name: CI
on:
  push: { branches: [main], tags: ['v*'] }
  pull_request: { paths: ['src/**'] }
  workflow_dispatch: { inputs: { level: { required: true, type: choice, options: [low, high] } } }
jobs:
  build: { runs-on: ubuntu-latest, steps: [{ run: x }] }
  test:
    needs: build
    runs-on: \${{ matrix.os }}
    strategy: { matrix: { os: [ubuntu-latest, windows-latest] } }
    steps: [{ run: x }]
  high: { if: inputs.level == 'high', runs-on: sandlot-large, steps: [{ run: x }] }
  release: { needs: test, if: "startsWith(github.ref, 'refs/tags/')", runs-on: linux, steps: [{ run: x }] }
  after-high: { needs: high, runs-on: linux, steps: [{ run: x }] }
  clean: { needs: [test, high], if: always(), runs-on: linux, steps: [{ run: x }] }
  told: { needs: build, if: needs.build.outputs.x == '1', runs-on: linux, steps: [{ run: x }] }
  alarm: { needs: build, if: failure(), runs-on: linux, steps: [{ run: x }] }
`;

describe("the plan", () => {
  it("says which jobs an event starts, in which order, and which are skipped and why", async () => {
    const root = await write({ [CI]: PLAN });
    expect(jobsIn(await report(root, { ref: "main" }))).toEqual([
      "1 build: runs",
      "1 high: skipped (its condition is false: inputs.level == 'high')",
      "2 test (ubuntu-latest): runs",
      "2 test (windows-latest): fails (no sandbox for windows-latest)",
      "2 after-high: skipped (high is skipped)",
      "2 told: depends (if success() && (needs.build.outputs.x == '1'))",
      "2 alarm: depends (if failure())",
      "3 release: skipped (test fails)",
      "3 clean: runs",
    ]);
  });

  it("says why a workflow does not start", async () => {
    const root = await write({ [CI]: PLAN });
    const whyOf = async (options: Partial<CheckOptions>) => (await report(root, options)).workflows[0];
    expect(await whyOf({ ref: "other" })).toMatchObject({
      starts: false,
      why: "branch other does not match branches: main",
    });
    expect(await whyOf({ ref: "refs/tags/v1" })).toMatchObject({ starts: true });
    expect(await whyOf({ event: "schedule" })).toMatchObject({
      starts: false,
      why: "it starts on push, pull_request, workflow_dispatch, not on schedule",
    });
    expect(await whyOf({ event: "pull_request" })).toMatchObject({
      starts: true,
      why: "it starts on pull_request, if a changed path matches its filter (--changed says which do)",
    });
    expect(await whyOf({ event: "pull_request", changed: ["README.md"] })).toMatchObject({
      starts: false,
      why: "no changed path matches paths: src/**",
    });
    expect(await whyOf({ event: "workflow_dispatch" })).toMatchObject({
      starts: false,
      why: "the input 'level' is required",
    });
  });

  it("knows the inputs that are given, also those of a call", async () => {
    const root = await write({
      [CI]: PLAN.replace(
        "jobs:\n",
        "jobs:\n  call: { uses: ./.sandlot/workflows/called.yml, with: { loud: \"${{ inputs.level == 'high' }}\" } }\n",
      ),
      ".sandlot/workflows/called.yml": `on: { workflow_call: { inputs: { loud: { type: boolean } } } }
jobs:
  shout: { name: "Shout \${{ inputs.loud }}", if: inputs.loud, runs-on: linux, steps: [{ run: x }] }
  whisper: { if: "!inputs.loud", runs-on: linux, steps: [{ run: x }] }
`,
    });
    const high = await report(root, { event: "workflow_dispatch", input: { level: "high" }, workflow: "ci.yml" });
    expect(high.workflows).toHaveLength(1);
    expect(jobsIn(high)).toContain("1 call / Shout true: runs");
    expect(jobsIn(high)).toContain("1 call / whisper: skipped (its condition is false: !inputs.loud)");
    expect(jobsIn(high)).toContain("1 high: runs");
  });

  it("is shown round by round", async () => {
    const root = await write({ [CI]: PLAN });
    const { text } = await shown(root, { ref: "main" });
    expect(text).toContain(`push of refs/heads/main

${CI}  CI
  starts: it starts on push
    1. build  (ubuntu-latest)
       high  skipped: its condition is false: inputs.level == 'high'
    2. test (ubuntu-latest)  (ubuntu-latest, os=ubuntu-latest, after build)
`);
  });

  it("of a file alone, in a repository and out of one", async () => {
    const root = await write({ [CI]: PLAN, "other.yml": PLAN });
    expect((await report(join(root, CI))).workflows.map(({ path }) => path)).toEqual([CI]);
    expect((await report(join(root, "other.yml"))).workflows.map(({ path }) => path)).toEqual(["other.yml"]);
  });

  it("takes the branch from git, and a tag's name for a tag", async () => {
    const root = await write({ [CI]: PLAN });
    const git = async (...args: string[]) => await promisify(execFile)("git", args, { cwd: root });
    await git("init", "-q", "-b", "topic");
    expect((await report(root)).event).toEqual({ name: "push", ref: "refs/heads/topic" });
    await git("add", ".");
    await git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x");
    await git("tag", "v1");
    expect((await report(root, { ref: "v1" })).event).toEqual({ name: "push", ref: "refs/tags/v1" });
  });
});

describe("what cannot be checked", () => {
  it("is said with a way out", async () => {
    const root = await write({ "README.md": "x" });
    await expect(shown(root)).rejects.toThrow(UsageError);
    await expect(shown(join(root, "none"))).rejects.toThrow("There is no file or folder");
    const other = await write({ [CI]: PLAN });
    await expect(shown(other, { event: "issues" })).rejects.toThrow("--event issues starts no build");
    await expect(shown(other, { input: { a: "b" } })).rejects.toThrow("--input goes with --event workflow_dispatch");
    await expect(shown(other, { workflow: "none.yml" })).rejects.toThrow("There is no workflow file none.yml");
  });
});
