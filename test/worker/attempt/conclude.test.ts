import { describe, expect, it } from "vitest";
import { concludeJob, isHarmless } from "../../../src/attempt/finish.ts";
import type { Cancel, StepEnd } from "../../../src/attempt/step/end.ts";
import { failedAndDependent } from "../../../src/intake/rerun-build.ts";
import type { Job } from "../../../src/model/job.ts";
import type { Conclusion } from "../../../src/model/status.ts";

const end = (given: Partial<StepEnd>): StepEnd => ({
  number: 1,
  id: null,
  name: "Test",
  outcome: "success",
  conclusion: "success",
  exitCode: 0,
  reason: null,
  detail: null,
  ran: true,
  ...given,
});
const failed = end({ outcome: "failure", conclusion: "failure", exitCode: 2, reason: "step_failed", detail: "exit" });

describe("a job", () => {
  it("succeeds where no step failed, an allowed failure included", () => {
    expect(concludeJob([end({}), end({ outcome: "failure" })], null)).toEqual({
      conclusion: "success",
      reason: null,
      detail: null,
    });
  });

  it("fails by the first step that did, and says which", () => {
    expect(concludeJob([end({}), failed, end({ ...failed, name: "Later" })], null)).toEqual({
      conclusion: "failure",
      reason: "step_failed",
      detail: '"Test" failed with exit code 2',
    });
  });

  it("that was cancelled is cancelled whatever failed, and one out of time is timed out", () => {
    const cancel: Cancel = { reason: "cancelled_by_user", detail: "Cancelled by ada", at: 1 };
    expect(concludeJob([failed], cancel).conclusion).toBe("cancelled");
    expect(concludeJob([failed], { ...cancel, reason: "job_timed_out" }).conclusion).toBe("timed_out");
  });

  it("is started again by itself only where it names no secret and may write nothing", () => {
    const facts = (step: object, permissions: object | null = null) =>
      ({
        build: { workflow: { env: {}, permissions: null } },
        job: {
          plan: {
            definition: {
              env: {},
              permissions,
              outputs: {},
              defaults: { shell: null, workingDirectory: null },
              steps: [{ kind: "run", run: "true", env: {}, ...step }],
            },
          },
        },
      }) as unknown as Parameters<typeof isHarmless>[0];
    const secret = { expression: "secrets.TOKEN", line: 1, column: 1 };
    const token = { expression: "github.token", line: 1, column: 1 };
    expect(isHarmless(facts({}))).toBe(true);
    expect(isHarmless(facts({ env: { A: secret } }))).toBe(false);
    expect(isHarmless(facts({ run: token }))).toBe(false);
    expect(isHarmless(facts({}, { contents: "write" }))).toBe(false);
    expect(isHarmless(facts({}, { contents: "read" }))).toBe(true);
  });
});

describe("a rerun of what failed", () => {
  const job = (id: string, needs: string[], conclusion: Conclusion, leg = ""): Job =>
    ({
      id: `${id}${leg}`,
      plan: { key: `${id}${leg}`, definition: { id, needs } },
      state: { status: "completed", conclusion, reason: null, detail: null, completedAt: 1 },
    }) as unknown as Job;

  it("takes the failed legs and everything that needs their job, and leaves the rest", () => {
    const jobs = [
      job("lint", [], "success"),
      job("test", [], "success", "-1"),
      job("test", [], "failure", "-2"),
      job("pack", ["test"], "skipped"),
      job("ship", ["pack", "lint"], "skipped"),
      job("docs", ["lint"], "skipped"),
    ];
    expect(failedAndDependent(jobs).map((one) => one.id)).toEqual(["test-2", "pack", "ship"]);
  });
});
