import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { saveRepository } from "../../../src/store/repositories.ts";
import { app } from "../../../src/web/app.ts";
import { letPerson, setVisibility } from "../../support/github-control.ts";
import type { TestRepository } from "../../support/github-control.ts";
import { github, knownRepository, makeToken, sayOf, signIn, visit } from "../auth/visitors.ts";
import { migrate, NO_BUILD, post, seedAttempt, seedBuild, seedJob } from "../web/support.ts";

beforeAll(migrate);

const PUBLIC = { PUBLIC_PAGES: "on" };

/** A build with a log, and each address that shows something of it. */
async function built(repository: TestRepository): Promise<{ id: string; pages: string[] }> {
  const { id } = await seedBuild({ repositoryId: repository.id, title: "The secret plan" });
  const job = await seedJob(id, "test", { repositoryId: repository.id });
  const attempt = await seedAttempt(job);
  await env.LOG_STREAM.get(env.LOG_STREAM.idFromName(attempt.id)).open(1, "The secret plan\n", 1);
  const page = `/builds/${id}`;
  const pages = [page, `${page}/jobs/${job.id}`, `${page}/jobs/${job.id}/log`, `${page}/artifacts.zip`];
  return { id, pages: [`/repositories/${repository.fullName}`, ...pages] };
}

/** As GitHub tells it. */
async function tell(
  repository: TestRepository,
  action: "privatized" | "publicized",
  isPrivate: boolean,
): Promise<void> {
  const { id, name, owner } = repository;
  const payload = {
    action,
    repository: { id, name, owner: { login: owner }, private: isPrivate, default_branch: "main" },
    installation: { id: repository.installationId },
    sender: { id: 1, login: owner },
  };
  const answer = await post(JSON.stringify(payload), {
    "x-github-event": "repository",
  });
  if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
}

describe("T28: a private repository", () => {
  it("and one that is not there get the same answer, to anybody who may not see it", async () => {
    const repository = await knownRepository();
    const { id } = await built(repository);
    const cookie = await signIn("stranger");
    const elsewhere = await knownRepository();
    const token = await makeToken({ name: "elsewhere", scope: "admin", repository: elsewhere.fullName });
    const name = repository.fullName;
    const pairs: [string, string, string, string][] = [
      [`/builds/${id}`, id, `/builds/${NO_BUILD}`, NO_BUILD],
      [`/builds/${id}/jobs/${id}-x/log`, id, `/builds/${NO_BUILD}/jobs/${NO_BUILD}-x/log`, NO_BUILD],
      [`/builds/${id}/artifacts/a`, id, `/builds/${NO_BUILD}/artifacts/a`, NO_BUILD],
      [`/repositories/${name}`, name, "/repositories/no/body", "no/body"],
      [`/api/builds/${id}`, id, `/api/builds/${NO_BUILD}`, NO_BUILD],
      [`/api/repositories/${name}/builds`, name, "/api/repositories/no/body/builds", "no/body"],
      [`/api/repositories/${name}/secrets`, name, "/api/repositories/no/body/secrets", "no/body"],
    ];
    for (const given of [{ cookie }, { token }, {}, { vars: PUBLIC }, { cookie, vars: PUBLIC }]) {
      for (const [hidden, asked, missing, nothing] of pairs) {
        const said = await sayOf(await visit(hidden, given), asked);
        expect(said).toEqual(await sayOf(await visit(missing, given), nothing));
        expect([hidden, said]).toEqual([hidden, expect.objectContaining({ status: expect.toBeOneOf([401, 404]) })]);
        expect(JSON.stringify(said)).not.toContain("secret plan");
      }
    }
    const change = { method: "DELETE", cookie, own: true };
    const two = [`/api/repositories/${name}/caches?all=1`, "/api/repositories/no/body/caches?all=1"] as const;
    expect(await sayOf(await visit(two[0], change), name)).toEqual(await sayOf(await visit(two[1], change), "no/body"));
  });

  it("stands in no list of theirs", async () => {
    const repository = await knownRepository();
    const { id } = await built(repository);
    const cookie = await signIn("stranger");
    const other = await knownRepository();
    const token = await makeToken({ name: "lists", scope: "read", repository: other.fullName });
    for (const given of [{ cookie }, { token }, { vars: PUBLIC }]) {
      for (const path of ["/", "/api/builds", "/api/repositories"]) {
        const text = await (await visit(path, given)).text();
        expect(text).not.toContain(repository.name);
        expect(text).not.toContain(id);
      }
    }
    expect(await (await visit("/api/repositories", { token })).text()).toContain(other.name);
  });
});

describe("T28: a public repository", () => {
  it("is shown to everybody only where the owner says so, and never changed by them", async () => {
    const repository = await knownRepository({ private: false });
    const { id, pages } = await built(repository);
    for (const path of pages) {
      expect([path, (await visit(path)).status]).toEqual([path, 404]);
      expect([path, (await visit(path, { vars: PUBLIC })).status]).toEqual([path, 200]);
    }
    expect(await (await visit("/", { vars: PUBLIC })).text()).toContain(repository.name);
    expect((await visit("/")).status).toBe(401);
    const cancel = { method: "POST", vars: PUBLIC, own: true };
    expect((await visit(`/api/builds/${id}/cancel`, cancel)).status).toBe(401);
    expect((await visit(`/api/repositories/${repository.fullName}/secrets`, { vars: PUBLIC })).status).toBe(403);
  });

  it("that becomes private is closed at once, and no old word opens it again", async () => {
    const repository = await knownRepository({ private: false });
    const { pages } = await built(repository);
    const seen = async () =>
      (await Promise.all(pages.map((path) => visit(path, { vars: PUBLIC })))).map((a) => a.status);
    expect(new Set(await seen())).toEqual(new Set([200]));
    const askedAt = Date.now() - 1;
    await setVisibility(github, repository, true);
    await tell(repository, "privatized", true);
    expect(new Set(await seen())).toEqual(new Set([404]));
    const { id, owner, name, defaultBranch } = repository;
    const old = { id, owner, name, defaultBranch, private: false, installationId: repository.installationId };
    // A push from before, what GitHub answered before, and a "publicized" that came late.
    await saveRepository(env.DB, old).run();
    await saveRepository(env.DB, old, { askedAt }).run();
    await tell(repository, "publicized", false);
    expect(new Set(await seen())).toEqual(new Set([404]));
  });

  it("that becomes public is opened once GitHub says so itself", async () => {
    const repository = await knownRepository();
    const { pages } = await built(repository);
    await setVisibility(github, repository, false);
    await tell(repository, "publicized", false);
    for (const path of pages) expect([path, (await visit(path, { vars: PUBLIC })).status]).toEqual([path, 200]);
  });
});

it("T28: no address of ours answers a stranger but those that are meant for everybody", async () => {
  const repository = await knownRepository();
  await letPerson(github, repository, "ann", "read");
  const { id } = await built(repository);
  const fill = (path: string) =>
    path
      .replace(":owner/:repo", repository.fullName)
      .replace(/builds\/:\w+/, `builds/${id}`)
      .replaceAll(/:[\w.]+(\{[^}]*\})?/g, "x")
      .replace("*", "x");
  const open: string[] = [];
  for (const { path, method } of app.routes) {
    if (method === "ALL" || path.startsWith("/results") || path.startsWith("/twirp")) continue;
    const answer = await visit(fill(path), { method, ...(method === "GET" ? {} : { body: "{}" }) });
    if (![401, 403, 404].includes(answer.status)) open.push(`${method} ${path} ${answer.status}`);
    await answer.body?.cancel();
  }
  expect([...new Set(open)].sort()).toEqual([
    "GET /healthz 200",
    "GET /login 200",
    "GET /login/github 303",
    "GET /style.css 200",
    "POST /api/login 400",
    "POST /api/login/device 200",
  ]);
});
