import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { changeAttempt } from "../../../src/store/attempts.ts";
import { issueRuntimeToken } from "../../../src/store/runtime-token.ts";
import { saveCache as saveNative } from "../../../src/store/caches.ts";
import { signAddress } from "../../../src/web/results/urls.ts";
import {
  bytesOf,
  callTwirp,
  fetchAt,
  putBlob,
  putBlock,
  putBlockList,
  restoreCache,
  running,
  runningIn,
  saveCache,
  textOf,
  version,
} from "./results.ts";
import type { Caller } from "./results.ts";
import { migrate, seedAttempt, seedBuild, seedRepository } from "./support.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
  await seedRepository(2, "other");
});

let counted = 0;
const fresh = (): string => `key-${(counted += 1)}-`;

describe("the cache service", () => {
  it("gives back what was saved, by key and by prefix, the newest first", async () => {
    const [caller, key] = [await running(), fresh()];
    expect(await restoreCache(caller, `${key}1`)).toBeNull();
    expect(await saveCache(caller, `${key}1`, "one")).toMatchObject({ status: 200, body: { ok: true } });
    await new Promise((resolve) => setTimeout(resolve, 2));
    await saveCache(caller, `${key}2`, "two");
    expect(await restoreCache(caller, `${key}1`)).toBe(`${key}1: one`);
    expect(await restoreCache(caller, "none-", ["nor-this-", key])).toBe(`${key}2: two`);
    expect(await restoreCache(caller, `${key}1`, [], "b")).toBeNull();
  });

  it("writes down once a day that it was read, so that what is read stays", async () => {
    const [caller, key] = [await running(), fresh()];
    await saveCache(caller, key, "kept");
    const usedAfter = async (before: number) => {
      await env.DB.prepare("UPDATE caches SET used_at = ? WHERE key = ?").bind(before, key).run();
      await restoreCache(caller, key);
      return Number(await env.DB.prepare("SELECT used_at FROM caches WHERE key = ?").bind(key).first("used_at"));
    };
    const now = Date.now();
    expect(await usedAfter(now - 25 * 3_600_000)).toBeGreaterThanOrEqual(now);
    expect(await usedAfter(now - 3_600_000)).toBe(now - 3_600_000);
  });

  it("keeps the first of a key, whoever sends another", async () => {
    const [caller, key] = [await running(), fresh()];
    await saveCache(caller, key, "first");
    const second = await saveCache(await running(), key, "second");
    expect(second).toMatchObject({ status: 409, body: { code: "already_exists" } });
    expect(await restoreCache(caller, key)).toBe(`${key}: first`);
  });

  it("refuses a key that another running job reserved, until that job ends", async () => {
    const [one, two, key] = [await running(), await running(), fresh()];
    const message = { key, version: version("a") };
    expect((await callTwirp(one.token, "CreateCacheEntry", message)).status).toBe(200);
    expect((await callTwirp(two.token, "CreateCacheEntry", message)).status).toBe(409);
    await end(one);
    expect((await callTwirp(two.token, "CreateCacheEntry", message)).status).toBe(200);
  });

  it("shows a build the scopes that it descends from and no other", async () => {
    const key = fresh();
    const main = await running();
    const branch = await running({ ref: "refs/heads/topic" });
    const pull = await running({ ref: "refs/pull/7/merge", pullRequest: 7, baseRef: "main", event: "pull_request" });
    const fork = await running({ ref: "refs/pull/8/merge", pullRequest: 8, fork: true, baseRef: "main" });
    await saveCache(fork, `${key}fork`, "from a fork");
    await saveCache(branch, `${key}branch`, "from a branch");
    for (const reader of [main, pull]) expect(await restoreCache(reader, key)).toBeNull();
    await saveCache(main, `${key}main`, "from main");
    expect(await restoreCache(pull, key)).toBe(`${key}main: from main`);
    expect(await restoreCache(branch, key)).toBe(`${key}branch: from a branch`);
    expect(await restoreCache(fork, key)).toBe(`${key}fork: from a fork`);
  });

  it("does not show one repository's cache to another", async () => {
    const key = fresh();
    await saveCache(await running(), key, "mine");
    expect(await restoreCache(await running({ repositoryId: 2 }), key)).toBeNull();
  });

  it("finds no native cache of the same version, and leaves its key free", async () => {
    const [caller, key] = [await running(), fresh()];
    const scope = "branch:refs/heads/main";
    const identity = { repositoryId: 1, scope, key, version: version("a") };
    const handle = { id: "x", dir: "/x" };
    await saveNative(env.DB, { ...identity, handle, sha256: "", bytes: 1, createdAt: Date.now() }).run();
    expect(await restoreCache(caller, key)).toBeNull();
    expect(await saveCache(caller, key, "own")).toMatchObject({ status: 200 });
  });

  it("forgets a cache whose bytes are gone", async () => {
    const [caller, key] = [await running(), fresh()];
    await saveCache(caller, key, "short-lived");
    const row = await env.DB.prepare("SELECT handle FROM caches WHERE key = ?").bind(key).first<{ handle: string }>();
    const { prefix } = JSON.parse(row?.handle ?? "") as { prefix: string };
    await env.STORE.delete(`${prefix}/blob.json`);
    expect(await restoreCache(caller, key)).toBeNull();
    expect(await saveCache(caller, key, "again")).toMatchObject({ status: 200 });
  });

  it("refuses keys, versions and messages that are none", async () => {
    const { token } = await running();
    const refusals: [Record<string, unknown>, string][] = [
      [{ key: "k".repeat(513), version: "v" }, "invalid_argument"],
      [{ key: "a,b", version: "v" }, "invalid_argument"],
      [{ key: "", version: "v" }, "invalid_argument"],
      [{ key: "k" }, "invalid_argument"],
    ];
    for (const [message, code] of refusals)
      expect(await callTwirp(token, "CreateCacheEntry", message)).toMatchObject({ status: 400, body: { code } });
    const protobuf = { "content-type": "application/protobuf" };
    const answer = await callTwirp(token, "CreateCacheEntry", {}, protobuf);
    expect(answer).toMatchObject({ status: 404, body: { code: "bad_route" } });
  });
});

async function end({ attemptId }: Caller): Promise<void> {
  const change = { to: "completed", conclusion: "success", reason: null, detail: null, at: Date.now() } as const;
  await changeAttempt(env.DB, attemptId, change).run();
}

describe("the token of an attempt", () => {
  const message = { key: "token", version: version("a") };
  const ask = async (token: string | null): Promise<number> =>
    (await callTwirp(token, "GetCacheEntryDownloadURL", message)).status;

  it("is refused when it is absent, over, changed or signed by another key", async () => {
    const { token, attemptId, build, job } = await running();
    expect(await ask(token)).toBe(200);
    expect(await ask(null)).toBe(401);
    const [head, body, signature] = token.split(".");
    expect(await ask(`${head}.${body}.${signature?.replace(/^./, (c) => (c === "A" ? "B" : "A"))}`)).toBe(401);
    const none = btoa(JSON.stringify({ alg: "none", typ: "JWT" })).replaceAll("=", "");
    expect(await ask(`${none}.${body}.`)).toBe(401);
    const claims = { attemptId, buildId: build.id, jobId: job.id };
    const other = await issueRuntimeToken(btoa("x".repeat(32)), claims, { from: 0, until: Date.now() + 60_000 });
    expect(await ask(other)).toBe(401);
    expect(await ask(await issueRuntimeToken(env.SANDLOT_MASTER_KEY, claims, { from: 0, until: 1000 }))).toBe(401);
    expect(await ask(env.SANDLOT_API_TOKEN)).toBe(401);
  });

  it("is worth nothing once its attempt ended, or another took its place", async () => {
    const ended = await running();
    await end(ended);
    expect(await ask(ended.token)).toBe(401);
    const lost = await running();
    await env.DB.prepare("UPDATE jobs SET admitted = 0, status = 'queued' WHERE id = ?").bind(lost.job.id).run();
    await seedAttempt({ ...lost.job, attempt: 1 });
    expect(await ask(lost.token)).toBe(401);
  });
});

describe("a block blob", () => {
  const reserve = async (caller: Caller, key: string): Promise<string> => {
    const { body } = await callTwirp(caller.token, "CreateCacheEntry", { key, version: version("a") });
    return String(body["signed_upload_url"]);
  };
  const finalize = (caller: Caller, key: string, bytes: number) =>
    callTwirp(caller.token, "FinalizeCacheEntryUpload", { key, version: version("a"), size_bytes: String(bytes) });

  it("is read in the order of its list, whatever order, sizes and repetitions its blocks came in", async () => {
    const [caller, key] = [await running(), fresh()];
    const url = await reserve(caller, key);
    expect(await putBlock(url, "c", bytesOf("!"))).toBe(201);
    expect(await putBlock(url, "a", bytesOf("wrong"))).toBe(201);
    expect(await putBlock(url, "b", bytesOf(", world"))).toBe(201);
    expect(await putBlock(url, "a", bytesOf("hello"))).toBe(201);
    expect(await putBlockList(url, ["a", "missing"])).toBe(400);
    expect(await putBlockList(url, ["b", "a"])).toBe(201);
    expect(await putBlockList(url, ["a", "b", "c"])).toBe(201);
    expect(await putBlockList(url, ["a", "b", "c"])).toBe(201);
    expect(await finalize(caller, key, 13)).toMatchObject({ body: { ok: true } });
    expect(await finalize(caller, key, 13)).toMatchObject({ body: { ok: true } });
    expect(await restoreCache(caller, key)).toBe(`${key}: hello, world!`);
  });

  it("gives any stretch of itself", async () => {
    const [caller, key] = [await running(), fresh()];
    const url = await reserve(caller, key);
    for (const part of ["01", "2", "345", "6789"]) await putBlock(url, part, bytesOf(part));
    await putBlockList(url, ["01", "2", "345", "6789"]);
    await finalize(caller, key, 10);
    const { body } = await callTwirp(caller.token, "GetCacheEntryDownloadURL", { key, version: version("a") });
    const address = String(body["signed_download_url"]);
    for (const [range, text] of Object.entries({ "bytes=1-5": "12345", "bytes=-3": "789", "bytes=2-2": "2" })) {
      const response = await fetchAt(address, { headers: { range } });
      expect([response.status, await textOf(response)]).toEqual([206, text]);
    }
    const head = await fetchAt(address, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("10");
  });

  it("takes nothing more once it is sealed", async () => {
    const [caller, key] = [await running(), fresh()];
    const url = await reserve(caller, key);
    await putBlob(url, bytesOf("kept"));
    await finalize(caller, key, 4);
    expect(await putBlob(url, bytesOf("late"))).toBe(409);
    expect(await putBlock(url, "x", bytesOf("late"))).toBe(409);
    expect(await putBlockList(url, [])).toBe(409);
    expect(await restoreCache(caller, key)).toBe(`${key}: kept`);
  });

  it("takes nothing from a job that ended", async () => {
    const [caller, key] = [await running(), fresh()];
    const url = await reserve(caller, key);
    await end(caller);
    expect(await putBlob(url, bytesOf("late"))).toBe(409);
  });

  it("is refused where its size is not what was announced, or nothing was sent", async () => {
    const [caller, key] = [await running(), fresh()];
    const url = await reserve(caller, key);
    expect(await finalize(caller, key, 0)).toMatchObject({ status: 412 });
    const again = await reserve(caller, key);
    expect(again).not.toBe(url);
    await putBlob(again, bytesOf("four"));
    expect(await finalize(caller, key, 5)).toMatchObject({ status: 400 });
    expect(await restoreCache(caller, key)).toBeNull();
  });

  it("is taken and given at its own address only, in its own direction, for a while", async () => {
    const [caller, key] = [await running(), fresh()];
    const url = await reserve(caller, key);
    const other = new URL(await reserve(caller, fresh()));
    const [, query = ""] = url.split("?");
    for (const wrong of [
      `${other.origin}${other.pathname}?${query}`,
      url.replace(/sig=./, (s) => (s.endsWith("A") ? "sig=B" : "sig=A")),
      url.replace(/se=\d+/, "se=9999999999"),
      url.slice(0, url.indexOf("?")),
    ])
      expect(await putBlob(wrong, bytesOf("x"))).toBe(403);
    const rooms = { publicUrl: other.origin, masterKey: env.SANDLOT_MASTER_KEY };
    expect(await putBlob(await signAddress(rooms, "up", new URL(url).pathname, 1000), bytesOf("x"))).toBe(403);
    expect(await putBlob(await signAddress(rooms, "down", new URL(url).pathname, 1e14), bytesOf("x"))).toBe(403);
    expect((await fetchAt(`${other.origin}/results/caches/1/x?${query}`)).status).toBe(403);
  });

  it("refuses what is no block, no list and no blob", async () => {
    const caller = await running();
    const url = await reserve(caller, fresh());
    const put = async (query: string, init: RequestInit): Promise<number> =>
      (await fetchAt(`${url}${query}`, { method: "PUT", ...init })).status;
    expect(await put("", { body: "x" })).toBe(400);
    expect(await put("&comp=page", { body: "x" })).toBe(400);
    expect(await put("&comp=block&blockid=..%2F..", { body: "x" })).toBe(400);
    expect(await put("&comp=block", { body: "x" })).toBe(400);
    expect(await put("&comp=blocklist", { body: "<BlockList><Latest>no</BlockList>" })).toBe(400);
    expect(await put("&comp=blocklist", { body: "x".repeat(3_000_000) })).toBe(400);
    const large = { "content-length": String(200 * 1024 * 1024), "x-ms-blob-type": "BlockBlob" };
    expect(await put("", { body: "x", headers: large })).toBe(413);
  });

  it("of one build may be made by several jobs", async () => {
    const build = await seedBuild();
    const [one, two] = [await runningIn(build, "one"), await runningIn(build, "two")];
    const keys = [fresh(), fresh()];
    await Promise.all([saveCache(one, keys[0] ?? "", "1"), saveCache(two, keys[1] ?? "", "2")]);
    expect(await restoreCache(two, keys[0] ?? "")).toBe(`${keys[0]}: 1`);
  });
});
