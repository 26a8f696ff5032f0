import { beforeAll, describe, expect, it } from "vitest";
import { operations } from "../../support/counted-env.ts";
import { commit, createRepository } from "../../support/github-control.ts";
import { buildsOf, ended, github, migrate, push, told } from "./river.ts";

beforeAll(migrate);

/** docs/architecture.md §6: what a build of one job with one step may cost its user. */
const BUDGET = { d1RowsWritten: 25, r2ClassA: 8, queueMessages: 6 };

const WORKFLOW = `name: CI
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: echo one step
`;

describe("a build of one job with one step", () => {
  it("costs no more than its budget", async ({ task }) => {
    const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": WORKFLOW });
    // A repository's first build also writes down the repository itself.
    await ended((await buildsOf(await push(repository)))[0] ?? "");
    const { sha } = await commit(github, repository, { files: { "changed.txt": "yes\n" } });
    const before = { ...operations };
    const build = await ended((await buildsOf(await push(repository, { after: sha })))[0] ?? "");
    const spent = {
      d1RowsWritten: operations.d1RowsWritten - before.d1RowsWritten,
      r2ClassA: operations.r2ClassA - before.r2ClassA,
      r2ClassB: operations.r2ClassB - before.r2ClassB,
      queueMessages: operations.queueMessages - before.queueMessages,
    };
    // `npm run bench` reads it from the reporter.
    Object.assign(task.meta, { spent, budget: BUDGET });
    expect(build).toMatchObject({ status: "completed", conclusion: "success" });
    expect((await told(repository, sha)).at(-1)).toMatch(/: success 1 job passed in /);
    for (const counted of Object.values(spent)) expect(counted).toBeGreaterThan(0);
    expect(spent.d1RowsWritten).toBeLessThanOrEqual(BUDGET.d1RowsWritten);
    expect(spent.r2ClassA).toBeLessThanOrEqual(BUDGET.r2ClassA);
    expect(spent.queueMessages).toBeLessThanOrEqual(BUDGET.queueMessages);
  });
});
