import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { RIGHT_TTL_MS } from "../../../src/model/limits.ts";
import { addFault, letPerson } from "../../support/github-control.ts";
import { github, knownRepository, signIn, visit } from "../auth/visitors.ts";
import { migrate, seedBuild } from "../web/support.ts";

beforeAll(migrate);

/** As if all that GitHub said had been said so much earlier. */
async function passTime(ms: number): Promise<void> {
  await env.DB.prepare("UPDATE github_rights SET asked_at = asked_at - ?").bind(ms).run();
}

describe("T19: somebody who was removed from a repository", () => {
  it("sees it no more once GitHub is asked again, within five minutes", async () => {
    const repository = await knownRepository();
    await letPerson(github, repository, "lea", "read");
    const cookie = await signIn("lea");
    const build = await seedBuild({ repositoryId: repository.id });
    const pages = [`/repositories/${repository.fullName}`, `/builds/${build.id}`, `/api/builds/${build.id}`];
    const statuses = async () => await Promise.all(pages.map(async (path) => (await visit(path, { cookie })).status));
    expect(await statuses()).toEqual([200, 200, 200]);
    expect(await (await visit("/", { cookie })).text()).toContain(repository.fullName);
    await letPerson(github, repository, "lea", "none");
    await passTime(RIGHT_TTL_MS);
    expect(await statuses()).toEqual([404, 404, 404]);
    expect(await (await visit("/", { cookie })).text()).not.toContain(repository.name);
    expect(await (await visit("/api/repositories", { cookie })).text()).not.toContain(repository.name);
    await letPerson(github, repository, "lea", "read");
    await passTime(RIGHT_TTL_MS);
    expect(await statuses()).toEqual([200, 200, 200]);
  });

  it("does nothing there from the next request on: what changes something asks GitHub anew", async () => {
    const repository = await knownRepository();
    await letPerson(github, repository, "max", "push");
    const cookie = await signIn("max");
    const build = await seedBuild({ repositoryId: repository.id });
    const path = `/api/builds/${build.id}/cancel`;
    expect((await visit(`/builds/${build.id}`, { cookie })).status).toBe(200);
    await letPerson(github, repository, "max", "read");
    expect((await visit(path, { cookie, method: "POST", own: true })).status).toBe(403);
    await letPerson(github, repository, "max", "none");
    expect((await visit(path, { cookie, method: "POST", own: true })).status).toBe(404);
  });

  it("is let in by nothing that was remembered, where GitHub cannot be asked", async () => {
    const repository = await knownRepository();
    await letPerson(github, repository, "ida", "read");
    const cookie = await signIn("ida");
    const page = `/repositories/${repository.fullName}`;
    expect((await visit(page, { cookie })).status).toBe(200);
    await passTime(RIGHT_TTL_MS);
    await addFault(github, { on: "repos/get", repository: repository.fullName, answers: [{ status: 502 }] });
    expect((await visit(page, { cookie })).status).toBe(503);
    expect((await visit(page, { cookie })).status).toBe(200);
  });

  it("does not see what took its name", async () => {
    const repository = await knownRepository();
    await letPerson(github, repository, "noa", "read");
    const cookie = await signIn("noa");
    await env.DB.prepare("UPDATE repositories SET id = id + 1 WHERE id = ?").bind(repository.id).run();
    expect((await visit(`/repositories/${repository.fullName}`, { cookie })).status).toBe(404);
  });
});

describe("T19: Cloudflare Access", () => {
  const vars = { ACCESS_TEAM_DOMAIN: "t19.cloudflareaccess.com", ACCESS_AUD: "ours", PUBLIC_PAGES: "on" };
  const realFetch = globalThis.fetch;
  afterEach(() => {
    globalThis.fetch = realFetch;
  });

  it("lets in whom it signed for, and by no other way: no session, no public page, no forged token", async () => {
    const repository = await knownRepository({ private: false });
    const cookie = await signIn(repository.owner);
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
    globalThis.fetch = () => Promise.resolve(Response.json({ keys: [jwk] }));
    const token = (alg: string) =>
      new SignJWT({ email: "ann@example.com" })
        .setProtectedHeader({ alg, kid: "one" })
        .setIssuer("https://t19.cloudflareaccess.com")
        .setAudience("ours")
        .setExpirationTime("1h");
    const good = await token("RS256").sign(privateKey);
    const page = `/repositories/${repository.fullName}`;
    const see = async (jwt: string | null, given: { cookie?: string } = {}) => {
      const headers: Record<string, string> = jwt === null ? {} : { "cf-access-jwt-assertion": jwt };
      return (await visit(page, { vars, headers, ...given })).status;
    };
    expect(await see(good)).toBe(200);
    expect(await see(null)).toBe(403);
    expect(await see(null, { cookie })).toBe(403);
    const payload = good.split(".")[1] ?? "";
    expect(await see(`${btoa('{"alg":"none"}').replaceAll("=", "")}.${payload}.`)).toBe(403);
    const publicPem = new TextEncoder().encode(JSON.stringify(jwk));
    expect(await see(await token("HS256").sign(publicPem))).toBe(403);
    expect(await see(await token("RS256").setAudience("theirs").sign(privateKey))).toBe(403);
    expect(await see(await token("RS256").setIssuer("https://evil.example").sign(privateKey))).toBe(403);
    expect(await see(await token("RS256").setExpirationTime(1).sign(privateKey))).toBe(403);
    // The API is not behind Access: nothing there is public then.
    expect((await visit(`/api/repositories/${repository.fullName}/builds`, { vars })).status).toBe(401);
  });

  it("lets act and see everywhere, and names who it was; another site's form does nothing", async () => {
    const repository = await knownRepository();
    const build = await seedBuild({ repositoryId: repository.id });
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: "two", alg: "RS256", use: "sig" };
    const given = { ...vars, ACCESS_TEAM_DOMAIN: "t19b.cloudflareaccess.com" };
    globalThis.fetch = () => Promise.resolve(Response.json({ keys: [jwk] }));
    const jwt = await new SignJWT({ email: "ann@example.com" })
      .setProtectedHeader({ alg: "RS256", kid: "two" })
      .setIssuer("https://t19b.cloudflareaccess.com")
      .setAudience("ours")
      .setExpirationTime("1h")
      .sign(privateKey);
    const headers = { "cf-access-jwt-assertion": jwt };
    const cancel = `/api/builds/${build.id}/cancel`;
    const evil = { ...headers, origin: "https://evil.example" };
    expect((await visit(cancel, { vars: given, method: "POST", headers: evil })).status).toBe(403);
    expect((await visit(cancel, { vars: given, method: "POST", headers, own: true })).status).toBe(202);
    const act = await env.DB.prepare("SELECT who FROM audit WHERE what = 'build.cancel' ORDER BY id DESC").first();
    expect(act?.["who"]).toBe("access:ann@example.com");
    expect((await visit("/api/tokens", { vars: given, headers })).status).toBe(403);
  });
});
