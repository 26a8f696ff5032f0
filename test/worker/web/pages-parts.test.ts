import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { changeBuild } from "../../../src/store/builds.ts";
import { app } from "../../../src/web/app.ts";
import { localPath } from "../../../src/web/http/safe-url.ts";
import { migrate, seedBuild, seedJob, seedRepository } from "./support.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(31, "links");
});

const HERE = "http://127.0.0.1:8787";
const ask = async (path: string, init: RequestInit = {}, given: Partial<Env> = { PAGES: "open" }): Promise<Response> =>
  await app.fetch(new Request(`${HERE}${path}`, init), { ...env, ...given });
const text = async (path: string): Promise<string> => await (await ask(path)).text();
const of = { repositoryId: 31 };
const ended = (conclusion: "success" | "failure" | "skipped") =>
  ({ status: "completed", conclusion, reason: null, detail: null, completedAt: 9000 }) as const;

describe("a badge", () => {
  it("says how the newest finished build of a branch ended, and is the same until that changes", async () => {
    await seedBuild({ ...of, ref: "refs/heads/badge", state: ended("failure") });
    await seedBuild({ ...of, ref: "refs/heads/badge", state: ended("success"), workflowName: "Docs <1>" });
    await seedBuild({ ...of, ref: "refs/heads/badge", state: ended("skipped") });
    await seedBuild({ ...of, ref: "refs/heads/badge", state: { status: "queued", detail: null } });
    const answer = await ask("/badge/acme/links.svg?branch=badge");
    expect(answer.headers.get("content-type")).toBe("image/svg+xml; charset=utf-8");
    expect(answer.headers.get("cache-control")).toContain("no-cache");
    expect(await answer.text()).toContain("<title>build: success</title>");
    const etag = answer.headers.get("etag") ?? "";
    const again = await ask("/badge/acme/links.svg?branch=badge", { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
    const named = await text("/badge/acme/links.svg?branch=badge&workflow=Docs%20%3C1%3E");
    expect(named).toContain("Docs &#60;1&#62;: success");
    expect(await text("/badge/acme/links.svg?branch=badge&workflow=ci.yml")).toContain("ci.yml: success");
    expect(await text("/badge/acme/links.svg?branch=badge&workflow=other.yml")).toContain("unknown");
    expect(await text("/badge/acme/links.svg?branch=none")).toContain("unknown");
  });

  it("is `unknown` for whoever may not see the repository, as for one that is not there", async () => {
    const closed = await (await ask("/badge/acme/links.svg?branch=badge", {}, {})).text();
    expect(closed).toContain("build: unknown");
    expect(closed).toBe(await (await ask("/badge/acme/nothing.svg?branch=badge", {}, {})).text());
    expect(await text("/badge/acme/links.svg?workflow=%3Cscript%3E%22%00")).not.toMatch(/<script|\u0000/);
  });
});

describe("a list of builds", () => {
  it("is filtered by branch, also of pull requests, by workflow, event and how they ended", async () => {
    const made = {
      main: await seedBuild({ ...of, ref: "refs/heads/feature", state: ended("failure"), title: "by push" }),
      pull: await seedBuild({
        ...of,
        ref: "refs/pull/7/merge",
        headRef: "feature",
        event: "pull_request",
        title: "by pull",
      }),
      other: await seedBuild({
        ...of,
        ref: "refs/heads/else",
        workflowPath: ".sandlot/workflows/x.yml",
        title: "by x",
      }),
    };
    const shown = async (query: string): Promise<string[]> => {
      const page = await text(`/repositories/acme/links?${query}`);
      return Object.entries(made).flatMap(([name, { id }]) =>
        page.includes(`href="/builds/${id}" data-row`) ? [name] : [],
      );
    };
    expect(await shown("branch=feature")).toEqual(["main", "pull"]);
    expect(await shown("branch=feature&status=failure")).toEqual(["main"]);
    expect(await shown("branch=feature&event=pull_request&status=&workflow=")).toEqual(["pull"]);
    expect(await shown("workflow=.sandlot/workflows/x.yml")).toEqual(["other"]);
    expect((await ask("/repositories/acme/links?status=odd")).status).toBe(400);
    const page = await text("/repositories/acme/links?branch=feature");
    expect(page).toContain('<option value="feature" selected=""');
  });

  it("goes on with the same filters on the next page", async () => {
    const page = await text("/repositories/acme/links?branch=badge&limit=2");
    const older = /href="([^"]*after=[^"]*)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(older).toContain("branch=badge");
    expect(await text(older)).toContain("Newest builds");
  });
});

describe("a page that changes", () => {
  it("is answered with 304 until what it shows is another", async () => {
    const build = await seedBuild({ ...of, state: { status: "in_progress", detail: null }, startedAt: 1 });
    await seedJob(build.id, "test", of);
    const first = await ask(`/builds/${build.id}`);
    const headers = { "if-none-match": first.headers.get("etag") ?? "none" };
    expect((await ask(`/builds/${build.id}`, { headers })).status).toBe(304);
    const dark = { ...headers, cookie: "theme=dark" };
    expect((await ask(`/builds/${build.id}`, { headers: dark })).status).toBe(200);
    const end = { to: "completed", conclusion: "success", reason: null, detail: null, at: 5 } as const;
    await changeBuild(env.DB, build, end).run();
    const changed = await ask(`/builds/${build.id}`, { headers });
    expect(changed.status).toBe(200);
    expect(await changed.text()).not.toContain("data-live");
  });
});

describe("the graph of jobs", () => {
  it("puts each group behind what it waits for, and links each job", async () => {
    const build = await seedBuild(of);
    const lint = await seedJob(build.id, "lint", of);
    const plan = (id: string, key: string, needs: string[]) => ({
      ...lint.plan,
      key,
      definition: { ...lint.plan.definition, id, needs },
    });
    for (const [n, key] of ["test (1)", "test (2)"].entries()) {
      await seedJob(build.id, key, { ...of, position: 1 + n, plan: plan("test", key, ["lint"]) });
    }
    const last = await seedJob(build.id, "ship", { ...of, position: 3, plan: plan("ship", "ship", ["lint", "test"]) });
    const page = await text(`/builds/${build.id}`);
    expect(page.match(/class="edge"/g)).toHaveLength(3);
    expect(page).toContain("test · 2 jobs");
    const columns = [...page.matchAll(/class="box" x="(\d+)"/g)].map(([, x]) => Number(x));
    expect(new Set(columns).size).toBe(3);
    const answer = await ask(`/builds/${build.id}`, { headers: { accept: "application/json" } });
    const view = await answer.json<{ jobs: { id: string; group: string; after: string[] }[] }>();
    const found = view.jobs.find(({ id }) => id === last.id);
    expect(found).toMatchObject({ group: "ship", after: ["lint", "test"] });
  });
});

describe("the choice of colours", () => {
  const choose = (body: string, from: Record<string, string> = { "sec-fetch-site": "same-origin" }) =>
    ask("/theme", {
      method: "POST",
      body,
      headers: { "content-type": "application/x-www-form-urlencoded", ...from },
      redirect: "manual",
    });

  it("is a cookie, and leads back to where it was made", async () => {
    const answer = await choose("theme=dark&next=%2Fbuilds%2Fx%3Frun_attempt%3D2");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/builds/x?run_attempt=2"]);
    expect(answer.headers.get("set-cookie")).toMatch(/^theme=dark; Path=\/; .*HttpOnly/);
    expect(await (await ask("/", { headers: { cookie: "a=b; theme=dark" } })).text()).toContain('data-theme="dark"');
    expect(await (await ask("/", { headers: { cookie: 'theme="><script>' } })).text()).not.toContain("data-theme");
  });

  it("leads nowhere else, and is not made by another site", async () => {
    for (const next of ["//evil.example", "/\\evil.example", "https://evil.example", "/.//evil.example", "x"]) {
      expect([next, localPath(next)]).toEqual([next, "/"]);
      const answer = await choose(new URLSearchParams({ theme: "light", next }).toString());
      expect([next, answer.headers.get("location")]).toEqual([next, "/"]);
    }
    expect((await choose("theme=dark", { origin: "https://evil.example" })).status).toBe(403);
  });
});

it("an icon is there for each status, and for nothing else", async () => {
  for (const name of ["success", "failure", "in_progress", "sandlot"]) {
    const answer = await ask(`/favicon/${name}.svg`);
    expect([name, answer.status, answer.headers.get("content-type")]).toEqual([
      name,
      200,
      "image/svg+xml; charset=utf-8",
    ]);
  }
  expect((await ask("/favicon/toString.svg")).status).toBe(404);
});
