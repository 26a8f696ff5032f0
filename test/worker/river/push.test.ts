import { beforeAll, describe, expect, inject, it } from "vitest";
import { refusedCalls, createRepository } from "../../support/github-control.ts";
import { buildsOf, ended, github, logOf, migrate, push, told } from "./river.ts";

beforeAll(migrate);

describe("a push", () => {
  it("becomes a green check", async () => {
    const repository = await createRepository(github, {
      "hello.txt": "hello\n",
      ".sandlot/workflows/ci.yml": `name: CI
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: cat hello.txt && git rev-parse HEAD
      - run: echo "sha is $GITHUB_SHA"
`,
    });
    const [id] = await buildsOf(await push(repository));
    const build = await ended(id!);
    const log = await logOf(build);
    expect(build, log).toMatchObject({ status: "completed", conclusion: "success" });
    expect(log).toContain("hello");
    expect(log).toContain(`sha is ${repository.sha}`);
    expect(build.jobs[0]?.steps.map((step) => [step.name, step.conclusion])).toEqual([
      ["Run actions/checkout@v4", "success"],
      ["Run cat hello.txt && git rev-parse HEAD", "success"],
      ['Run echo "sha is $GITHUB_SHA"', "success"],
    ]);
    const statuses = await told(repository);
    expect(statuses.at(-1)).toMatch(/^sandlot \/ CI: success 1 job passed in /);
    expect(await refusedCalls(github)).toEqual([]);
    expect(inject("github")).toBe(github.url);
  });
});
