/** Faults of GitHub and of the way to it, each named after its row of docs/faults.md. */

import { afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  callsTo,
  commit,
  createRepository,
  deleteRepository,
  endTokens,
  pruneRepository,
  renameRepository,
  statusesOf,
} from "../../support/github-control.ts";
import type { TestRepository } from "../../support/github-control.ts";
import { ci, faultOfGitHub, PATH, buildOf, says, states } from "./disturbed.ts";
import { nothingLost } from "./nothing-lost.ts";
import { deliveryOf, ended, github, migrate, push } from "./river.ts";

beforeAll(migrate);
const unheard: string[] = [];
afterEach(async () => {
  await nothingLost({ unheard });
}, 60_000);

const ON = "[push, pull_request]";
const TRUE = ci("      - run: 'true'", ON);
const SLOW = ci("      - run: echo started; sleep 2; echo over");
const repositoryOf = (workflow = TRUE) => createRepository(github, { [PATH]: workflow });
const started = (id: string) => says({ id }, "started\n");

describe("F12: a GitHub that fails for a while", () => {
  it("changes nothing of the build, and is told its end", async () => {
    const repository = await repositoryOf();
    const page = { status: 502, headers: { "content-type": "text/html" }, body: "<html>Unicorn</html>" };
    await faultOfGitHub(repository, "repos/get-content", { status: 500, body: "{}" }, page);
    await faultOfGitHub(
      repository,
      "repos/create-commit-status",
      { status: 500, body: "{}" },
      { drop: "before" },
      { drop: "after" },
    );
    const view = await ended(await buildOf(await push(repository)));
    expect(view.conclusion).toBe("success");
    expect((await states(repository)).at(-1)).toBe("success");
  });
});

describe("F13: GitHub's secondary limit", () => {
  it("is waited for as long as GitHub asks, with no call in between", async () => {
    const repository = await repositoryOf();
    await faultOfGitHub(repository, "repos/create-commit-status", {
      status: 403,
      headers: { "retry-after": "3" },
      body: JSON.stringify({ message: "You have exceeded a secondary rate limit" }),
    });
    await ended(await buildOf(await push(repository)));
    const posts = (await callsTo(github, repository.fullName)).filter(
      (one) => one.operation === "repos/create-commit-status",
    );
    const refused = posts.findIndex((one) => one.status === 403);
    expect(refused).toBeGreaterThanOrEqual(0);
    const [next] = posts.slice(refused + 1);
    expect(next?.status).toBe(201);
    expect((next?.at ?? 0) - (posts[refused]?.at ?? 0)).toBeGreaterThanOrEqual(3000);
    expect((await states(repository)).at(-1)).toBe("success");
  });
});

describe("F14: tokens that end while a build runs", () => {
  it("are renewed, and the end is told", async () => {
    const repository = await repositoryOf(SLOW);
    const id = await buildOf(await push(repository));
    await started(id);
    await endTokens(github, repository.installationId);
    expect((await ended(id)).conclusion).toBe("success");
    expect((await states(repository)).at(-1)).toBe("success");
  });
});

describe("F15: a repository that", () => {
  it("is renamed while it is built is found by its id", async () => {
    const repository = await repositoryOf(SLOW);
    const id = await buildOf(await push(repository));
    await started(id);
    await renameRepository(github, repository, `${repository.name}-renamed`);
    expect((await ended(id)).conclusion).toBe("success");
    const renamed = await statusesOf(github, `${repository.owner}/${repository.name}-renamed`);
    expect(renamed.at(-1)?.state).toBe("success");
    unheard.push(id);
  });

  it("is deleted, and the App with it, while it is built leaves nothing behind, and GitHub is not asked for ever", async () => {
    const repository = await createRepository(
      github,
      { [PATH]: SLOW },
      { owner: `gone-${crypto.randomUUID().slice(0, 8)}` },
    );
    const id = await buildOf(await push(repository));
    await started(id);
    await deleteRepository(github, repository);
    await endTokens(github, repository.installationId);
    unheard.push(id);
    await ended(id);
    const calls = (await callsTo(github)).length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const later = (await callsTo(github)).slice(calls).filter((one) => one.repository === repository.fullName);
    expect(later).toEqual([]);
  });
});

describe("F16: a commit that is gone after a force push", () => {
  async function forcePush(repository: TestRepository): Promise<void> {
    await commit(github, repository, { parent: null, files: { [PATH]: TRUE, "new.txt": "new" }, message: "Other" });
    await pruneRepository(github, repository);
  }

  it("before it was looked at starts nothing, and the delivery says why", async () => {
    const repository = await repositoryOf();
    await forcePush(repository);
    const { workflows, summary } = await deliveryOf(await push(repository));
    expect(workflows).toEqual([]);
    expect(summary).toMatch(/is gone/);
  });

  it("before its checkout fails the job, and says why", async () => {
    const repository = await repositoryOf(ci("      - run: echo started; sleep 2\n      - uses: actions/checkout@v4"));
    const id = await buildOf(await push(repository));
    await started(id);
    await forcePush(repository);
    unheard.push(id);
    expect(await ended(id)).toMatchObject({ conclusion: "failure", reason: "commit_gone" });
  });
});

describe("F17: three pushes in a row in one concurrency group", () => {
  it("leave a final word on each commit, and the last one's is its own", async () => {
    const repository = await repositoryOf(
      ci("      - run: sleep 1", "push\nconcurrency: { group: deploy, cancel-in-progress: true }"),
    );
    const shas = [repository.sha];
    for (const n of [1, 2]) shas.push((await commit(github, repository, { files: { "n.txt": `${n}` } })).sha);
    const ids: string[] = [];
    for (const after of shas) ids.push(await buildOf(await push(repository, { after })));
    for (const id of ids) await ended(id);
    const last = await Promise.all(
      shas.map(async (sha) => (await statusesOf(github, repository.fullName, sha)).at(-1)?.state),
    );
    expect(last).toEqual(["error", "error", "success"]);
  });
});
