import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { ApiProblem } from "../../../src/model/api.ts";
import { openSealed, readMasterKey } from "../../../src/store/seal.ts";
import type { Scope } from "../../../src/store/scopes.ts";
import { readSecrets, secretContext } from "../../../src/store/secrets.ts";
import { app } from "../../../src/web/app.ts";
import { api, migrate, seedRepository } from "./support.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
});

const scope: Scope = { kind: "repository", repositoryId: 1 };
const sealedOf = async (name: string) => (await readSecrets(env.DB, [scope], [name])).get(name)?.sealed ?? "";
const SECRETS = "/repositories/acme/app/secrets";
const put = (name: string, body: unknown): Promise<Response> =>
  api(`${SECRETS}/${name}`, { method: "PUT", body: typeof body === "string" ? body : JSON.stringify(body) });

describe("a secret", () => {
  it("is sealed, listed by name, replaced and removed, and its value never comes back", async () => {
    expect((await put("npm_token", { value: "hunter2hunter2" })).status).toBe(204);
    const rows = JSON.stringify((await env.DB.prepare("SELECT * FROM secrets").all()).results);
    expect(rows).toContain("NPM_TOKEN");
    expect(rows).not.toContain("hunter2");
    const sealed = await sealedOf("NPM_TOKEN");
    const key = await readMasterKey(env.SANDLOT_MASTER_KEY);
    expect(await openSealed(key, sealed, secretContext(scope, "npm_token"))).toBe("hunter2hunter2");
    await expect(openSealed(key, sealed, secretContext({ ...scope, repositoryId: 2 }, "npm_token"))).rejects.toThrow(
      /belongs to something else/,
    );
    const list = await (await api(SECRETS)).text();
    expect(JSON.parse(list)).toEqual({
      items: [{ name: "NPM_TOKEN", updatedAt: expect.any(Number) as unknown }],
      next: null,
    });
    expect(list).not.toContain("hunter2");
    expect(await (await api(`${SECRETS}/Npm_Token`)).json()).toMatchObject({ name: "NPM_TOKEN" });
    expect((await put("NPM_TOKEN", { value: "another\nline" })).status).toBe(204);
    expect(await sealedOf("NPM_TOKEN")).not.toBe(sealed);
    expect((await api(`${SECRETS}/npm_token`, { method: "DELETE" })).status).toBe(204);
    expect((await api(`${SECRETS}/npm_token`, { method: "DELETE" })).status).toBe(404);
    expect((await api(`${SECRETS}/npm_token`)).status).toBe(404);
  });

  it("that is too short is refused with the minimum, and no refusal repeats the value", async () => {
    const short = await put("A", { value: "abc" });
    expect(short.status).toBe(400);
    expect((await short.json<ApiProblem>()).detail).toMatch(/at least 4 characters/);
    for (const body of [
      { value: ["hunter2"] },
      { value: "hunter2", note: "x" },
      "hunter2",
      '{"value": "hunter2',
      '{"value": hunter2}',
      {},
      { value: `hunter2${"x".repeat(49 * 1024)}` },
    ]) {
      const answer = await put("A", body);
      expect(answer.status).toBe(400);
      expect(await answer.text()).not.toContain("hunter2");
    }
    expect((await api(`${SECRETS}/A`)).status).toBe(404);
  });

  it("has a name that GitHub would take", async () => {
    for (const name of ["GITHUB_X", "github_x", "1A", "A-B", "A%20B", "%C3%9C", "A".repeat(129)]) {
      expect([name, (await put(name, { value: "long enough" })).status]).toEqual([name, 400]);
    }
  });

  it("needs a repository that is known and a master key that is one", async () => {
    const body = JSON.stringify({ value: "long enough" });
    expect((await api("/repositories/acme/none/secrets/A", { method: "PUT", body })).status).toBe(404);
    expect((await api("/repositories/acme/none/secrets")).status).toBe(404);
    const request = new Request(`https://sandlot.example/api${SECRETS}/A`, {
      method: "PUT",
      body,
      headers: { authorization: `Bearer ${env.SANDLOT_API_TOKEN}` },
    });
    const answer = await app.fetch(request, { ...env, SANDLOT_MASTER_KEY: "short" });
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain("openssl rand -base64 32");
  });
});
