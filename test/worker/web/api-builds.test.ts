import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { ApiProblem, BuildSummary, BuildView, DeliveryView, JobView, Page } from "../../../src/model/api.ts";
import { asDeliveryId } from "../../../src/model/ids.ts";
import { changeAttempt } from "../../../src/store/attempts.ts";
import { changeBuild, reopenBuild } from "../../../src/store/builds.ts";
import { recordDelivery, settleDelivery } from "../../../src/store/deliveries.ts";
import { changeJob, reopenJob } from "../../../src/store/jobs.ts";
import { app } from "../../../src/web/app.ts";
import { api, migrate, NO_BUILD, seedAttempt, seedBuild, seedJob, seedRepository, seedStep } from "./support.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
});

describe("the API's door", () => {
  const get = (token: string | null, configured: string | undefined): Promise<Response> =>
    Promise.resolve(
      app.fetch(
        new Request("https://sandlot.example/api/builds", {
          headers: token === null ? {} : { authorization: token },
        }),
        { ...env, SANDLOT_API_TOKEN: configured },
      ),
    );

  it("opens to the token alone", async () => {
    expect((await get("Bearer sesame", "sesame")).status).toBe(200);
    expect((await get("bearer sesame", "sesame")).status).toBe(200);
    for (const token of [null, "", "Bearer", "Bearer ", "Bearer sesam", "Bearer sesame x", "Basic sesame", "sesame"]) {
      expect([token, (await get(token, "sesame")).status]).toEqual([token, 401]);
    }
  });

  it("stays closed where no token is configured", async () => {
    for (const configured of ["", undefined]) {
      for (const token of [null, "Bearer ", "Bearer undefined", "Bearer null"]) {
        const answer = await get(token, configured);
        expect(answer.status).toBe(401);
        expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
      }
    }
  });

  it("tells nobody without the token what is behind it", async () => {
    const path = "https://sandlot.example/api/nothing/here";
    expect((await exports.default.fetch(path)).status).toBe(401);
    expect((await exports.default.fetch(path, { method: "DELETE" })).status).toBe(401);
  });

  it("answers what is not there with 404 and what is not done with 405, as problems", async () => {
    const missing = await api("/nothing/here");
    expect(missing.status).toBe(404);
    expect(missing.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    expect(await missing.json<ApiProblem>()).toMatchObject({ type: "about:blank", title: "Not Found", status: 404 });
    const wrong = await api("/builds", { method: "DELETE" });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("GET, HEAD");
    expect((await api("/builds", { method: "HEAD" })).status).toBe(200);
  });
});

describe("a list of builds", () => {
  it("comes in pages that neither repeat nor lose one, also where many were made at one time", async () => {
    await seedRepository(2, "pages");
    await seedRepository(3, "pages-too");
    const made = new Set<string>();
    for (let n = 0; n < 7; n += 1) made.add((await seedBuild({ repositoryId: 2, createdAt: 9e12 })).id);
    for (let n = 0; n < 3; n += 1) made.add((await seedBuild({ repositoryId: 3, createdAt: 9e12 + n })).id);
    const first = await readPages("/repositories/ACME/pages/builds?limit=3");
    expect(first).toHaveLength(7);
    expect(new Set(first.map(({ id }) => id)).size).toBe(7);
    const all = (await readPages("/builds?limit=4")).slice(0, 10);
    expect(new Set(all.map(({ id }) => id))).toEqual(made);
    expect(all.map(({ createdAt }) => createdAt)).toEqual(
      all.map((build) => build.createdAt).toSorted((a, b) => b - a),
    );
    expect(all[0]?.repository).toBe("acme/pages-too");
  });

  async function readPages(path: string): Promise<BuildSummary[]> {
    const items: BuildSummary[] = [];
    for (let after = ""; ;) {
      const page = await (await api(path + after)).json<Page<BuildSummary>>();
      items.push(...page.items);
      if (page.next === null) return items;
      after = `&after=${page.next}`;
    }
  }

  it("is narrowed by ref, status and event", async () => {
    await seedRepository(4, "narrow");
    const build = await seedBuild({ repositoryId: 4, ref: "refs/tags/v1", event: "push" });
    await seedBuild({ repositoryId: 4, state: { status: "queued", detail: null }, event: "workflow_dispatch" });
    const ids = async (query: string): Promise<string[]> => {
      const page = await (await api(`/repositories/acme/narrow/builds?${query}`)).json<Page<BuildSummary>>();
      return page.items.map(({ id }) => id);
    };
    expect(await ids("ref=refs/tags/v1")).toEqual([build.id]);
    expect(await ids("ref=main&status=in_progress")).toEqual([]);
    expect(await ids("ref=main&status=queued&event=workflow_dispatch")).toHaveLength(1);
    expect(await ids("event=push")).toEqual([build.id]);
  });

  it("refuses what it cannot read, by name", async () => {
    for (const query of ["limit=0", "limit=101", "limit=x", "status=done", "after=%27%20OR%201", "after=9"]) {
      const answer = await api(`/builds?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
      expect((await answer.json<ApiProblem>()).detail).toContain(query.split("=")[0]);
    }
    expect((await api("/repositories/acme/unknown/builds")).status).toBe(404);
  });
});

describe("a build", () => {
  it("shows jobs, steps, caches and annotations of its attempt", async () => {
    const build = await seedBuild({ title: "<b>bold</b>", startedAt: 2000 });
    const job = await seedJob(build.id, "test (node 24)");
    const { id: attemptId } = await seedAttempt(job);
    const annotation = { level: "error", message: "no", title: null, file: "a.ts", line: 3 } as const;
    await seedStep({
      attemptId,
      number: 1,
      name: "Install",
      logFrom: 0,
      notes: {
        cache: { key: "npm-1", matchedKey: null, saved: true, bytes: 10 },
        annotations: [{ ...annotation, endLine: null, column: null, endColumn: null }],
      },
      state: {
        status: "completed",
        outcome: "failure",
        conclusion: "success",
        exitCode: 3,
        reason: "step_failed",
        detail: "exit code 3",
        completedAt: 2500,
      },
    });
    await seedStep({ attemptId, number: 2, name: "Test", logFrom: 120 });
    const view = await (await api(`/builds/${build.id}`)).json<BuildView>();
    expect(view).toMatchObject({
      id: build.id,
      url: `https://sandlot.example/api/builds/${build.id}`,
      repository: "acme/app",
      title: "<b>bold</b>",
      actor: "octocat",
      status: "in_progress",
      conclusion: null,
      startedAt: 2000,
      artifacts: [],
      problems: [],
    });
    expect(view.jobs).toHaveLength(1);
    expect(view.jobs[0]).toMatchObject({
      id: job.id,
      key: "test (node 24)",
      attempt: 1,
      status: "in_progress",
      caches: [{ step: 1, key: "npm-1", saved: true }],
      annotations: [{ step: 1, level: "error", file: "a.ts", line: 3 }],
      attempts: [],
    });
    expect(view.jobs[0]?.steps).toMatchObject([
      { number: 1, status: "completed", outcome: "failure", conclusion: "success", exitCode: 3 },
      { number: 2, status: "in_progress", conclusion: null, logFrom: 120 },
    ]);
    const alone = await api(`/builds/${build.id}/jobs/${job.id}`);
    expect(await alone.json<JobView>()).toEqual(view.jobs[0]);
  });

  it("says whose fault it was", async () => {
    const build = await seedBuild();
    const detail = "The sandbox was lost";
    await changeBuild(env.DB, build, {
      to: "completed",
      conclusion: "failure",
      reason: "runner_lost",
      detail,
      at: 9000,
    }).run();
    const view = await (await api(`/builds/${build.id}`)).json<BuildView>();
    expect(view).toMatchObject({ conclusion: "failure", reason: "runner_lost", fault: "sandlot", detail });
    expect(view.completedAt).toBe(9000);
  });

  it("keeps its earlier run attempts readable after a rerun", async () => {
    const build = await seedBuild();
    const failed = await seedJob(build.id, "test");
    const fine = await seedJob(build.id, "lint", { position: 1 });
    const late = await seedJob(build.id, "deploy", { position: 2 });
    const end = { to: "completed", detail: null, at: 5000 } as const;
    for (const [job, conclusion] of [
      [failed, "failure"],
      [fine, "success"],
    ] as const) {
      const { id, attempt } = await seedAttempt(job);
      const reason = conclusion === "failure" ? "step_failed" : null;
      const change = { ...end, conclusion, reason } as const;
      await env.DB.batch([changeAttempt(env.DB, id, change), changeJob(env.DB, { id: job.id, attempt }, change)]);
    }
    const skipped = { ...end, conclusion: "skipped", reason: "needs_failed" } as const;
    await changeJob(env.DB, late, skipped).run();
    await changeBuild(env.DB, build, { ...end, conclusion: "failure", reason: "step_failed" }).run();
    await env.DB.batch([reopenBuild(env.DB, build, 2, []), reopenJob(env.DB, failed, 2), reopenJob(env.DB, late, 2)]);
    const now = await (await api(`/builds/${build.id}`)).json<BuildView>();
    expect(now).toMatchObject({ runAttempt: 2, status: "queued", conclusion: null });
    expect(now.jobs.map(({ status, attempts }) => [status, attempts.length])).toEqual([
      ["waiting", 1],
      ["completed", 0],
      ["waiting", 0],
    ]);
    const before = await (await api(`/builds/${build.id}?run_attempt=1`)).json<BuildView>();
    expect(before).toMatchObject({ runAttempt: 1, status: "completed", conclusion: "failure", completedAt: 5000 });
    expect(before.jobs.map(({ conclusion }) => conclusion)).toEqual(["failure", "success", "skipped"]);
    expect((await api(`/builds/${build.id}?run_attempt=3`)).status).toBe(404);
    expect((await api(`/builds/${build.id}?run_attempt=0`)).status).toBe(400);
  });

  it("that is not there is 404, and so is another build's job", async () => {
    const build = await seedBuild();
    const other = await seedJob((await seedBuild()).id, "test");
    expect((await api(`/builds/${NO_BUILD}`)).status).toBe(404);
    expect((await api("/builds/%2e%2e%2f")).status).toBe(404);
    expect((await api(`/builds/${build.id}/jobs/${other.id}`)).status).toBe(404);
  });
});

it("a delivery says what came of it", async () => {
  const id = asDeliveryId("rerun-x-2");
  const delivery = { kind: "rerun", event: null, action: null, repositoryId: null, buildId: null } as const;
  await recordDelivery({ db: env.DB, blobs: env.STORE }, { ...delivery, id, receivedAt: 5 }, "{}");
  const view = async (): Promise<DeliveryView> => await (await api(`/deliveries/${id}`)).json<DeliveryView>();
  expect(await view()).toMatchObject({ id, kind: "rerun", status: "recorded", summary: null, workflows: [] });
  const workflows = [{ path: "ci.yml", buildId: null, why: "does not name push" }];
  await settleDelivery(env.DB, id, { status: "done", doneAt: 6, outcome: { summary: "nothing", workflows } }).run();
  expect(await view()).toMatchObject({ status: "done", summary: "nothing", workflows });
  expect((await api("/deliveries/none")).status).toBe(404);
});

it("the repositories are listed", async () => {
  const page = await (await api("/repositories")).json<Page<unknown>>();
  expect(page.items).toContainEqual({ id: 1, owner: "acme", name: "app", defaultBranch: "main", private: false });
});
