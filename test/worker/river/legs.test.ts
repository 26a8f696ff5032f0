import { beforeAll, describe, expect, it } from "vitest";
import { conditions } from "../../support/conditions.ts";
import { createRepository } from "../../support/github-control.ts";
import { buildsOf, ended, github, migrate, push, told } from "./river.ts";

beforeAll(async () => {
  await migrate();
  // 255 legs ask for a system that there is no sandbox for: a machine for each would take the test's whole time.
  conditions.unsupportedRunners = "skip";
});

const matrix = (rows: number): string => `name: CI
on: push
jobs:
  leg:
    strategy: { matrix: { a: [${list(rows)}], b: [${list(16)}] } }
    runs-on: \${{ matrix.a == 3 && matrix.b == 5 && 'ubuntu-latest' || 'windows-latest' }}
    steps: [{ run: 'test "\${{ strategy.job-total }} \${{ strategy.job-index }}" = "256 36"' }]
`;

function list(length: number): string {
  return Array.from({ length }, (_, n) => n + 1).join(", ");
}

describe("a matrix", () => {
  it("of 256 legs is planned, looked at and concluded", async () => {
    const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": matrix(16) });
    const view = await ended((await buildsOf(await push(repository)))[0]!);
    expect(view.jobs.length).toBe(256);
    expect(view.jobs.map((job) => job.name).slice(15, 18)).toEqual(["leg (1, 16)", "leg (2, 1)", "leg (2, 2)"]);
    expect(view.conclusion).toBe("success");
    expect((await told(repository)).at(-1)).toMatch(/: success 1 job passed in .*, 255 jobs not run$/);
  });

  it("of more is a problem of the file", async () => {
    const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": matrix(17) });
    const view = await ended((await buildsOf(await push(repository)))[0]!);
    expect(view).toMatchObject({ conclusion: "failure", reason: "workflow_invalid" });
    expect(view.problems[0]?.message).toContain("272 jobs, GitHub's limit is 256");
  });
});
