/** The tests that `test/scenarios` holds. A few at a time: a runtime that has run many builds works ever more slowly. */

import { beforeAll, describe, expect, it } from "vitest";
import { conditions } from "../../support/conditions.ts";
import { refusedCalls } from "../../support/github-control.ts";
import { github, migrate } from "./river.ts";
import { mostAtOnce, plain, readScenarios, runScenario } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";

/** Those whose names begin with a number in this range. */
export function describeScenarios(from: number, to: number): void {
  beforeAll(async () => {
    await migrate();
    conditions.twice = true;
  });

  const some = readScenarios().filter(({ name }) => from <= Number.parseInt(name) && Number.parseInt(name) <= to);
  describe("a scenario", () => {
    it.each(some)("$name", { timeout: 120_000 }, holds);
  });
}

async function holds(scenario: Scenario): Promise<void> {
  const { expected } = scenario;
  expect(expected.source).toMatch(/^https:\/\/docs\.github\.com\//);
  const outcomes = await runScenario(scenario);
  expect(outcomes.map(({ build, why }) => (build === null ? { build, why } : { build: wordsOf(build) }))).toMatchObject(
    expected.outcomes.map(({ build, why }) => (build === null ? { build, why } : { build })),
  );
  for (const [index, { statuses }] of outcomes.entries()) {
    const wanted = expected.outcomes[index]?.statuses ?? [];
    // A word may be overtaken by the next, but none comes out of turn, and there is one last word.
    expect(wanted.filter((word) => statuses.includes(word))).toEqual(statuses);
    expect(statuses.at(-1)).toBe(wanted.at(-1));
    expect(statuses.filter((word) => !word.includes(": pending ")).length).toBe(Math.min(wanted.length, 1));
  }
  if (expected.atOnce !== undefined)
    for (const { build } of outcomes) expect(build && mostAtOnce(build)).toBeLessThanOrEqual(expected.atOnce);
  expect(await refusedCalls(github)).toEqual([]);
}

function wordsOf(build: NonNullable<Awaited<ReturnType<typeof runScenario>>[number]["build"]>) {
  const { conclusion, reason, detail, jobs } = build;
  return {
    conclusion,
    reason,
    detail: plain(detail ?? ""),
    jobs: jobs.map((job) => ({
      name: job.name,
      conclusion: job.conclusion,
      reason: job.reason,
      detail: plain(job.detail ?? ""),
    })),
  };
}
