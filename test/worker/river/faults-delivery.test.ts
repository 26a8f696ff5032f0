/** Faults of webhooks and queues, each named after its row of docs/faults.md. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { conditions } from "../../support/conditions.ts";
import { callsTo, commit, createRepository, openPullRequest } from "../../support/github-control.ts";
import { ci, faultOfGitHub, PATH, buildOf, states } from "./disturbed.ts";
import { nothingLost } from "./nothing-lost.ts";
import {
  api,
  buildsOf,
  deliver,
  deliveryOf,
  ended,
  github,
  logOf,
  migrate,
  pullRequestPayload,
  push,
  told,
  until,
} from "./river.ts";

beforeAll(migrate);
afterEach(async () => {
  await nothingLost();
}, 60_000);

const ON = "[push, pull_request]";
const TRUE = ci("      - run: 'true'", ON);
const repositoryOf = (workflow = TRUE) => createRepository(github, { [PATH]: workflow });

describe("F1: a webhook that arrives twenty times at once", () => {
  it("becomes one build, and each is answered with 202", async () => {
    const repository = await repositoryOf();
    const id = crypto.randomUUID();
    await Promise.all(Array.from({ length: 20 }, () => push(repository, { id })));
    expect(await buildsOf(id)).toHaveLength(1);
    await ended(await buildOf(id));
    expect((await states(repository)).filter((state) => state === "success")).toHaveLength(1);
  });
});

describe("F2: a webhook that is sent again after its build ended", () => {
  it("starts nothing", async () => {
    const repository = await repositoryOf();
    const id = await push(repository);
    const first = await ended(await buildOf(id));
    const before = await told(repository);
    await push(repository, { id });
    expect(await api(`/builds/${first.id}`)).toMatchObject({ runAttempt: 1, completedAt: first.completedAt });
    expect(await told(repository)).toEqual(before);
  });
});

describe("F3: webhooks out of their order", () => {
  it("lead to the same statuses: each commit's own", async () => {
    const ends: string[][] = [];
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const repository = await repositoryOf();
      const first = await commit(github, repository, { branch: "topic", files: { "a.txt": "a" } });
      const opened = await openPullRequest(github, repository, { head: "topic", base: "main" });
      const second = await commit(github, repository, { branch: "topic", files: { "b.txt": "b" } });
      const payloads = [
        { action: "opened" as const, sha: first.sha },
        { action: "synchronize" as const, sha: second.sha },
      ].map(({ action, sha }) =>
        pullRequestPayload({
          url: github.url,
          repository,
          action,
          number: opened.number,
          base: { ref: "main", sha: opened.baseSha },
          head: { ref: "topic", sha },
        }),
      );
      for (const index of order) {
        const builds = await buildsOf(await deliver("pull_request", payloads[index]));
        for (const build of builds) await ended(build);
      }
      const last = async (sha: string) => (await told(repository, sha)).at(-1)?.replace(/ in .*/, "") ?? "nothing";
      ends.push([await last(first.sha), await last(second.sha)]);
    }
    expect(ends[0]?.[1]).toMatch(/success/);
    expect(ends[1]).toEqual(ends[0]);
  });
});

describe("F5: a queue", () => {
  it("that brings each message twice starts nothing twice", async () => {
    conditions.twice = true;
    const repository = await repositoryOf(ci(`      - run: echo once >>"$HOME/ran"; cat "$HOME/ran"`));
    const view = await ended(await buildOf(await push(repository)));
    conditions.twice = false;
    expect((await logOf(view)).match(/^once$/gm)).toHaveLength(1);
    expect(view.jobs[0]).toMatchObject({ attempt: 1, attempts: [] });
  });

  it("that gives a delivery up says so where people look, and a redelivery makes up for it", async () => {
    const repository = await repositoryOf();
    const id = crypto.randomUUID();
    // Long enough that nothing but the dead letter ends it.
    await faultOfGitHub(repository, "repos/get-content", { status: 503, headers: { "retry-after": "600" } });
    await push(repository, { id });
    await until(
      async () => (await callsTo(github, repository.fullName)).length,
      (calls) => calls > 0,
      "the first try",
    );
    await deadLetter({ deliveryId: id });
    expect(await deliveryOf(id)).toMatchObject({ status: "failed" });
    await push(repository, { id });
    const build = await until(
      () => buildOf(id),
      (found) => found !== "",
      "the build",
    );
    expect((await ended(build)).conclusion).toBe("success");
  });

  it("that gives a build up says so on GitHub and on its page", async () => {
    const repository = await repositoryOf(ci("      - run: 'true'", "push\nconcurrency: held"));
    await env.DB.prepare(
      "INSERT INTO concurrency (repository_id, name, place, build_id) VALUES (?, 'held', 'running', 'none')",
    )
      .bind(repository.id)
      .run();
    const id = await buildOf(await push(repository));
    await deadLetter({ buildId: id });
    expect(await ended(id)).toMatchObject({ conclusion: "failure", reason: "internal_error", fault: "sandlot" });
    expect((await states(repository)).at(-1)).toBe("error");
  });
});

async function deadLetter(body: object): Promise<void> {
  const { consumeDeadLetter } = await import("../../../queues/dead-letters.ts");
  let acknowledged = false;
  const message = {
    id: "1",
    timestamp: new Date(),
    body,
    attempts: 1,
    ack: () => (acknowledged = true),
    retry: () => {},
  };
  await consumeDeadLetter(env, message as never);
  expect(acknowledged).toBe(true);
}
