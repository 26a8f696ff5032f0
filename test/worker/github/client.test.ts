/** Every way GitHub fails us, over real HTTP: what can be done about it, and how long to wait. */

import { describe, expect, inject, it } from "vitest";
import { type GitHubConfig, installationOctokit } from "../../../src/github/app.ts";
import { GitHubFault, toFault } from "../../../src/github/client.ts";
import { readCommit, readRepository } from "../../../src/github/contents.ts";
import { postStatus } from "../../../src/github/statuses.ts";
import type { FaultAnswer } from "../../../src/local/github-state.ts";
import {
  addFault,
  callsTo,
  createRepository,
  renameRepository,
  statusesOf,
  type TestRepository,
} from "../../support/github-control.ts";

const github = inject("gitHubApp");
const config: GitHubConfig = { apiUrl: github.url, appId: github.appId, privateKey: github.privateKey };

function status(repository: TestRepository, name = repository.name) {
  return {
    owner: repository.owner,
    repo: name,
    sha: repository.sha,
    state: "success",
    context: "sandlot / ci",
    description: "1 job passed",
    targetUrl: null,
  } as const;
}

async function faultWith(answer: FaultAnswer): Promise<{ fault: GitHubFault; repository: TestRepository }> {
  const repository = await createRepository(github, { a: "1" });
  await addFault(github, { on: "repos/create-commit-status", repository: repository.fullName, answers: [answer] });
  const octokit = installationOctokit(config, repository.installationId);
  const fault = await postStatus(octokit, status(repository)).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(fault instanceof GitHubFault)) throw new Error(`no fault of GitHub's: ${String(fault)}`);
  return { fault, repository };
}

const json = (message: string) => JSON.stringify({ message });
const now = Math.floor(Date.now() / 1000);
const table: [string, FaultAnswer, Partial<GitHubFault>][] = [
  ["500", { status: 500, body: json("oops") }, { reason: "unavailable", retryAfterMs: null, status: 500 }],
  [
    "502 with a page",
    { status: 502, headers: { "content-type": "text/html" }, body: "<html>Unicorn</html>" },
    { reason: "unavailable", status: 502 },
  ],
  [
    "503 with a time",
    { status: 503, headers: { "retry-after": "7" }, body: "" },
    { reason: "unavailable", retryAfterMs: 7000 },
  ],
  ["201 with half a body", { status: 201, body: '{"id": 1, "sta' }, { reason: "unavailable", status: 201 }],
  ["a dropped connection", { drop: "before" }, { reason: "unavailable", status: null }],
  [
    "the primary limit",
    {
      status: 403,
      headers: {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": String(now + 90),
        date: new Date(now * 1000).toUTCString(),
      },
      body: json("API rate limit exceeded for installation ID 1."),
    },
    { reason: "rate_limited", retryAfterMs: 90_000 },
  ],
  [
    "the secondary limit with a time",
    { status: 403, headers: { "retry-after": "42" }, body: json("You have exceeded a secondary rate limit.") },
    { reason: "rate_limited", retryAfterMs: 42_000 },
  ],
  [
    "the secondary limit without a time",
    { status: 403, body: json("You have exceeded a secondary rate limit.") },
    { reason: "rate_limited", retryAfterMs: 60_000 },
  ],
  ["429", { status: 429, body: json("Too many requests") }, { reason: "rate_limited", retryAfterMs: 60_000 }],
  [
    "403",
    { status: 403, body: json("Resource not accessible by integration") },
    { reason: "forbidden", retryAfterMs: null },
  ],
  [
    "403 for an archived repository",
    { status: 403, body: json("Repository was archived so is read-only.") },
    { reason: "forbidden" },
  ],
  ["404", { status: 404, body: json("Not Found") }, { reason: "not_found" }],
  ["451", { status: 451, body: json("Repository access blocked") }, { reason: "not_found" }],
  ["422", { status: 422, body: json("Validation Failed") }, { reason: "invalid", status: 422 }],
];

describe("a call that fails", () => {
  for (const [what, answer, expected] of table) {
    it(`with ${what} is ${expected.reason}, and is made once`, async () => {
      const { fault, repository } = await faultWith(answer);
      expect(fault).toMatchObject(expected);
      expect(fault.message).toContain("POST /repos/{owner}/{repo}/statuses/{sha}");
      const calls = await callsTo(github, repository.fullName);
      expect(calls.filter((call) => call.operation === "repos/create-commit-status").length).toBe(1);
      expect(await statusesOf(github, repository.fullName)).toEqual([]);
    });
  }

  it("may have been carried out all the same, when only the answer is lost", async () => {
    const { fault, repository } = await faultWith({ drop: "after" });
    expect(fault.reason).toBe("unavailable");
    expect((await statusesOf(github, repository.fullName)).length).toBe(1);
  });

  it("holds no credential in its message or its cause", async () => {
    const { fault } = await faultWith({ status: 500, body: json("oops") });
    const seen = `${fault.message} ${JSON.stringify(fault.cause)} ${String(fault.stack)}`;
    expect(seen).not.toContain("ghs_");
    expect(seen).not.toContain(github.privateKey.slice(40, 80));
  });

  it("with 401 even with a new token is unauthorized", async () => {
    const repository = await createRepository(github, { a: "1" });
    const refused = { status: 401, body: json("Bad credentials") };
    await addFault(github, { on: "repos/get", repository: repository.fullName, answers: [refused, refused] });
    const octokit = installationOctokit(config, repository.installationId);
    const call = readRepository(octokit, { owner: repository.owner, repo: repository.name });
    await expect(call).rejects.toMatchObject({ name: "GitHubFault", reason: "unauthorized", status: 401 });
  });
});

describe("a call", () => {
  it("is given up after its time, and that is GitHub's fault", async () => {
    const signals: (AbortSignal | null | undefined)[] = [];
    const fetchNever = async (_: string, init?: RequestInit): Promise<Response> => {
      signals.push(init?.signal);
      throw new DOMException("The operation timed out", "TimeoutError");
    };
    const octokit = installationOctokit({ ...config, appId: "4712", fetch: fetchNever }, 1);
    await expect(readCommit(octokit, { owner: "a", repo: "b", sha: "c" })).rejects.toMatchObject({
      reason: "unavailable",
      status: null,
    });
    expect(signals.length).toBe(1);
    expect(signals[0]).toBeInstanceOf(AbortSignal);
  });

  it("follows a renamed repository, reading and writing", async () => {
    const repository = await createRepository(github, { a: "1" });
    await renameRepository(github, repository, `${repository.name}-renamed`);
    const octokit = installationOctokit(config, repository.installationId);
    const read = await readRepository(octokit, { owner: repository.owner, repo: repository.name });
    expect(read).toMatchObject({ id: repository.id, name: `${repository.name}-renamed` });
    await postStatus(octokit, status(repository));
    const calls = await callsTo(github, repository.fullName);
    expect(calls.map((call) => call.status)).toEqual([301, 307]);
    expect((await statusesOf(github, `${repository.fullName}-renamed`)).map((one) => one.state)).toEqual(["success"]);
  });
});

it("a surprise of our own is told apart from an answer of GitHub's", () => {
  expect(toFault(new TypeError("x is undefined"), "GET /")).toMatchObject({ reason: "unavailable", status: null });
  const known = new GitHubFault("invalid", "as it was");
  expect(toFault(known, "GET /")).toBe(known);
});
