import { describe, expect, it } from "vitest";
import { readWorkflow } from "../../../src/language/read-workflow.ts";
import { decideTrigger, needsChangedFiles, type TriggerDecision } from "../../../src/language/trigger.ts";
import type { TriggerEvent } from "../../../src/model/event.ts";
import type { Workflow } from "../../../src/model/workflow.ts";

async function workflowOn(on: string): Promise<Workflow> {
  const text = `on: ${on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: true\n`;
  const file = await readWorkflow("ci.yml", text);
  expect(file.problems).toEqual([]);
  return file.workflow!;
}

const push: TriggerEvent = {
  name: "push",
  action: null,
  repository: { id: 1, owner: "octo", name: "app", private: false, defaultBranch: "main" },
  installationId: 1,
  actor: { id: 2, login: "mona" },
  sha: "a".repeat(40),
  reportSha: "a".repeat(40),
  ref: "refs/heads/main",
  baseSha: "b".repeat(40),
  headRef: null,
  baseRef: null,
  pullRequest: null,
  fork: false,
  title: "Change",
  message: "Change",
  inputs: null,
  workflowPath: null,
};
const tag: TriggerEvent = { ...push, ref: "refs/tags/v1.2.0" };
const pull: TriggerEvent = {
  ...push,
  name: "pull_request",
  action: "synchronize",
  ref: "refs/pull/7/merge",
  headRef: "topic",
  baseRef: "main",
  pullRequest: 7,
};

async function decide(on: string, event: TriggerEvent, files: string[] | null = null): Promise<TriggerDecision> {
  return decideTrigger(await workflowOn(on), event, files === null ? null : { files, truncated: false });
}

describe("an event", () => {
  it("starts a workflow that names it, alone, in a list or in a mapping", async () => {
    for (const on of ["push", "[pull_request, push]", "\n  push:\n  issues:\n    types: [opened]"]) {
      expect(await decide(on, push)).toMatchObject({ start: true });
    }
  });

  it("that the workflow does not name starts nothing", async () => {
    expect(await decide("push", pull)).toMatchObject({ start: false, because: "event" });
  });

  it("of a pull request starts for opened, synchronize and reopened where no types are named", async () => {
    const started = [];
    for (const action of ["opened", "synchronize", "reopened", "closed", "labeled", "edited"]) {
      const decision = await decide("pull_request", { ...pull, action });
      if (decision.start) {
        started.push(action);
      }
    }
    expect(started).toEqual(["opened", "synchronize", "reopened"]);
  });

  it("of a pull request starts for the named types only", async () => {
    const on = "\n  pull_request:\n    types: [labeled]";
    expect(await decide(on, { ...pull, action: "labeled" })).toMatchObject({ start: true });
    expect(await decide(on, pull)).toEqual({
      start: false,
      because: "event",
      why: "pull_request synchronize does not match types: labeled",
    });
  });
});

describe("events beyond pushes and pull requests", () => {
  it("of a merge queue start for the branch that is merged into, whatever the commit message says", async () => {
    const group = { ...pull, name: "merge_group", action: "checks_requested", message: "[skip ci]" };
    const on = "\n  merge_group:\n    branches: [main]";
    expect(await decide(on, group)).toMatchObject({ start: true });
    expect(await decide(on, { ...group, baseRef: "dev" })).toMatchObject({ start: false, because: "filter" });
    expect(await decide("merge_group", { ...group, action: "destroyed" })).toMatchObject({ start: false });
  });

  it("of a release start for every type, or for the named ones", async () => {
    const release = { ...tag, name: "release", action: "created" };
    expect(await decide("release", release)).toMatchObject({ start: true });
    const published = "\n  release:\n    types: published";
    expect(await decide(published, release)).toMatchObject({ start: false, because: "event" });
    expect(await decide(published, { ...release, action: "published" })).toMatchObject({ start: true });
  });

  it("by hand and by the clock start whatever the filters of other events are", async () => {
    const on = "\n  push:\n    branches: [x]\n  workflow_dispatch:\n  schedule:\n    - cron: '0 0 * * *'";
    expect(await decide(on, { ...push, name: "workflow_dispatch" })).toMatchObject({ start: true });
    expect(await decide(on, { ...push, name: "schedule" })).toMatchObject({ start: true });
  });
});

describe("a filter by branch or tag", () => {
  it("says in words why a branch does not match", async () => {
    expect(await decide("\n  push:\n    branches: main", { ...push, ref: "refs/heads/dev" })).toEqual({
      start: false,
      because: "filter",
      why: "branch dev does not match branches: main",
    });
  });

  it("by branches alone excludes every tag, and by tags alone every branch", async () => {
    const branches = "\n  push:\n    branches: ['**']";
    const tags = "\n  push:\n    tags: ['v*']";
    expect(await decide(branches, tag)).toMatchObject({ start: false, because: "filter" });
    expect(await decide(branches, push)).toMatchObject({ start: true });
    expect(await decide(tags, push)).toMatchObject({ start: false, because: "filter" });
    expect(await decide(tags, tag)).toMatchObject({ start: true });
    expect(await decide("\n  push:\n    branches-ignore: [x]", tag)).toMatchObject({ start: false });
    expect(await decide("\n  push:\n    tags-ignore: [x]", push)).toMatchObject({ start: false });
  });

  it("by both starts for either", async () => {
    const on = "\n  push:\n    branches: [main]\n    tags: ['v1.**']";
    expect(await decide(on, push)).toMatchObject({ start: true });
    expect(await decide(on, tag)).toMatchObject({ start: true });
    expect(await decide(on, { ...tag, ref: "refs/tags/v2" })).toMatchObject({ start: false });
  });

  it("with -ignore excludes what matches", async () => {
    const on = "\n  push:\n    branches-ignore: ['dependabot/**', '!dependabot/npm']";
    expect(await decide(on, { ...push, ref: "refs/heads/dependabot/x/y" })).toMatchObject({ start: false });
    expect(await decide(on, { ...push, ref: "refs/heads/dependabot/npm" })).toMatchObject({ start: true });
    expect(await decide(on, push)).toMatchObject({ start: true });
  });

  it("of a pull request speaks of the branch that is merged into", async () => {
    const on = "\n  pull_request:\n    branches: ['releases/**']";
    expect(await decide(on, pull)).toMatchObject({ start: false, because: "filter" });
    expect(await decide(on, { ...pull, baseRef: "releases/10" })).toMatchObject({ start: true });
  });

  it("and its -ignore together are a problem with its place", async () => {
    const text =
      "on:\n  push:\n    branches: [a]\n    branches-ignore: [b]\njobs:\n  a:\n    runs-on: x\n    steps: [{run: x}]\n";
    const { problems } = await readWorkflow("ci.yml", text);
    expect(problems).toMatchObject([{ reason: "workflow_invalid", at: { line: 4 } }]);
  });
});

describe("a filter by path", () => {
  const paths = "\n  push:\n    paths: ['sub-project/**', '!sub-project/docs/**']";

  it("starts when one file matches, and not when all that match are excluded again", async () => {
    expect(await decide(paths, push, ["README.md", "sub-project/index.js"])).toMatchObject({ start: true });
    expect(await decide(paths, push, ["sub-project/docs/readme.md"])).toMatchObject({
      start: false,
      because: "filter",
      why: "no changed path matches paths: sub-project/**, !sub-project/docs/**",
    });
  });

  it("with -ignore does not start when every file matches", async () => {
    const on = "\n  push:\n    paths-ignore: ['docs/**']";
    expect(await decide(on, push, ["docs/a.md", "docs/b/c.md"])).toMatchObject({ start: false, because: "filter" });
    expect(await decide(on, push, ["docs/a.md", "src/a.ts"])).toMatchObject({ start: true });
  });

  it("is taken as matching where GitHub does not list all files, and says so", async () => {
    const decision = decideTrigger(await workflowOn(paths), push, { files: ["x"], truncated: true });
    expect(decision).toMatchObject({ start: true });
    expect(decision.why).toContain("more files changed");
  });

  it("is not asked of a pushed tag, nor where the branch excludes already", async () => {
    const workflow = await workflowOn("\n  push:\n    branches: [main]\n    tags: ['**']\n    paths: ['src/**']");
    expect(needsChangedFiles(workflow, push)).toBe(true);
    expect(needsChangedFiles(workflow, tag)).toBe(false);
    expect(needsChangedFiles(workflow, { ...push, ref: "refs/heads/dev" })).toBe(false);
    expect(decideTrigger(workflow, tag, null)).toMatchObject({ start: true });
  });
});

describe("the words that skip", () => {
  it("are GitHub's five, anywhere in the message, for pushes and pull requests", async () => {
    for (const words of ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"]) {
      const message = `Fix it\n\nNothing to build ${words}.`;
      expect(await decide("push", { ...push, message })).toMatchObject({ start: false, because: "skip_ci" });
      expect(await decide("pull_request", { ...pull, message })).toMatchObject({ start: false, because: "skip_ci" });
      expect(await decide("workflow_dispatch", { ...push, name: "workflow_dispatch", message })).toMatchObject({
        start: true,
      });
    }
  });

  it("may be a trailer, the last one", async () => {
    const skips = async (message: string): Promise<boolean> => !(await decide("push", { ...push, message })).start;
    expect(await skips("Fix it\n\n\nskip-checks: true")).toBe(true);
    expect(await skips("Fix it\n\nCo-authored-by: Mona <m@x>\nskip-checks:true\n")).toBe(true);
    expect(await skips("Fix it\nskip-checks: true")).toBe(false);
    expect(await skips("Fix it\n\nskip-checks: true\nSigned-off-by: Mona")).toBe(false);
    expect(await skips("skip-checks: true")).toBe(false);
  });

  it("in a long message of empty lines are looked for once", async () => {
    expect(await decide("push", { ...push, message: `${"\n".repeat(200_000)}x` })).toMatchObject({ start: true });
  });
});
