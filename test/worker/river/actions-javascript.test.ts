import { beforeAll, describe, expect, it } from "vitest";
import { commit } from "../../support/github-control.ts";
import { action, buildSteps, script } from "./actions.ts";
import { api, closed, github, logOf, migrate, until } from "./river.ts";
import type { BuildView } from "../../../src/model/api.ts";

beforeAll(migrate);

const FULL = `
const fs = require("node:fs");
const put = (file, text) => fs.appendFileSync(process.env[file], text + "\\n");
console.log("hello " + process.env.INPUT_WHO_IS_IT + " with " + process.env.INPUT_TOKEN + " in " + process.cwd());
console.log("path " + (process.env.GITHUB_ACTION_PATH === __dirname), process.env.GITHUB_ACTION, process.env.GITHUB_ACTION_REPOSITORY, process.env.GITHUB_ACTION_REF);
console.log("::warning::mind");
put("GITHUB_OUTPUT", "word=said");
put("GITHUB_OUTPUT", "__proto__=polluted");
put("GITHUB_ENV", "FROM_ACTION=1");
put("GITHUB_STEP_SUMMARY", "### summary");
`;
const INPUTS =
  "inputs: { who is it: { default: nobody }, token: { default: '${{ github.token }}' }, must: { required: true } }\n";

describe("a JavaScript action of another repository", () => {
  it("is fetched at its commit and run with inputs, and hands on what it writes", async () => {
    const { fullName, sha } = await script(FULL, { inputs: INPUTS });
    const { view, job, log, repository } = await buildSteps(`
      - id: say
        uses: ${fullName}@main
        with: { Who Is It: world, more: 1 }
      - run: echo "it \${{ steps.say.outputs.word }} $FROM_ACTION \${{ steps.say.outputs.__proto__ }}"; env | grep -c '^INPUT_' || true
`);
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain(`Download action repository '${fullName}@main' (SHA:${sha})`);
    expect(log).toContain(`##[warning]${fullName}@main is a branch`);
    expect(log).toContain(`hello world with *** in `);
    expect(log).toContain(`/${repository.name}/${repository.name}\n`);
    expect(log).toContain(`path true say ${fullName} main`);
    expect(log).toContain("##[warning]Unexpected input: more");
    expect(log).toContain("##[warning]Input required and not supplied: must");
    expect(log).toContain("it said 1 polluted\n0\n");
    expect(job.steps.map(({ name }) => name).slice(0, 2)).toEqual(["Set up job", `Run ${fullName}@main`]);
    expect(job.steps[1]?.summary).toContain("### summary");
    expect(job.annotations).toMatchObject([
      { step: 0, level: "warning", file: ".sandlot/workflows/ci.yml", line: 8 },
      { step: 1, message: "mind" },
    ]);
  });

  it("is the same commit in a rerun, though its branch has moved on", async () => {
    const tool = await script("console.log('the first');");
    const { view, log } = await buildSteps(`      - uses: ${tool.fullName}@main\n`);
    expect(log).toContain("the first");
    await commit(github, tool, { files: { "main.js": "console.log('the second');" } });
    await api(`/builds/${view.id}/rerun`, { method: "POST", body: "{}" });
    const again = await until(
      () => api<BuildView>(`/builds/${view.id}`),
      (one) => one.runAttempt === 2 && one.status === "completed",
      "the rerun",
    );
    await closed();
    expect(await logOf(again)).toContain("the first");
    expect(again.actions).toEqual([{ name: tool.fullName, ref: "main", sha: tool.sha, kind: "branch" }]);
  });

  it("runs pre before the first step, post after the last in reverse, each with what those before it left", async () => {
    const say = (name: string) => (phase: string) =>
      `console.log("${phase} of ${name}, state " + process.env.STATE_x);require("node:fs").appendFileSync(process.env.GITHUB_STATE, "x=" + (process.env.STATE_x ?? "") + "${phase[0] ?? ""}\\n");`;
    const phases = (name: string) => ({ "pre.js": say(name)("pre"), "post.js": say(name)("post") });
    const one = await script(say("one")("main"), phases("one"), "  post: post.js\n");
    const two = await script(
      say("two")("main"),
      phases("two"),
      "  pre: pre.js\n  post: post.js\n  post-if: always()\n",
    );
    const never = "  pre: pre.js\n  pre-if: runner.os == 'Windows'\n  post: post.js\n  post-if: failure()\n";
    const three = await script("console.log('main of three')", phases("three"), never);
    const { view, log, job } = await buildSteps(`
      - run: echo a step
      - uses: ${one.fullName}@main
      - { uses: "actions/cache@v4", with: { path: kept, key: k } }
      - uses: ${two.fullName}@main
      - uses: ${three.fullName}@main
      - run: mkdir kept && echo 1 > kept/one
`);
    expect(view.conclusion, log).toBe("success");
    const said = [...log.matchAll(/^(?:(?:pre|main|post) of .*|a step|Cache saved)/gm)].map(([line]) => line);
    expect(said).toEqual([
      "pre of two, state undefined",
      "a step",
      "main of one, state undefined",
      "main of two, state p",
      "main of three",
      "Cache saved",
      "post of one, state m",
      "post of two, state pm",
    ]);
    expect(job.steps.map(({ name }) => name).filter((name) => name.startsWith("Post "))).toHaveLength(4);
  });

  it("that fails before its step fails the job, and its post phase runs all the same", async () => {
    const runs = "  pre: pre.js\n  post: post.js\n";
    const more = { "pre.js": "process.exit(3)", "post.js": "console.log('tidied')" };
    const { fullName } = await script("console.log('not reached')", more, runs);
    const { job, log } = await buildSteps(`
      - uses: ${fullName}@main
      - { if: always(), run: echo at last }
`);
    expect(job).toMatchObject({ conclusion: "failure", reason: "step_failed" });
    expect(job.detail).toBe(`"Set up job": "Pre ${fullName}@main" failed with exit code 3`);
    expect(log).toContain("at last");
    expect(log).toContain("tidied");
    expect(log).not.toContain("not reached");
  });

  it("of the repository itself runs too, and is not asked for what comes before it", async () => {
    const yml = "runs: { using: node24, main: dist/m.js, pre: p.js, post: z.js }\n";
    const files = { "x/action.yml": yml, "x/dist/m.js": "console.log('mine')", "x/z.js": "console.log('after')" };
    const { view, log } = await buildSteps("      - uses: actions/checkout@v4\n      - uses: ./x\n", files);
    expect(view.conclusion, log).toBe("success");
    expect(log).toMatch(/mine[^]*after/);
  });
});

describe("what is no action", () => {
  it("ends the job before its first step, with the place where it is used", async () => {
    const empty = await action({ "README.md": "nothing" });
    const docker = await action({ "a/action.yml": "runs: { using: docker, image: Dockerfile }\n" });
    const hidden = await action({ "action.yml": "runs: { using: node20, main: x }\n" }, { private: true });
    const cases: [uses: string, reason: string, says: string][] = [
      [`${empty.fullName}@main`, "action_not_found", "holds no action.yml or action.yaml"],
      [`${empty.fullName}@${"0".repeat(40)}`, "action_not_found", "there is no "],
      [`${hidden.fullName}@main`, "action_not_found", "without a token"],
      ["octo/none@v1", "action_not_found", "there is no octo/none@v1 at http"],
      [`${docker.fullName}/a@main`, "unsupported", "there is no Docker"],
    ];
    const built = await Promise.all(
      cases.map(([uses]) => buildSteps(`      - run: echo reached\n      - uses: ${uses}\n        if: always()\n`)),
    );
    for (const [index, { job, log }] of built.entries()) {
      const [uses, reason, says] = cases[index] ?? ["", "", ""];
      expect(job, uses).toMatchObject({ conclusion: "failure", reason });
      expect(job.detail, uses).toContain(`"Set up job": .sandlot/workflows/ci.yml:7:15: `);
      expect(job.detail, uses).toContain(says);
      expect(log, uses).not.toContain("Run echo reached");
    }
  });
});
