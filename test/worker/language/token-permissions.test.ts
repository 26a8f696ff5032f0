import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { needsGrant, planToken } from "../../../src/language/token-permissions.ts";
import type { Permissions } from "../../../src/model/workflow.ts";

const ALL: Permissions = { contents: "write", issues: "write", checks: "write", statuses: "write", actions: "write" };
const plan = (job: Permissions | null, granted: Permissions | null = ALL, workflow: Permissions | null = null) =>
  planToken({ workflow, job, granted, fork: false });

describe("a token's permissions", () => {
  it("are the job's, else the workflow's, else to read contents", () => {
    expect(plan(null).permissions).toEqual({ contents: "read" });
    expect(plan(null, ALL, { issues: "write" }).permissions).toEqual({ issues: "write" });
    expect(plan({ issues: "read" }, ALL, { contents: "write" }).permissions).toEqual({ issues: "read" });
    expect(plan({}, ALL, { contents: "write" }).permissions).toEqual({});
    expect(plan({ contents: "none" }).permissions).toEqual({});
  });

  it("lack what the App was not granted, and say so by name", () => {
    expect(plan({ contents: "write", issues: "read" }, { contents: "read" })).toEqual({
      permissions: { contents: "read" },
      lacking: [
        { name: "contents", level: "write" },
        { name: "issues", level: "read" },
      ],
      withheld: [],
    });
  });

  it("never name what no App can have", () => {
    expect(plan({ contents: "read", "id-token": "write", models: "read" })).toEqual({
      permissions: { contents: "read" },
      lacking: [],
      withheld: ["id-token: write", "models: read"],
    });
  });

  it("are none for a fork, and never to write statuses, checks or actions, whatever is asked and granted", () => {
    const level = fc.constantFrom("read", "write", "none");
    const scopes = fc.dictionary(fc.constantFrom(...Object.keys(ALL), "id-token"), level) as fc.Arbitrary<Permissions>;
    fc.assert(
      fc.property(scopes, fc.option(scopes), (job, granted) => {
        const { permissions } = plan(job, granted);
        for (const [name, given] of Object.entries(permissions)) {
          expect(given === "write" && ["statuses", "checks", "actions"].includes(name)).toBe(false);
          expect([job[name], "write"]).toContain(job[name] === "read" ? given : "write");
          if (granted !== null) expect([granted[name], "write"]).toContain(granted[name] === "read" ? given : "write");
        }
        expect(planToken({ workflow: null, job, granted, fork: true }).permissions).toEqual({});
      }),
    );
  });

  it("are asked of GitHub only where more than reading contents is wanted", () => {
    expect(needsGrant(null, null)).toBe(false);
    expect(needsGrant({ contents: "read", issues: "none" }, null)).toBe(false);
    expect(needsGrant({ contents: "read" }, { contents: "write" })).toBe(true);
    expect(needsGrant(null, { "pull-requests": "read" })).toBe(true);
  });
});
