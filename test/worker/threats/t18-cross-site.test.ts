import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Build } from "../../../src/model/build.ts";
import { letPerson } from "../../support/github-control.ts";
import type { TestRepository } from "../../support/github-control.ts";
import { github, knownRepository, makeToken, signIn, visit } from "../auth/visitors.ts";
import type { Visit } from "../auth/visitors.ts";
import { migrate, NO_BUILD, seedBuild, seedJob } from "../web/support.ts";

let repository: TestRepository;
let other: TestRepository;
let pusher = "";
let reader = "";

beforeAll(async () => {
  await migrate();
  [repository, other] = [await knownRepository(), await knownRepository()];
  await letPerson(github, repository, "pia", "push");
  await letPerson(github, repository, "rob", "read");
  [pusher, reader] = [await signIn("pia"), await signIn("rob")];
});

async function endedBuild(of = repository): Promise<Build> {
  const state = { status: "completed", conclusion: "failure", reason: null, detail: null, completedAt: 9 } as const;
  const build = await seedBuild({ repositoryId: of.id, state });
  await seedJob(build.id, "test", { repositoryId: of.id, state });
  return build;
}

const rerun = async (build: string, given: Visit): Promise<number> =>
  (await visit(`/api/builds/${build}/rerun`, { method: "POST", ...given })).status;
const started = async (build: Build): Promise<number> => {
  const rows = await env.DB.prepare("SELECT 1 FROM deliveries WHERE build_id = ?").bind(build.id).all();
  return rows.results.length;
};

describe("T18: a request that another site makes a browser send", () => {
  const TYPES = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain", null];
  const ELSEWHERE: Record<string, string>[] = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "none" },
    { origin: "https://evil.example" },
    { origin: "https://sandlot.example.evil.example" },
    { origin: "null" },
    {},
  ];

  it("changes nothing, of whatever type its body is", async () => {
    const build = await endedBuild();
    for (const from of ELSEWHERE) {
      for (const type of TYPES) {
        const headers = { ...from, ...(type === null ? {} : { "content-type": type }) };
        const status = await rerun(build.id, { cookie: pusher, headers, body: "{}" });
        expect([from, type, status]).toEqual([from, type, 403]);
      }
    }
    expect(await started(build)).toBe(0);
    const form = { "sec-fetch-site": "cross-site", "content-type": "application/x-www-form-urlencoded" };
    expect((await visit("/logout", { method: "POST", cookie: pusher, headers: form })).status).toBe(403);
    expect((await visit("/", { cookie: pusher })).status).toBe(200);
  });

  it("reads nothing through a WebSocket either", async () => {
    const build = await endedBuild();
    const headers = { upgrade: "websocket", origin: "https://evil.example" };
    expect((await visit(`/builds/${build.id}`, { cookie: pusher, headers })).status).toBe(403);
  });

  it("is told from our own pages' by Sec-Fetch-Site, or by Origin where that is missing", async () => {
    const headers = { "content-type": "application/json" };
    const one = await endedBuild();
    expect(await rerun(one.id, { cookie: pusher, headers, own: true })).toBe(202);
    const two = await endedBuild();
    expect(await rerun(two.id, { cookie: pusher, headers: { ...headers, origin: "https://sandlot.example" } })).toBe(
      202,
    );
  });

  it("does not concern programs: no browser sends their token by itself", async () => {
    const build = await endedBuild();
    const token = await makeToken({ name: "elsewhere", scope: "act" });
    expect(await rerun(build.id, { token, headers: { origin: "https://evil.example" } })).toBe(202);
  });
});

describe("T18: a rerun", () => {
  it("asked for by nobody is 401, there or not", async () => {
    const build = await endedBuild();
    expect(await rerun(build.id, {})).toBe(401);
    expect(await rerun(NO_BUILD, {})).toBe(401);
    expect((await visit(`/builds/${build.id}/rerun`, { method: "POST" })).status).toBe(401);
    expect(await started(build)).toBe(0);
  });

  it("asked for by somebody who may only read is 403", async () => {
    const build = await endedBuild();
    expect(await rerun(build.id, { cookie: reader, own: true })).toBe(403);
    const token = await makeToken({ name: "reader", scope: "read" });
    expect(await rerun(build.id, { token })).toBe(403);
    expect(await started(build)).toBe(0);
  });

  it("of another repository's build is 404", async () => {
    const build = await endedBuild(other);
    expect(await rerun(build.id, { cookie: pusher, own: true })).toBe(404);
    const token = await makeToken({ name: "one-repository", scope: "act", repository: repository.fullName });
    expect(await rerun(build.id, { token })).toBe(404);
    expect(await rerun((await endedBuild()).id, { token })).toBe(202);
    expect(await started(build)).toBe(0);
  });

  it("by GET is 405, and does nothing", async () => {
    const build = await endedBuild();
    expect((await visit(`/api/builds/${build.id}/rerun`, { cookie: pusher })).status).toBe(405);
    expect(await started(build)).toBe(0);
  });
});
