import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Accepted, ApiProblem } from "../../../src/model/api.ts";
import type { Build } from "../../../src/model/build.ts";
import { asDeliveryId } from "../../../src/model/ids.ts";
import { MAX_REQUEST_BYTES } from "../../../src/model/limits.ts";
import { requestCancel } from "../../../src/store/builds.ts";
import { readDeliveryBody } from "../../../src/store/deliveries.ts";
import { app } from "../../../src/web/app.ts";
import { deliveries, migrate, NO_BUILD, seedBuild, seedJob, seedRepository } from "./support.ts";

/** What was enqueued. Nobody consumes it, so that what a request finds does not depend on who was faster. */
const sent: unknown[] = [];
const DELIVERIES = { send: (message: unknown) => Promise.resolve(sent.push(message)) } as unknown as Env["DELIVERIES"];

const api = async (path: string, init: RequestInit = {}): Promise<Response> =>
  await app.fetch(
    new Request(`https://sandlot.example/api${path}`, {
      ...init,
      headers: { authorization: `Bearer ${env.SANDLOT_API_TOKEN}` },
    }),
    { ...env, DELIVERIES },
  );

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
});

const ended = (conclusion: "failure" | "success") =>
  ({ status: "completed", conclusion, reason: null, detail: null, completedAt: 9 }) as const;

async function seedEnded(conclusion: "failure" | "success" = "failure"): Promise<Build> {
  const build = await seedBuild({ state: ended(conclusion) });
  await seedJob(build.id, "test", { state: ended(conclusion) });
  return build;
}

const send = (path: string, body?: unknown): Promise<Response> =>
  api(path, { method: "POST", ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

async function detail(answer: Response): Promise<string> {
  return (await answer.json<ApiProblem>()).detail;
}

describe("rerun", () => {
  it("records one delivery however often it is clicked, and says where to look", async () => {
    const build = await seedEnded();
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(`/builds/${build.id}/rerun`)));
    const id = `rerun-${build.id}-2`;
    for (const answer of answers) {
      expect(answer.status).toBe(202);
      expect(answer.headers.get("location")).toBe(`https://sandlot.example/api/deliveries/${id}`);
      expect((await answer.json<Accepted>()).deliveryId).toBe(id);
    }
    expect(sent).toEqual([{ deliveryId: id }]);
    expect(await deliveries(id)).toMatchObject([{ kind: "rerun", build_id: build.id, repository_id: 1 }]);
    const body = { kind: "rerun", buildId: build.id, runAttempt: 2, jobs: "all", actor: "api" };
    expect(await readDeliveryBody(env.STORE, asDeliveryId(id))).toEqual(body);
  });

  it("of the failed jobs says so", async () => {
    const build = await seedEnded();
    expect((await send(`/builds/${build.id}/rerun`, { jobs: "failed" })).status).toBe(202);
    expect(await readDeliveryBody(env.STORE, asDeliveryId(`rerun-${build.id}-2`))).toMatchObject({ jobs: "failed" });
  });

  it("is refused while the build runs, and where there is nothing to run again", async () => {
    const running = await seedBuild();
    expect((await send(`/builds/${running.id}/rerun`)).status).toBe(409);
    const fine = await seedEnded("success");
    const refused = await send(`/builds/${fine.id}/rerun`, { jobs: "failed" });
    expect([refused.status, await detail(refused)]).toEqual([409, "No job of this build failed."]);
    expect((await send(`/builds/${fine.id}/rerun`)).status).toBe(202);
    const broken = await seedBuild({ state: ended("failure") });
    expect((await send(`/builds/${broken.id}/rerun`)).status).toBe(409);
    expect((await send(`/builds/${NO_BUILD}/rerun`)).status).toBe(404);
    expect((await api(`/builds/${fine.id}/rerun`)).headers.get("allow")).toBe("POST");
  });

  it("refuses fields that it does not know, by name, and bodies that are none", async () => {
    const build = await seedEnded();
    const unknown = await send(`/builds/${build.id}/rerun`, { job: "failed" });
    expect([unknown.status, await detail(unknown)]).toEqual([400, expect.stringContaining('"job"')]);
    const wrong = await send(`/builds/${build.id}/rerun`, { jobs: "some" });
    expect([wrong.status, await detail(wrong)]).toEqual([400, expect.stringMatching(/^jobs: /)]);
    for (const body of ["{", "[]", "7", "null", new Uint8Array([0xff])]) {
      const answer = await api(`/builds/${build.id}/rerun`, { method: "POST", body });
      expect([body, answer.status]).toEqual([body, 400]);
    }
    const long = await api(`/builds/${build.id}/rerun`, { method: "POST", body: " ".repeat(MAX_REQUEST_BYTES + 1) });
    expect(long.status).toBe(413);
  });
});

describe("cancel", () => {
  it("asks first and forces when it was carried out and is said again", async () => {
    const build = await seedBuild();
    expect((await send(`/builds/${build.id}/cancel`)).status).toBe(202);
    const again = await send(`/builds/${build.id}/cancel`);
    expect((await again.json<Accepted>()).deliveryId).toBe(`cancel-${build.id}-1-1`);
    await requestCancel(env.DB, build, "api", 5).run();
    const second = await send(`/builds/${build.id}/cancel`, {});
    expect((await second.json<Accepted>()).deliveryId).toBe(`cancel-${build.id}-1-2`);
    const body = { kind: "cancel", buildId: build.id, runAttempt: 1, actor: "api" };
    expect(await readDeliveryBody(env.STORE, asDeliveryId(`cancel-${build.id}-1-2`))).toEqual(body);
  });

  it("is refused for a build that has ended and one that is not there", async () => {
    expect((await send(`/builds/${(await seedEnded()).id}/cancel`)).status).toBe(409);
    expect((await send(`/builds/${NO_BUILD}/cancel`)).status).toBe(404);
    expect((await send(`/builds/${(await seedBuild()).id}/cancel`, { force: true })).status).toBe(400);
  });
});

describe("dispatch", () => {
  it("is a delivery of its own each time, also for a repository that is not known yet", async () => {
    const request = { workflow: "release.yml", inputs: { level: "major", dry: "true" } };
    const first = await (await send("/repositories/new-owner/new.repo/dispatch", request)).json<Accepted>();
    const second = await (await send("/repositories/new-owner/new.repo/dispatch", request)).json<Accepted>();
    expect(first.deliveryId).toMatch(/^dispatch-/);
    expect(second.deliveryId).not.toBe(first.deliveryId);
    expect(await deliveries(first.deliveryId)).toMatchObject([{ kind: "dispatch", event: "workflow_dispatch" }]);
    expect(await readDeliveryBody(env.STORE, asDeliveryId(first.deliveryId))).toEqual({
      kind: "dispatch",
      owner: "new-owner",
      repo: "new.repo",
      workflow: "release.yml",
      ref: "",
      inputs: { level: "major", dry: "true" },
      actor: "api",
    });
  });

  it("refuses what it cannot mean", async () => {
    const many = Object.fromEntries(Array.from({ length: 26 }, (_, n) => [`i${n}`, "x"]));
    for (const body of [
      {},
      { workflow: "" },
      { workflow: 7 },
      { workflow: "a.yml", inputs: { level: 1 } },
      { workflow: "a.yml", inputs: many },
      { workflow: "a.yml", sha: "x" },
    ]) {
      const answer = await send("/repositories/acme/app/dispatch", body);
      expect([body, answer.status]).toEqual([body, 400]);
    }
    for (const path of ["acme/a%2Fb", "a%20b/c", "acme/x%00", "acme/%F0%9F%92%A9"]) {
      expect([path, (await send(`/repositories/${path}/dispatch`, { workflow: "a.yml" })).status]).toEqual([path, 404]);
    }
  });
});
