import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Build } from "../../../src/model/build.ts";
import { reportContext } from "../../../src/model/build.ts";
import { asBuildId } from "../../../src/model/ids.ts";
import { projectReport } from "../../../src/model/report.ts";
import type { Conclusion, Reason } from "../../../src/model/status.ts";
import { buildOf } from "./builds.ts";

const ended = (conclusion: Conclusion, reason: Reason | null = null): Build["state"] => ({
  status: "completed",
  conclusion,
  reason,
  detail: null,
  completedAt: 9,
});
const running: Build["state"] = { status: "in_progress", detail: null };

const told = (state: Build["state"]) => projectReport([buildOf({ event: "push", state })]);

describe("what GitHub is told of one build", () => {
  /** docs/architecture.md §7 */
  const TABLE: [Conclusion, Reason | null, string][] = [
    ["success", null, "success"],
    ["neutral", null, "success"],
    ["failure", "step_failed", "failure"],
    ["failure", "workflow_invalid", "failure"],
    ["failure", "unsupported", "failure"],
    ["failure", "no_sandbox", "failure"],
    ["timed_out", "job_timed_out", "failure"],
    ["cancelled", "cancelled_by_user", "error"],
    ["cancelled", "superseded", "error"],
    ["failure", "runner_lost", "error"],
    ["failure", "out_of_capacity", "error"],
    ["failure", "internal_error", "error"],
    ["action_required", "fork_builds_off", "pending"],
    ["skipped", "condition_false", "success"],
    ["skipped", "nothing_ran", "failure"],
  ];

  it.each(TABLE)("%s (%s) is %s", (conclusion, reason, state) => {
    expect(told(ended(conclusion, reason))).toMatchObject({ state, final: true });
  });

  it("is what it waits for while it is not done", () => {
    expect(told(running)).toMatchObject({ state: "pending", description: "Running", final: false });
    expect(told({ status: "queued", detail: null })).toMatchObject({ state: "pending", description: "Queued" });
    const waiting = told({ status: "waiting", detail: "Waiting for another build of deploy" });
    expect(waiting).toMatchObject({ state: "pending", description: "Waiting for another build of deploy" });
  });

  it("is nothing where there is none", () => {
    expect(projectReport([])).toBeNull();
  });
});

const state = fc.constantFrom<Build["state"]>(
  running,
  { status: "queued", detail: null },
  { status: "waiting", detail: null },
  ended("success"),
  ended("neutral"),
  ended("failure", "step_failed"),
  ended("failure", "runner_lost"),
  ended("cancelled", "cancelled_by_user"),
  ended("skipped", "condition_false"),
  ended("skipped", "nothing_ran"),
);

const builds = fc
  .array(fc.tuple(fc.constantFrom("push", "pull_request", "merge_group"), state, fc.nat(3), fc.nat(3)), {
    minLength: 1,
    maxLength: 8,
  })
  .map((list) =>
    list.map(([event, state, createdAt, number], index) =>
      buildOf({ id: asBuildId(`build-${index}`), event, state, createdAt, number }),
    ),
  );

const shuffled = builds.chain((list) =>
  fc.record({
    list: fc.constant(list),
    other: fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
  }),
);

describe("what GitHub is told of all builds of a commit", () => {
  it("is the same in whatever order they are read", () => {
    fc.assert(
      fc.property(shuffled, ({ list, other }) => {
        expect(projectReport(other)).toEqual(projectReport(list));
      }),
    );
  });

  it("is red where the newest of an event is red, whatever else happened, and never green before all is done", () => {
    fc.assert(
      fc.property(shuffled, ({ other }) => {
        const report = projectReport(other);
        const newest = ["push", "pull_request", "merge_group"].flatMap((event) => {
          const [last] = other
            .filter((build) => build.event === event)
            .sort((a, b) => b.createdAt - a.createdAt || b.number - a.number || (a.id < b.id ? 1 : -1));
          return last === undefined ? [] : [last];
        });
        const words = newest.map((build) => projectReport([build])?.state);
        if (words.includes("failure")) expect(report?.state).toBe("failure");
        else if (words.includes("error")) expect(report?.state).toBe("error");
        else if (words.includes("pending")) expect(report?.state).toBe("pending");
        else expect(report?.state).toBe("success");
        expect(report?.final).toBe(newest.every((build) => build.state.status === "completed"));
      }),
    );
  });

  it("counts the newest of an event: a green rebuild makes good what was red", () => {
    const red = buildOf({ event: "push", state: ended("failure", "step_failed"), createdAt: 1 });
    const green = buildOf({ event: "push", state: ended("success"), createdAt: 2 });
    expect(projectReport([green, red])?.state).toBe("success");
    expect(projectReport([red, green])?.build).toBe(green);
  });
});

describe("the context of a status", () => {
  const context = (event: string, ref = "refs/heads/main") =>
    reportContext({ path: ".sandlot/workflows/ci.yml", name: "CI" }, event, ref);

  it("is the plain name only for what gates a merge", () => {
    for (const event of ["push", "pull_request", "merge_group"]) expect(context(event)).toBe("sandlot / CI");
    expect(context("push", "refs/tags/v1")).toBe("sandlot / CI (push)");
    for (const event of ["schedule", "workflow_dispatch", "release"])
      expect(context(event)).toBe(`sandlot / CI (${event})`);
  });

  it("is the file's path where the workflow has no name", () => {
    expect(reportContext({ path: "a.yml", name: null }, "push", "refs/heads/x")).toBe("sandlot / a.yml");
  });
});
