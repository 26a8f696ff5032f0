/** How Sandlot does, and what of its set-up is wrong, as whoever keeps it reads it. */

import { env, exports } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import type { Check, HealthView, SetupView } from "../../../src/model/health.ts";
import { addFault, createRepository, setHook } from "../../support/github-control.ts";
import { api, buildsOf, closed, ended, github, migrate, push, until } from "../river/river.ts";

beforeAll(migrate);

const CI = "name: CI\non: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }\n";

it("says that nothing waits, and when the last webhook came", async () => {
  const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": CI });
  await addFault(github, {
    on: "repos/create-commit-status",
    repository: repository.fullName,
    answers: [
      {
        status: 500,
        headers: { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "12", "x-ratelimit-reset": "4000000000" },
        body: "{}",
      },
    ],
  });
  await ended((await buildsOf(await push(repository)))[0] ?? "");
  await closed();
  const health = await api<HealthView>("/health");
  expect(health).toMatchObject({
    queue: { deliveries: 0, builds: 0, jobs: 0, oldestWaitingMs: null },
    attempts: { live: 0, stale: 0 },
    failingReports: 0,
  });
  expect(health.lastDeliveryAt).toBeGreaterThan(0);
});

it("says what waits, what nobody watches, and what GitHub was not told", async () => {
  const old = Date.now() - 3_600_000;
  await env.DB.batch([
    env.DB.prepare(
      "INSERT INTO attempts (id, job_id, build_id, repository_id, attempt, run_attempt, sandbox_id, sandbox_size, created_at, status) VALUES ('x', 'x', 'x', 0, 1, 1, 'x', 'standard', ?, 'queued')",
    ).bind(old),
    env.DB.prepare("UPDATE builds SET settled = 0, completed_at = ?").bind(old),
    env.DB.prepare("INSERT INTO marks (name, value, at) VALUES ('github.limit', ?, 1)").bind(
      JSON.stringify({ limit: 5000, remaining: 12, resetAt: 4_000_000_000_000 }),
    ),
  ]);
  const health = await api<HealthView>("/health");
  expect(health).toMatchObject({
    ok: false,
    failingReports: 1,
    attempts: { live: 1, stale: 1 },
    rateLimit: { remaining: 12, seenAt: 1 },
  });
  expect(health.problems.join("\n")).toMatch(/watched by nobody[^]*not told[^]*12 more times/);
  await env.DB.batch([
    env.DB.prepare("DELETE FROM attempts WHERE id = 'x'"),
    env.DB.prepare("UPDATE builds SET settled = 1"),
    env.DB.prepare("DELETE FROM marks WHERE name = 'github.limit'"),
  ]);
});

it("is for whoever has the right to administer alone", async () => {
  for (const path of ["/health", "/health/setup"])
    expect((await exports.default.fetch(`https://sandlot.test/api${path}`)).status).toBe(401);
});

const find = (checks: Check[], name: string) => checks.filter((check) => check.name === name);

it("looks at the App with GitHub's own words: where its webhooks go, what it may, what was not taken", async () => {
  const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": CI });
  const publicUrl = env.PUBLIC_URL || "https://sandlot.test";
  await setHook(github, {
    url: `${publicUrl}/webhooks/github`,
    sent: [
      { id: 1, guid: "a", event: "push", at: Date.now() - 1000, statusCode: 202 },
      { id: 2, guid: "b", event: "push", at: Date.now() - 2000, statusCode: 401 },
    ],
  });
  const { checks } = await until(
    () => api<SetupView>("/health/setup"),
    () => true,
    "the checks",
  );
  expect(
    checks.filter((check) => check.name === "webhook"),
    JSON.stringify(checks),
  ).toMatchObject([{ state: "good" }]);
  expect(find(checks, "GitHub App")[0]?.says).toContain(github.appSlug);
  expect(find(checks, "deliveries")[0]).toMatchObject({
    state: "warning",
    says: expect.stringContaining("401") as string,
  });
  expect(find(checks, "events").map((check) => check.says)).toEqual([
    "merge_group is not subscribed to",
    "release is not subscribed to",
  ]);
  expect(find(checks, "clock")[0]).toMatchObject({ state: "good" });
  await setHook(github, { url: "https://elsewhere.example/hook", sent: [] });
  const again = await api<SetupView>("/health/setup");
  expect(find(again.checks, "webhook")[0]).toMatchObject({
    state: "bad",
    mend: expect.stringContaining("set the webhook") as string,
  });
  expect(repository.id).toBeGreaterThan(0);
});

it("says so where GitHub cannot be asked", async () => {
  await addFault(github, { on: "apps/get-authenticated", answers: [{ status: 503, body: "{}" }] });
  const { checks } = await api<SetupView>("/health/setup");
  expect(find(checks, "GitHub App")[0]).toMatchObject({ state: "bad" });
});
