import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/model/job.ts";
import { concludeBuild } from "../../../src/schedule/conclusion.ts";
import { as, jobsOf } from "./jobs.ts";

const KEYS = ["a", "b", "c", "d"];
const jobs = await jobsOf(KEYS.map((key) => `  ${key}: { runs-on: ubuntu-latest, steps: [{ run: echo }] }\n`).join(""));
const end = (states: Parameters<typeof as>[1], some: Job[] = jobs) => concludeBuild(as(some, states), 1000, 61_000);

describe("a build", () => {
  it("ends when its last job does", () => {
    expect(end({ a: "success", b: "success", c: "success" })).toBeNull();
    expect(end({ a: "failure", b: "success", c: "success", d: "running" })).toBeNull();
    expect(concludeBuild([], 1, 2)).toMatchObject({ conclusion: "skipped", reason: "nothing_ran" });
  });

  it("that passed says what it left out", () => {
    expect(end({ a: "success", b: "success", c: "success", d: "success" })).toEqual({
      conclusion: "success",
      reason: null,
      detail: "4 jobs passed in 1m 0s",
    });
    const skipped = { conclusion: "skipped", reason: "no_sandbox" } as const;
    expect(end({ a: "success", b: "neutral", c: skipped, d: "skipped" })?.detail).toBe(
      "1 job passed in 1m 0s, 1 allowed failure, 1 job not run, 1 skipped",
    );
  });

  it("in which no job ran is no success", () => {
    const skipped = { conclusion: "skipped", reason: "no_sandbox" } as const;
    for (const all of ["skipped", skipped] as const)
      expect(end({ a: all, b: all, c: all, d: all })).toMatchObject({ conclusion: "skipped", reason: "nothing_ran" });
  });

  it("that failed names the job that broke, not one that was stopped because of it", () => {
    const ended = end({
      a: { conclusion: "cancelled", reason: "fail_fast" },
      b: { conclusion: "failure", reason: "step_failed" },
      c: { conclusion: "failure", reason: "runner_lost" },
      d: "success",
    });
    expect(ended).toEqual({ conclusion: "failure", reason: "step_failed", detail: "b: step_failed (and 1 other)" });
  });

  it("ends the same in whatever order its jobs stand", () => {
    const conclusions = fc.constantFrom("success", "failure", "cancelled", "skipped", "timed_out", "neutral");
    fc.assert(
      fc.property(fc.tuple(conclusions, conclusions, conclusions, conclusions), fc.nat(23), ([a, b, c, d], turn) => {
        const states = { a, b, c, d } as const;
        const turned = [...jobs.slice(turn % 4), ...jobs.slice(0, turn % 4)];
        const [one, other] = [end(states), end(states, turned)];
        expect(one?.conclusion).toBe(other?.conclusion);
        const all = Object.values(states);
        if (all.includes("failure")) expect(one?.conclusion).toBe("failure");
        if (one?.conclusion === "success")
          expect(all.some((word) => word === "success" || word === "neutral")).toBe(true);
      }),
    );
  });
});
