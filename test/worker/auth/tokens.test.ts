import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { ApiProblem, DeviceLogin, LoginAnswer, Page, TokenView, WhoAmI } from "../../../src/model/api.ts";
import { RIGHTS } from "../../../src/model/right.ts";
import { letPerson } from "../../support/github-control.ts";
import { migrate, seedBuild } from "../web/support.ts";
import { github, knownRepository, makeToken, signIn, visit } from "./visitors.ts";

beforeAll(migrate);

describe("a token of a machine", () => {
  it("lets in as far as its scope goes", async () => {
    const repository = await knownRepository();
    const build = await seedBuild({ repositoryId: repository.id });
    const name = repository.fullName;
    const asks: [string, string, (typeof RIGHTS)[number]][] = [
      ["GET", `/api/builds/${build.id}`, "read"],
      ["GET", `/api/repositories/${name}/caches`, "read"],
      ["GET", "/api/builds", "read"],
      ["POST", `/api/builds/${build.id}/cancel`, "act"],
      ["GET", `/api/repositories/${name}/secrets`, "act"],
      ["DELETE", `/api/repositories/${name}/caches?all=1`, "act"],
      ["DELETE", `/api/repositories/${name}/secrets/NONE`, "admin"],
      ["GET", "/api/tokens", "admin"],
      ["GET", "/api/audit", "admin"],
      ["DELETE", "/api/sessions/nobody", "admin"],
    ];
    for (const scope of RIGHTS) {
      const token = await makeToken({ name: `all-${scope}`, scope });
      const only = await makeToken({ name: `only-${scope}`, scope, repository: name });
      for (const [method, path, needed] of asks) {
        const may = RIGHTS.indexOf(scope) >= RIGHTS.indexOf(needed);
        const { status } = await visit(path, { method, token });
        expect([scope, method, path, status === 403]).toEqual([scope, method, path, !may]);
        const narrow = await visit(path, { method, token: only });
        const isOne = /builds\/|repositories/.test(path) || path === "/api/builds";
        const refused = narrow.status === 403 || (!isOne && narrow.status === 404);
        expect([scope, method, path, refused]).toEqual([scope, method, path, !may || !isOne]);
      }
    }
  });

  it("is kept as its hash, listed without itself, and ends by its time or by command", async () => {
    const token = await makeToken({ name: "ci.bot", scope: "read", expiresInDays: 1 });
    const rows = JSON.stringify((await env.DB.prepare("SELECT * FROM api_tokens").all()).results);
    expect(rows).toContain("ci.bot");
    expect(rows).not.toContain(token);
    const root = { token: env.SANDLOT_API_TOKEN };
    const list = await (await visit("/api/tokens", root)).text();
    expect(list).not.toContain(token);
    const found = (JSON.parse(list) as Page<TokenView>).items.find(({ name }) => name === "ci.bot");
    expect(found).toMatchObject({ scope: "read", repository: null, createdBy: "token" });
    const again = { method: "POST", ...root, body: JSON.stringify({ name: "ci.bot", scope: "act" }) };
    expect((await visit("/api/tokens", again)).status).toBe(409);
    await env.DB.prepare("UPDATE api_tokens SET expires_at = ? WHERE name = 'ci.bot'").bind(Date.now()).run();
    expect((await visit("/api/builds", { token })).status).toBe(401);
    const anew = await makeToken({ name: "ci.bot", scope: "act" });
    expect((await visit("/api/builds", { token: anew })).status).toBe(200);
    expect((await visit("/api/tokens/ci.bot", { method: "DELETE", ...root })).status).toBe(204);
    expect((await visit("/api/tokens/ci.bot", { method: "DELETE", ...root })).status).toBe(404);
    expect((await visit("/api/builds", { token: anew })).status).toBe(401);
    const acts = await env.DB.prepare("SELECT who, what FROM audit WHERE detail LIKE 'ci.bot%' ORDER BY id").all();
    expect(acts.results.map(({ who, what }) => `${String(who)} ${String(what)}`)).toEqual([
      "token token.create",
      "token token.create",
      "token token.revoke",
    ]);
  });

  it("has a name, a scope and a repository that are ones", async () => {
    const root = { token: env.SANDLOT_API_TOKEN, method: "POST" };
    for (const [asked, status] of [
      [{ name: "", scope: "read" }, 400],
      [{ name: "a b", scope: "read" }, 400],
      [{ name: "a", scope: "root" }, 400],
      [{ name: "a", scope: "read", expiresInDays: 0 }, 400],
      [{ name: "a", scope: "read", repository: "no" }, 400],
      [{ name: "a", scope: "read", repository: "no/body" }, 404],
      [{ name: "a", scope: "read", note: "x" }, 400],
    ] as const) {
      expect([asked, (await visit("/api/tokens", { ...root, body: JSON.stringify(asked) })).status]).toEqual([
        asked,
        status,
      ]);
    }
  });
});

describe("signing in by a device's code", () => {
  const post = async <T>(path: string, body: unknown): Promise<T> =>
    await (await visit(path, { method: "POST", body: JSON.stringify(body) })).json<T>();
  const letIn = async (started: DeviceLogin, form: Record<string, string>) => {
    const body = new URLSearchParams({ user_code: started.userCode, ...form });
    await (await fetch(started.verificationUri, { method: "POST", body })).body?.cancel();
  };

  it("gives a token of ours once the person typed it in, with that person's rights and no others", async () => {
    const repository = await knownRepository();
    await letPerson(github, repository, "dora", "push");
    const started = await post<DeviceLogin>("/api/login/device", {});
    expect(started.userCode).toMatch(/^.{4}-.{4}$/);
    const ask = { device: started.device };
    expect(await post<LoginAnswer>("/api/login", ask)).toEqual({ status: "pending" });
    expect(await post<LoginAnswer>("/api/login", ask)).toEqual({ status: "slow_down" });
    await letIn(started, { login: "dora" });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const done = await post<LoginAnswer>("/api/login", ask);
    if (done.status !== "done") throw new Error(done.status);
    const { token } = done;
    expect([done.login, token]).toEqual(["dora", expect.stringMatching(/^sandlot_[\w-]{43}$/)]);
    expect(await (await visit("/api/whoami", { token })).json<WhoAmI>()).toMatchObject({
      who: "github:dora",
      scope: null,
    });
    const build = await seedBuild({ repositoryId: repository.id });
    const other = await seedBuild({ repositoryId: (await knownRepository()).id });
    expect((await visit(`/api/builds/${build.id}/cancel`, { method: "POST", token })).status).toBe(202);
    expect((await visit(`/api/builds/${other.id}`, { token })).status).toBe(404);
    expect((await visit("/api/tokens", { token })).status).toBe(404);
    expect((await post<ApiProblem>("/api/login", ask)).status).toBe(400);
    expect((await visit("/api/login", { method: "DELETE", token })).status).toBe(204);
    expect((await visit("/api/whoami", { token })).status).toBe(401);
  });

  it("gives nothing where the person says no, nor for a code that was made up", async () => {
    const started = await post<DeviceLogin>("/api/login/device", {});
    await letIn(started, { deny: "1" });
    expect(await post<LoginAnswer>("/api/login", { device: started.device })).toEqual({ status: "denied" });
    expect((await post<ApiProblem>("/api/login", { device: "v1.made.up.code" })).status).toBe(400);
  });
});

it("an administrator signs somebody out everywhere", async () => {
  const cookie = await signIn("zoe");
  expect((await visit("/", { cookie })).status).toBe(200);
  const root = { token: env.SANDLOT_API_TOKEN, method: "DELETE" };
  expect((await visit("/api/sessions/Zoe", root)).status).toBe(204);
  expect((await visit("/", { cookie })).status).toBe(401);
});

it("the audit page shows all to whoever has the whole, and to people what concerns them", async () => {
  const [mine, theirs] = [await knownRepository(), await knownRepository()];
  await letPerson(github, mine, "uma", "push");
  for (const { id, fullName } of [mine, theirs]) {
    await env.DB.prepare("INSERT INTO audit (at, who, what, repository_id, detail) VALUES (1, 'token', 'pause', ?, ?)")
      .bind(id, `of ${fullName}`)
      .run();
  }
  const read = async (given: { cookie?: string; token?: string }) => await (await visit("/audit", given)).text();
  const hers = await read({ cookie: await signIn("uma") });
  expect(hers).toContain(`of ${mine.fullName}`);
  expect(hers).toContain("session.start");
  expect(hers).not.toContain(theirs.fullName);
  expect(await read({ token: env.SANDLOT_API_TOKEN })).toContain(`of ${theirs.fullName}`);
  expect((await visit("/audit")).status).toBe(401);
});
