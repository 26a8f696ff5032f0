import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { env } from "cloudflare:workers";
import { conditions } from "../../support/conditions.ts";
import { commit } from "../../support/github-control.ts";
import { action, buildSteps, script } from "./actions.ts";
import { github, migrate } from "./river.ts";

beforeAll(migrate);
afterEach(() => Object.assign(conditions, { actionsPinned: "", actionsAllowedOwners: "" }));

const phase = (name: string) => `console.log("${name} " + process.env.INPUT_A + " " + process.env.GITHUB_ACTION_REF)`;

describe("a composite action of another repository", () => {
  it("runs its steps and the actions that they use, nested, each with its own phases", async () => {
    const leaf = await script(
      phase("main"),
      { inputs: "inputs: { a: {} }\noutputs: { b: {} }\n", "pre.js": phase("pre"), "post.js": phase("post") },
      "  pre: pre.js\n  post: post.js\n",
    );
    const inner = await action({
      "deep/er/action.yaml": `inputs: { x: {} }
outputs: { y: { value: "\${{ steps.one.outputs.y }}" } }
runs:
  using: composite
  steps:
    - { uses: ${leaf.fullName}@${leaf.sha}, with: { a: "\${{ inputs.x }}" } }
    - { id: one, shell: bash, run: 'echo "y=got \${{ inputs.x }}" >> "$GITHUB_OUTPUT"; test -f "$GITHUB_ACTION_PATH/action.yaml"' }
    - { uses: ./here }
`,
    });
    const outer = await action({
      "action.yml": `outputs: { z: { value: "\${{ steps.in.outputs.y }}" } }
runs:
  using: composite
  steps:
    - { id: in, uses: ${inner.fullName}/deep/er@main, with: { x: "\${{ github.ref_name }}" } }
    - { shell: bash, run: 'echo "in $GITHUB_ACTION_REPOSITORY $GITHUB_ACTION_REF"' }
`,
    });
    const here = `runs: { using: composite, steps: [{ run: echo in the workspace, shell: bash }, { uses: ${leaf.fullName}@main, with: { a: late } }] }\n`;
    const { view, job, log } = await buildSteps(
      `
      - uses: actions/checkout@v4
      - { id: out, uses: ${outer.fullName}@main }
      - run: echo "out \${{ steps.out.outputs.z }}"
`,
      { "here/action.yml": here },
    );
    expect(view.conclusion, log).toBe("success");
    const said = [...log.matchAll(/^(?:(?:pre|main|post) (?:main|late) .*|in .*|out .*)$/gm)].map(([line]) => line);
    expect(said).toEqual([
      `pre main ${leaf.sha}`,
      `main main ${leaf.sha}`,
      "in the workspace",
      "main late main",
      `in ${outer.fullName} main`,
      "out got main",
      "post late main",
      `post main ${leaf.sha}`,
    ]);
    expect(job.steps.map(({ name }) => name)).toContain(`Post ${outer.fullName}@main`);
    expect(view.actions.map(({ name, kind }) => [name, kind])).toEqual(
      expect.arrayContaining([
        [leaf.fullName, "sha"],
        [leaf.fullName, "branch"],
        [inner.fullName, "branch"],
      ]),
    );
  });

  it("that fails names the step within, and one that uses itself goes no deeper than ten", async () => {
    const failing = await script("process.exitCode = 7");
    const outer = await action({
      "action.yml": `runs: { using: composite, steps: [{ name: Compile, uses: ${failing.fullName}@main }] }\n`,
    });
    const { job } = await buildSteps(`      - { name: Build it, uses: ${outer.fullName}@main }\n`);
    expect(job.detail).toBe('"Build it": "Compile" failed with exit code 7');
    await commit(github, outer, {
      files: { "action.yml": `runs: { using: composite, steps: [{ uses: ${outer.fullName}@main }] }\n` },
    });
    const endless = await buildSteps(`      - uses: ${outer.fullName}@main\n`);
    expect(endless.job.detail).toContain("at most 10 levels deep");
  });
});

describe("which actions may be used", () => {
  it("is said by variables: pinned ones alone, and of some owners", async () => {
    const tool = await script("console.log('it runs')");
    conditions.actionsPinned = "sha";
    conditions.actionsAllowedOwners = `someone, ${tool.fullName}`;
    const branch = await buildSteps(`      - uses: ${tool.fullName}@main\n`);
    expect(branch.job).toMatchObject({ reason: "unsupported" });
    expect(branch.job.detail).toContain("ci.yml:6:15: octo/");
    expect(branch.job.detail).toContain("not pinned to a full commit SHA");
    const pinned = await buildSteps(`      - uses: ${tool.fullName}@${tool.sha}\n`);
    expect(pinned.log).toContain("it runs");
    const other = await buildSteps(`      - uses: octo/other@${tool.sha}\n`);
    expect(other.job.detail).toContain("ACTIONS_ALLOWED_OWNERS");
  });

  it("does not matter to those that are kept: a commit is fetched once, and taken again only as it was", async () => {
    const tool = await script("console.log('as it was published')");
    const uses = `      - uses: ${tool.fullName}@${tool.sha}\n`;
    await buildSteps(uses);
    const { objects } = await env.STORE.list({ prefix: "actions/", include: ["customMetadata"] });
    const kept = objects.find(({ key }) => key.endsWith(`${tool.fullName}/${tool.sha}.tar.gz`));
    expect(kept?.customMetadata?.["sha256"]).toMatch(/^[0-9a-f]{64}$/);
    await env.STORE.put(kept?.key ?? "", "something else", { customMetadata: kept?.customMetadata ?? {} });
    const { log } = await buildSteps(uses);
    expect(log).toContain("as it was published");
  });
});

describe("an action made with GitHub's toolkit", () => {
  it("finds inputs, state, outputs, masks, tools, programs and summaries as on GitHub", async () => {
    const yml = "inputs: { name: {}, list: {}, flag: {} }\nruns: { using: node24, main: index.js, post: index.js }\n";
    const tool = await action({ "action.yml": yml, "index.js": inject("toolkit") });
    const { view, job, log } = await buildSteps(`
      - id: kit
        uses: ${tool.fullName}@main
        with: { name: kit, list: "a\\nb", flag: "true" }
      - run: echo "$EXPORTED" | tail -1; echo '\${{ fromJSON(steps.kit.outputs.greeting).hello }} is back'; case "$PATH" in "$RUNNER_TEMP/bin:"*) echo found it ;; esac
`);
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain("name kit, list a+b, flag true");
    expect(log).toContain("this is ***");
    expect(log).toContain("from a program\n");
    expect(log).toContain("found the tool");
    expect(log).toMatch(/no id token: .*ACTIONS_ID_TOKEN_REQUEST_URL/);
    expect(log).toMatch(/two\nkit is back\nfound it/);
    expect(log).toContain("post, found the tool");
    expect(job.steps[1]?.summary).toContain("Of the toolkit");
    expect(job.annotations).toContainEqual(
      expect.objectContaining({ message: "mind the step", file: "a.ts", line: 3 }),
    );
  });
});
