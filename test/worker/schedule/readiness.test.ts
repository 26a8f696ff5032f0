import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/model/job.ts";
import { contextsIn } from "../../../src/schedule/job-contexts.ts";
import { decideJob, isBusy } from "../../../src/schedule/readiness.ts";
import type { JobDecision } from "../../../src/schedule/readiness.ts";
import { conditionOf, strategyOf } from "../../../src/schedule/strategy.ts";
import { as, jobNamed, jobsOf } from "./jobs.ts";

const job = (name: string, keys: string[] = []): string =>
  [
    `  ${name}:`,
    "    runs-on: ubuntu-latest",
    ...keys.map((key) => `    ${key}`),
    "    steps: [{ run: echo }]",
    "",
  ].join("\n");

function decide(jobs: readonly Job[], key: string, cancelled: { by: string } | null = null): JobDecision {
  const contextsOf = contextsIn({ jobs, github: { ref: "refs/heads/main" }, vars: {}, inputs: {} });
  return decideJob({
    job: jobNamed(jobs, key),
    jobs,
    cancelled,
    condition: ({ plan }, functions) => conditionOf({ plan }, contextsOf(plan), functions),
    strategy: ({ plan }) => strategyOf({ plan }, contextsOf(plan)),
  });
}

describe("a job that needs another", () => {
  it("waits for it, and says for whom", async () => {
    const jobs = await jobsOf(job("a") + job("b") + job("c", ["needs: [a, b]"]));
    expect(decide(jobs, "c")).toEqual({ do: "wait", detail: "Waiting for a, b" });
    expect(decide(as(jobs, { a: "success", b: "running" }), "c")).toEqual({ do: "wait", detail: "Waiting for b" });
    expect(decide(as(jobs, { a: "success", b: "success" }), "c")).toEqual({ do: "start" });
  });

  /** GitHub's rules of `if`, a row for each condition: which results of the needed job let it start. */
  const TABLE = [
    ["", { success: true, failure: false, cancelled: false, skipped: false, timed_out: false, neutral: true }],
    ["success()", { success: true, failure: false, cancelled: false, skipped: false, timed_out: false, neutral: true }],
    ["always()", { success: true, failure: true, cancelled: true, skipped: true, timed_out: true, neutral: true }],
    [
      "failure()",
      { success: false, failure: true, cancelled: false, skipped: false, timed_out: false, neutral: false },
    ],
    [
      "'${{ !cancelled() }}'",
      { success: true, failure: true, cancelled: true, skipped: true, timed_out: true, neutral: true },
    ],
    [
      "cancelled()",
      { success: false, failure: false, cancelled: false, skipped: false, timed_out: false, neutral: false },
    ],
    [
      "github.ref == 'refs/heads/main'",
      { success: true, failure: false, cancelled: false, skipped: false, timed_out: false, neutral: true },
    ],
    [
      "always() && needs.a.result == 'cancelled'",
      { success: false, failure: false, cancelled: true, skipped: false, timed_out: true, neutral: false },
    ],
  ] as const;

  it.each(TABLE)("and has the condition %s starts as on GitHub", async (condition, starts) => {
    const keys = ["needs: a", ...(condition === "" ? [] : [`if: ${condition}`])];
    const jobs = await jobsOf(job("a") + job("b", keys));
    for (const [conclusion, start] of Object.entries(starts)) {
      const decision = decide(as(jobs, { a: conclusion as keyof typeof starts }), "b");
      expect([conclusion, decision.do]).toEqual([conclusion, start ? "start" : "conclude"]);
      if (decision.do === "conclude") expect(decision.conclusion).toBe("skipped");
    }
  });

  it("is told what did not succeed, and nothing that did", async () => {
    const jobs = await jobsOf(job("a") + job("b") + job("c", ["needs: [a, b]"]) + job("d", ["needs: c"]));
    const failed = as(jobs, { a: "success", b: "failure" });
    expect(decide(failed, "c")).toMatchObject({ detail: "Skipped: b did not succeed" });
    const behind = as(jobs, { a: "success", b: "failure", c: "success" });
    expect(decide(behind, "d")).toMatchObject({ detail: "Skipped: a job before c did not succeed" });
  });

  it("looks at the whole chain: a skipped or failed ancestor counts behind one that succeeded", async () => {
    const jobs = await jobsOf(
      job("a") +
        job("b", ["needs: a", "if: always()"]) +
        job("c", ["needs: b"]) +
        job("d", ["needs: b", "if: failure()"]),
    );
    const failed = as(jobs, { a: "failure", b: "success" });
    expect(decide(failed, "c")).toMatchObject({ conclusion: "skipped", reason: "needs_failed" });
    expect(decide(failed, "d")).toEqual({ do: "start" });
    const skipped = as(jobs, { a: "skipped", b: "success" });
    expect(decide(skipped, "c")).toMatchObject({ conclusion: "skipped" });
    expect(decide(skipped, "d")).toMatchObject({ conclusion: "skipped" });
  });
});

describe("a cancelled build", () => {
  it("starts only what asks for it", async () => {
    const jobs = await jobsOf(
      job("a") +
        job("b", ["if: always()"]) +
        job("c", ["if: cancelled()"]) +
        job("d", ["if: failure()"]) +
        job("e", ["if: '${{ !cancelled() }}'"]),
    );
    const by = { by: "ada" };
    expect(decide(jobs, "a", by)).toMatchObject({ conclusion: "cancelled", reason: "cancelled_by_user" });
    expect(decide(jobs, "b", by)).toEqual({ do: "start" });
    expect(decide(jobs, "c", by)).toEqual({ do: "start" });
    for (const key of ["d", "e"]) expect(decide(jobs, key, by)).toMatchObject({ conclusion: "cancelled" });
  });
});

describe("the legs of a matrix", () => {
  const legs = (strategy: string[]): Promise<Job[]> =>
    jobsOf(job("t", ["strategy:", "  matrix: { n: [1, 2, 3] }", ...strategy.map((line) => `  ${line}`)]));

  it("fail fast unless they are told otherwise, and not for an allowed failure", async () => {
    const fast = await legs([]);
    for (const bad of ["failure", "timed_out"] as const)
      expect(decide(as(fast, { "t (1)": bad }), "t (2)")).toMatchObject({
        conclusion: "cancelled",
        reason: "fail_fast",
      });
    for (const good of ["success", "neutral", "skipped"] as const)
      expect(decide(as(fast, { "t (1)": good }), "t (2)")).toEqual({ do: "start" });
    expect(decide(as(await legs(["fail-fast: false"]), { "t (1)": "failure" }), "t (2)")).toEqual({ do: "start" });
  });

  it("run side by side no more than max-parallel says", async () => {
    const jobs = await legs(["max-parallel: 1"]);
    for (const busy of ["running", "admitted"] as const)
      expect(decide(as(jobs, { "t (1)": busy }), "t (2)")).toEqual({
        do: "wait",
        detail: "Waiting for its turn: max-parallel is 1",
      });
    for (const idle of ["waiting", "queued", "success"] as const)
      expect(decide(as(jobs, { "t (1)": idle }), "t (2)")).toEqual({ do: "start" });
    const none = await legs(["max-parallel: ${{ github.nothing || 0 }}"]);
    expect(() => decide(none, "t (1)")).toThrow("max-parallel is 0: no job could start");
  });

  it("that are computed are made once their needs are done, and not where the job is skipped", async () => {
    const jobs = await jobsOf(
      job("a") + job("t", ["needs: a", "strategy: { matrix: { n: '${{ fromJSON(needs.a.outputs.n) }}' } }"]),
    );
    expect(decide(as(jobs, { a: "success" }), "t")).toEqual({ do: "expand" });
    expect(decide(as(jobs, { a: "failure" }), "t")).toMatchObject({ conclusion: "skipped" });
  });
});

describe("a job", () => {
  it("is busy from its admission to its end", async () => {
    const [one] = await jobsOf(job("a"));
    const busy = (["waiting", "queued", "admitted", "running", "success"] as const).map((state) =>
      isBusy(as([one!], { a: state })[0]!),
    );
    expect(busy).toEqual([false, false, true, true, false]);
  });
});
