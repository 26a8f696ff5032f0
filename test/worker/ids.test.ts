import { describe, expect, it } from "vitest";
import { attemptId, buildId, jobId, parseDeliveryId, sandboxId } from "../../src/model/ids.ts";

const delivery = parseDeliveryId("72d3162e-cc78-11e3-81ab-4c9367dc0958")!;

describe("ids", () => {
  it("are the same for the same delivery and differ for another workflow", () => {
    expect(buildId(delivery, "a.yml")).toBe(buildId(delivery, "a.yml"));
    expect(buildId(delivery, "a.yml")).not.toBe(buildId(delivery, "b.yml"));
  });

  it("of sandboxes fit the SDK's rules, whatever the repository is called", () => {
    const attempt = attemptId(jobId(buildId(delivery, "a.yml"), "test (node 24)"), 1);
    for (const name of ["app", "-", "www", "A.Very_Long.Repository-Name-Indeed", "ünï"]) {
      expect(sandboxId(name, "0123456789abcdef0123456789abcdef01234567", attempt)).toMatch(
        /^build-[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
      );
      expect(sandboxId(name, "0123456789abcdef0123456789abcdef01234567", attempt).length).toBeLessThanOrEqual(63);
    }
  });

  it("of runner instances fit Cloudflare Workflows' rule", () => {
    expect(attemptId(jobId(buildId(delivery, "a.yml"), "x"), 12)).toMatch(/^[a-zA-Z0-9_][a-zA-Z0-9-_]{0,99}$/);
  });
});
