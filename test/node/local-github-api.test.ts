/** The local GitHub as plain HTTP clients see it: what GitHub refuses is refused, and written down. */

import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installationOctokit, mintToken } from "../../src/github/app.ts";
import { postStatus } from "../../src/github/statuses.ts";
import { verifyWebhook } from "../../src/github/webhook.ts";
import { deliverWebhook, pushPayload } from "../../src/local/deliver.ts";
import { loadDescription, TIGHTENINGS } from "../../src/local/github-openapi.ts";
import { serveRepository, type ServedRepository } from "../support/served-repository.ts";

let served: ServedRepository;

beforeAll(async () => {
  served = await serveRepository();
});

afterAll(async () => {
  await served.close();
});

describe("the API", () => {
  const post = async (path: string, body: unknown, authorization: string) => {
    const headers = { authorization, "content-type": "application/json" };
    const init = { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) };
    const response = await fetch(`${served.github.url}${path}`, init);
    return { status: response.status, body: (await response.json()) as { message: string } };
  };
  const statusPath = () => `/repos/ada/work/statuses/${served.sha}`;
  const writer = async () => `token ${await served.mint({ statuses: "write" })}`;

  it("refuses what GitHub's description does not allow, or GitHub beyond it, and records why", async () => {
    const authorization = await writer();
    const wrong: [unknown, string][] = [
      [{ state: "passed" }, "state"],
      [{ description: "x" }, "state"],
      [{ state: "success", description: 5 }, "description"],
      [{ state: "success", description: "x".repeat(141) }, "description"],
      [{ state: "success", context: "x".repeat(256) }, "context"],
      [{ state: "success", target_url: "javascript:alert(1)" }, "target_url"],
    ];
    for (const [body, field] of wrong) {
      expect(await post(statusPath(), body, authorization)).toMatchObject({ status: 422 });
      const call = served.github.calls.at(-1);
      expect(call).toMatchObject({ valid: false, operation: "repos/create-commit-status", status: 422 });
      expect(call?.problems.join()).toContain(field);
    }
    expect(await post(statusPath(), "{", authorization)).toMatchObject({ status: 400 });
    expect(await post(statusPath(), { state: "success", target_url: null }, authorization)).toMatchObject({
      status: 201,
    });
  });

  it("has a limit of 1000 statuses for one commit and context", async () => {
    const { sha } = (await served.control("POST", "repositories", {
      owner: "ada",
      name: "many",
      files: { a: "1" },
    })) as {
      sha: string;
    };
    const many = served.github.repository("ada", "many");
    if (many === null) throw new Error("it was just made");
    for (let id = 0; id < 1000; id += 1) {
      const common = { repository: "ada/many", repositoryId: many.id, sha, description: null, targetUrl: null };
      served.github.statuses.push({ id, state: "pending", context: "full", at: 0, ...common });
    }
    const octokit = installationOctokit(served.config, many.installationId);
    const about = { owner: "ada", repo: "many", sha, state: "success", description: "", targetUrl: null } as const;
    await expect(postStatus(octokit, { ...about, context: "full" })).rejects.toMatchObject({ reason: "invalid" });
    await postStatus(octokit, { ...about, context: "other" });
  });

  it("asks for the right that each call needs, and hides what a token does not reach", async () => {
    const reader = `token ${await served.mint({ contents: "read" })}`;
    expect(await post(statusPath(), { state: "success" }, reader)).toMatchObject({ status: 403 });
    expect(await post("/repos/ada/other/statuses/x", { state: "success" }, await writer())).toMatchObject({
      status: 404,
    });
    expect(await post(statusPath(), { state: "success" }, "token nope")).toMatchObject({ status: 401 });
    const tokens = `/app/installations/${served.repository.installationId}/access_tokens`;
    expect(await post(tokens, {}, reader)).toMatchObject({ status: 401 });
    expect(await post(tokens, {}, "bearer a.b.c")).toMatchObject({ status: 401 });
  });

  it("gives no token for more than the App was given", async () => {
    for (const permissions of [{ contents: "admin" }, { administration: "read" }, { pull_requests: "write" }]) {
      const scope = { repositoryId: served.repository.id, permissions: permissions as Record<string, "read"> };
      await expect(mintToken(served.config, served.repository.installationId, scope)).rejects.toMatchObject({
        reason: "invalid",
      });
    }
    const scope = { repositoryId: 1, permissions: {} };
    await expect(mintToken(served.config, served.repository.installationId, scope)).rejects.toMatchObject({
      reason: "invalid",
    });
  });

  it("combines the latest status of each context as GitHub does", async () => {
    const made = (await served.control("POST", "repositories", {
      owner: "ada",
      name: "combined",
      files: { a: "1" },
    })) as {
      sha: string;
      installationId: number;
    };
    const octokit = installationOctokit(served.config, made.installationId);
    const at = { owner: "ada", repo: "combined" };
    const combined = async () => {
      const { data } = await octokit.rest.repos.getCombinedStatusForRef({ ...at, ref: "main" });
      return data.state;
    };
    const states = [await combined()];
    for (const [context, state] of [
      ["a", "success"],
      ["b", "pending"],
      ["b", "error"],
      ["b", "success"],
    ] as const) {
      await postStatus(octokit, { ...at, sha: made.sha, state, context, description: "", targetUrl: null });
      states.push(await combined());
    }
    expect(states).toEqual(["pending", "success", "pending", "failure", "success"]);
    const { data } = await octokit.rest.repos.listCommitStatusesForRef({ ...at, ref: "main" });
    expect(data.map((status) => status.state)).toEqual(["success", "error", "pending", "success"]);
  });

  it("records a call that GitHub does not have as invalid", async () => {
    expect((await fetch(`${served.github.url}/repos/ada/work/nonsense`)).status).toBe(404);
    expect(served.github.calls.at(-1)).toMatchObject({ operation: null, valid: false, status: 404 });
  });

  it("takes slashes in a path or ref raw or encoded", async () => {
    const headers = { authorization: `token ${await served.mint({ contents: "read" })}` };
    for (const path of [
      "git/ref/heads/main",
      "git/ref/heads%2Fmain",
      "contents/a.txt",
      `compare/main...${served.sha}`,
    ]) {
      const response = await fetch(`${served.github.url}/repos/ada/work/${path}`, { headers });
      expect(response.status, path).toBe(200);
    }
  });

  it("stalls where it is asked to: that call waits, others do not", async () => {
    await served.control("POST", "faults", { on: "repos/get", answers: [{ stallMs: 3_600_000 }] });
    const giveUp = new AbortController();
    const stalled = fetch(`${served.github.url}/repos/ada/work`, { signal: giveUp.signal });
    const reached = async () => ((await served.control("GET", "calls")) as { operation: string }[]).at(-1)?.operation;
    await expect.poll(reached).toBe("repos/get");
    giveUp.abort();
    await expect(stalled).rejects.toThrow("aborted");
    expect((await fetch(`${served.github.url}/repos/ada/work`)).status).toBe(401);
  });

  it("keeps its controls behind a token", async () => {
    expect(await served.control("GET", "calls", undefined, "wrong")).toEqual({ message: "a wrong control token" });
  });
});

it("every tightening of GitHub's description has its reason, and still finds its place", async () => {
  await loadDescription();
  for (const { at, reason } of TIGHTENINGS) expect(`${at.join("/")}: ${reason}`.length).toBeGreaterThan(40);
});

it("a webhook is delivered with GitHub's headers, signed over the bytes sent", async () => {
  const received = new Promise<{ headers: Record<string, unknown>; body: Uint8Array }>((resolve) => {
    const server = createServer((request, response) => {
      const chunks: Uint8Array[] = [];
      request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      request.on("end", () => {
        response.writeHead(202).end();
        server.close();
        resolve({ headers: request.headers, body: new Uint8Array(Buffer.concat(chunks)) });
      });
    });
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      const payload = pushPayload({
        url: served.github.url,
        repository: served.repository,
        ref: "refs/heads/main",
        before: null,
        after: served.sha,
      });
      void deliverWebhook({ url: `http://127.0.0.1:${port}/`, secret: "s", event: "push", payload, id: "one" });
    });
  });
  const { headers, body: rawBody } = await received;
  expect(headers).toMatchObject({ "x-github-event": "push", "x-github-delivery": "one" });
  expect(await verifyWebhook({ secrets: ["s"], rawBody, signature: String(headers["x-hub-signature-256"]) })).toBe(
    true,
  );
});
