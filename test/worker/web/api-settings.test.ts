import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { ApiProblem, Page } from "../../../src/model/api.ts";
import type { AuditView, Resealed } from "../../../src/model/settings-api.ts";
import { MAX_ENVIRONMENTS, MAX_SETTINGS } from "../../../src/model/limits.ts";
import { saveRepository } from "../../../src/store/repositories.ts";
import type { Scope } from "../../../src/store/scopes.ts";
import { scopesOf, scopesOfEnvironment } from "../../../src/store/scopes.ts";
import { openSealed, readMasterKey, seal } from "../../../src/store/seal.ts";
import { readSecrets, saveSecret, secretContext } from "../../../src/store/secrets.ts";
import { readVariables } from "../../../src/store/variables.ts";
import { app } from "../../../src/web/app.ts";
import { api, migrate, seedBuild, seedJob } from "./support.ts";

const REPOSITORY = { id: 7, ownerId: 5 };
const app7 = "/repositories/acme/app";
const environment: Scope = { kind: "environment", repositoryId: 7, environment: "production" };

beforeAll(async () => {
  await migrate();
  const about = { owner: "acme", private: false, defaultBranch: "main", installationId: 1 };
  await env.DB.batch([
    saveRepository(env.DB, { ...about, id: 7, name: "app", ownerId: 5 }),
    saveRepository(env.DB, { ...about, id: 8, name: "other", ownerId: 5 }),
    saveRepository(env.DB, { ...about, id: 9, name: "app", owner: "eve", ownerId: 6 }),
  ]);
});

const put = (path: string, value?: string): Promise<Response> =>
  api(path, { method: "PUT", ...(value !== undefined && { body: JSON.stringify({ value }) }) });
const remove = (path: string): Promise<Response> => api(path, { method: "DELETE" });
const detailOf = async (answer: Response): Promise<string> => (await answer.json<ApiProblem>()).detail;

async function opened(scopes: Scope[], name: string, previous?: string): Promise<string> {
  const found = (await readSecrets(env.DB, scopes, [name])).get(name);
  if (!found) throw new Error(`no secret ${name}`);
  const key = await readMasterKey(env.SANDLOT_MASTER_KEY, previous);
  return await openSealed(key, found.sealed, secretContext(found.scope, name));
}

describe("of one name in three scopes", () => {
  it("the environment's counts before the repository's, and that before the owner's", async () => {
    await put(`${app7}/environments/Production`);
    for (const kind of ["secrets", "variables"]) {
      await put(`/owners/ACME/${kind}/level`, "of the owner");
      await put(`${app7}/${kind}/level`, "of the repository");
      await put(`${app7}/environments/production/${kind}/LEVEL`, "of the environment");
    }
    const own = scopesOf(REPOSITORY);
    const inEnvironment = [...own, ...scopesOfEnvironment(7, "PRODUCTION")];
    expect(await opened(scopesOf({ id: 8, ownerId: 5 }), "LEVEL")).toBe("of the owner");
    expect(await opened(own, "LEVEL")).toBe("of the repository");
    expect(await opened(inEnvironment, "LEVEL")).toBe("of the environment");
    expect(await readVariables(env.DB, own)).toEqual({ LEVEL: "of the repository" });
    expect(await readVariables(env.DB, inEnvironment)).toEqual({ LEVEL: "of the environment" });
    expect(await readVariables(env.DB, scopesOf({ id: 9, ownerId: 6 }))).toEqual({});
  });

  it("none opens as another's: a row that was moved is refused", async () => {
    await put(`${app7}/secrets/MINE`, "belongs to the repository");
    const sealed = (await readSecrets(env.DB, scopesOf(REPOSITORY), ["MINE"])).get("MINE")?.sealed ?? "";
    await saveSecret(env.DB, environment, { name: "MINE", sealed, at: 1 }, 100).run();
    await expect(opened([environment], "MINE")).rejects.toMatchObject({ reason: "broken" });
    await saveSecret(env.DB, { kind: "owner", ownerId: 7 }, { name: "MINE", sealed, at: 1 }, 100).run();
    await expect(opened([{ kind: "owner", ownerId: 7 }], "MINE")).rejects.toMatchObject({ reason: "broken" });
  });
});

describe("an environment", () => {
  it("has to be made before it is given anything, and takes all of it with it", async () => {
    const path = `${app7}/environments/staging`;
    const answer = await put(`${path}/secrets/KEY`, "long enough");
    expect(answer.status).toBe(404);
    expect(await detailOf(answer)).toContain("sandlot environments create");
    expect((await put(path)).status).toBe(204);
    expect((await put(path)).status).toBe(204);
    expect((await put(`${path}/secrets/KEY`, "long enough")).status).toBe(204);
    expect((await put(`${path}/variables/URL`, "https://staging")).status).toBe(204);
    expect((await remove(path)).status).toBe(204);
    expect((await remove(path)).status).toBe(404);
    await put(path);
    for (const kind of ["secrets", "variables"])
      expect(await (await api(`${path}/${kind}`)).json()).toEqual({ items: [], next: null });
    await remove(path);
  });

  it("has a name that GitHub would take", async () => {
    for (const name of ["a'b", 'a"b', "a,b", "a;b", "a\\b", "a`b", " a", "a\nb", "x".repeat(256)])
      expect([name, (await put(`${app7}/environments/${encodeURIComponent(name)}`)).status]).toEqual([name, 400]);
    for (const name of ["a/b", "Ünï code", "a.b-c"]) {
      const path = `${app7}/environments/${encodeURIComponent(name)}`;
      expect([name, (await put(path)).status]).toEqual([name, 204]);
      expect([name, (await put(`${path}/variables/A`, "1")).status]).toEqual([name, 204]);
      expect((await remove(path)).status).toBe(204);
    }
  });
});

describe("a scope that is full", () => {
  it("refuses one more, and takes another value for one that it has", async () => {
    const fill = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)`;
    const { secrets, variables } = MAX_SETTINGS.repository;
    await env.DB.batch([
      env.DB.prepare(`${fill} INSERT INTO secrets SELECT 'repository/8', 'S' || i, 'x', 1 FROM n`).bind(secrets),
      env.DB.prepare(`${fill} INSERT INTO variables SELECT 'repository/8', 'V' || i, 'x', 1 FROM n`).bind(variables),
      env.DB.prepare(`${fill} INSERT INTO environments SELECT 8, 'e' || i, 1 FROM n`).bind(MAX_ENVIRONMENTS),
    ]);
    const other = "/repositories/acme/other";
    for (const path of [`${other}/secrets/MORE`, `${other}/variables/MORE`, `${other}/environments/more`])
      expect([path, (await put(path, "one more")).status]).toEqual([path, 409]);
    for (const path of [`${other}/secrets/S1`, `${other}/variables/V1`, `${other}/environments/e1`])
      expect([path, (await put(path, "a new value")).status]).toEqual([path, 204]);
  });
});

describe("a variable", () => {
  it("is shown with its value, may be short, and is removed", async () => {
    expect((await put(`${app7}/variables/short`, "")).status).toBe(204);
    expect(await (await api(`${app7}/variables/SHORT`)).json()).toMatchObject({ name: "SHORT", value: "" });
    expect((await put(`${app7}/variables/github_x`, "no")).status).toBe(400);
    expect((await put(`${app7}/variables/LONG`, "ü".repeat(25 * 1024))).status).toBe(400);
    expect((await remove(`${app7}/variables/short`)).status).toBe(204);
    expect((await api(`${app7}/variables/SHORT`)).status).toBe(404);
  });
});

describe("a master key that was changed", () => {
  const before = Buffer.alloc(32, 9).toString("base64");

  it("still opens what the one before sealed, until all is sealed anew", async () => {
    const scope: Scope = { kind: "repository", repositoryId: 9 };
    const old = await readMasterKey(before);
    const sealed = await seal(old, "of the old key", secretContext(scope, "OLD"));
    const save = (name: string, text: string) => saveSecret(env.DB, scope, { name, sealed: text, at: 1 }, 100);
    await env.DB.batch([save("OLD", sealed), save("LOST", sealed)]);
    expect(await opened([scope], "OLD", before)).toBe("of the old key");
    const request = new Request("https://sandlot.example/api/secrets/reseal", {
      method: "POST",
      headers: { authorization: `Bearer ${env.SANDLOT_API_TOKEN}` },
    });
    await env.DB.prepare("DELETE FROM secrets WHERE scope = 'repository/8'").run();
    const answer = await app.fetch(request, { ...env, SANDLOT_MASTER_KEY_PREVIOUS: before });
    expect(await answer.json<Resealed>()).toEqual({ resealed: 1, lost: ["9/LOST"], more: false });
    expect(await opened([scope], "OLD")).toBe("of the old key");
    await expect(opened([scope], "LOST")).rejects.toMatchObject({ reason: "other_key" });
  });
});

describe("the audit log", () => {
  it("says who changed what, newest first and page by page, and never a value", async () => {
    await put(`${app7}/secrets/audited`, "a value to hide");
    await put(`${app7}/variables/audited`, "a value to hide");
    await remove(`${app7}/secrets/audited`);
    const read = async (query: string) => await (await api(`/audit?${query}`)).json<Page<AuditView>>();
    const first = await read("limit=2&repository=Acme/App");
    expect(first.items.map(({ who, what, repository, detail }) => [who, what, repository, detail])).toEqual([
      ["token", "secret.remove", "acme/app", "AUDITED for acme/app"],
      ["token", "variable.set", "acme/app", "AUDITED for acme/app"],
    ]);
    const second = await read(`limit=1&after=${first.next}`);
    expect(second.items).toMatchObject([{ what: "secret.set", detail: "AUDITED for acme/app" }]);
    expect(JSON.stringify(await read("limit=100"))).not.toContain("a value to hide");
    expect((await api("/audit?repository=acme/none")).status).toBe(404);
    expect((await api("/audit?after=x")).status).toBe(400);
  });

  it("says who reran, cancelled and dispatched", async () => {
    const ended = { status: "completed", conclusion: "failure", reason: null, detail: null, completedAt: 1 } as const;
    const done = await seedBuild({ repositoryId: 7, state: ended });
    await seedJob(done.id, "test", { repositoryId: 7, state: ended });
    const running = await seedBuild({ repositoryId: 7 });
    const asks = [
      [`/builds/${done.id}/rerun`, {}],
      [`/builds/${running.id}/cancel`, {}],
      [`${app7}/dispatch`, { workflow: "ci.yml", ref: "main" }],
    ] as const;
    for (const [path, body] of asks)
      expect([path, (await api(path, { method: "POST", body: JSON.stringify(body) })).status]).toEqual([path, 202]);
    const { items } = await (await api("/audit?limit=3")).json<Page<AuditView>>();
    expect(items.map(({ who, what, repositoryId, detail }) => [who, what, repositoryId, detail])).toEqual([
      ["token", "build.dispatch", 7, "ci.yml of acme/app at main"],
      ["token", "build.cancel", 7, `build ${running.id}`],
      ["token", "build.rerun", 7, `build ${done.id}, run attempt 2, all jobs`],
    ]);
  });
});
