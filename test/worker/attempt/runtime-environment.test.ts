import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { discardUploads } from "../../../src/attempt/discard-uploads.ts";
import { runtimeEnvironment } from "../../../src/attempt/actions/runtime-environment.ts";
import { UNFINISHED_UPLOAD_MS } from "../../../src/model/limits.ts";
import { readAttempt } from "../../../src/store/attempts.ts";
import { clearExpired } from "../../../src/sweep/retention.ts";
import { callTwirp, putBlob, bytesOf, restoreCache, running, saveCache, version } from "../web/results.ts";
import { migrate, seedRepository } from "../web/support.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
});

async function environment(vars: { PUBLIC_URL: string; GITHUB_SERVER_URL: string }) {
  const { attemptId } = await running();
  const attempt = await readAttempt(env.DB, attemptId);
  if (attempt === null) throw new Error("no attempt");
  const masks: string[] = [];
  const vault = {
    learn: async (values: readonly string[]) => {
      masks.push(...values);
    },
  };
  const session = {
    env: { ...vars, SANDLOT_MASTER_KEY: env.SANDLOT_MASTER_KEY },
    facts: { attempt },
    deadline: Date.now() + 60_000,
    vault,
  };
  return { given: await runtimeEnvironment(session), again: await runtimeEnvironment(session), masks };
}

describe("what an action is given", () => {
  it("is the address of this Worker and a masked token that its services take", async () => {
    const vars = { PUBLIC_URL: "https://ci.example/", GITHUB_SERVER_URL: "https://github.com" };
    const { given, again, masks } = await environment(vars);
    const token = given.env["ACTIONS_RUNTIME_TOKEN"] ?? "";
    expect(given).toMatchObject({
      env: {
        ACTIONS_RESULTS_URL: "https://ci.example/",
        ACTIONS_RUNTIME_URL: "https://ci.example/",
        ACTIONS_CACHE_SERVICE_V2: "true",
      },
      warning: null,
    });
    expect(Object.keys(given.env).filter((name) => /ID_TOKEN|CACHE_URL|SERVER_URL/.test(name))).toEqual([]);
    expect(again).toEqual(given);
    expect(new Set(masks)).toEqual(new Set([token]));
    const found = await callTwirp(token, "GetCacheEntryDownloadURL", { key: "k", version: version("a") });
    expect(found).toMatchObject({ status: 200, body: { ok: false } });
  });

  it("is nothing but a word on the setting where the Worker has no address", async () => {
    const { given } = await environment({ PUBLIC_URL: "", GITHUB_SERVER_URL: "https://github.com" });
    expect(given.env).toEqual({});
    expect(given.warning).toContain("PUBLIC_URL is not set on this Worker");
  });

  it("names a server that clients do not take for GitHub Enterprise on one machine", async () => {
    const vars = { PUBLIC_URL: "http://127.0.0.1:1", GITHUB_SERVER_URL: "http://127.0.0.1:8080" };
    expect((await environment(vars)).given.env["GITHUB_SERVER_URL"]).toBe("http://github.localhost:8080");
  });
});

describe("what an action began to send", () => {
  const keys = async () => (await env.STORE.list({ prefix: "repositories/1/caches/" })).objects.map(({ key }) => key);

  it("goes with its attempt, and what was saved stays", async () => {
    const caller = await running();
    await saveCache(caller, "kept", "kept");
    const kept = await keys();
    const half = { key: "half", version: version("a") };
    const { body } = await callTwirp(caller.token, "CreateCacheEntry", half);
    await putBlob(String(body["signed_upload_url"]), bytesOf("half"));
    expect((await keys()).length).toBeGreaterThan(kept.length);
    await discardUploads(env, caller.attemptId);
    await discardUploads(env, caller.attemptId);
    expect(await keys()).toEqual(kept);
    expect(await restoreCache(caller, "kept")).toBe("kept: kept");
    expect(await callTwirp(caller.token, "CreateCacheEntry", half)).toMatchObject({ status: 200 });
  });

  it("is found by the sweep a day later where no cache names it any more", async () => {
    const caller = await running();
    await saveCache(caller, "named", "named");
    await saveCache(caller, "forgotten", "forgotten");
    await env.DB.prepare("DELETE FROM caches WHERE key = 'forgotten'").run();
    const before = (await keys()).length;
    await clearExpired(env, Date.now() + UNFINISHED_UPLOAD_MS + 1000, new Map());
    expect((await keys()).length).toBeLessThan(before);
    expect(await restoreCache(caller, "named")).toBe("named: named");
    expect(await restoreCache(caller, "forgotten")).toBeNull();
  });
});
