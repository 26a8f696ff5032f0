import { describe, expect, it } from "vitest";
import { isBot, isOwnBot, readEvent } from "../../../src/github/webhook.ts";
import { pullRequestPayload, pushPayload } from "../../../src/local/deliver.ts";
import { branchPush, eventOf, opened } from "./examples.ts";

describe("our own bot", () => {
  const by = (login: string, type: string) => ({ sender: { login, id: 1, type } });

  it("is known by its App's slug, and nobody else is taken for it", () => {
    expect(isOwnBot(by("sandlot[bot]", "Bot"), "sandlot")).toBe(true);
    expect(isOwnBot(by("sandlot", "User"), "sandlot")).toBe(false);
    expect(isOwnBot(by("renovate[bot]", "Bot"), "sandlot")).toBe(false);
    expect(isOwnBot({}, "sandlot")).toBe(false);
  });

  it("is only worth asking for where some bot did it", () => {
    expect(isBot(by("renovate[bot]", "Bot"))).toBe(true);
    expect(isBot(branchPush())).toBe(false);
  });
});

describe("the payloads of the local GitHub", () => {
  const repository = { id: 7, owner: "ada", name: "demo", defaultBranch: "main", private: true, installationId: 9 };
  const [one, two] = ["1a".repeat(20), "2b".repeat(20)];

  it("are read as GitHub's are", () => {
    const push = pushPayload({ url: "http://127.0.0.1", repository, ref: "refs/heads/main", before: one, after: two });
    expect(eventOf("push", push)).toMatchObject({ sha: two, baseSha: one, installationId: 9, repository: { id: 7 } });
    const deleted = pushPayload({ url: "http://127.0.0.1", repository, ref: "refs/heads/x", before: one, after: null });
    expect(readEvent("push", deleted)).toMatchObject({ ok: true, event: null });
    const facts = { url: "http://127.0.0.1", repository, action: "opened", number: 3, base: { ref: "main", sha: one } };
    const pull = pullRequestPayload({ ...facts, head: { ref: "x", sha: two } });
    expect(eventOf("pull_request", pull)).toMatchObject({ reportSha: two, fork: false, ref: "refs/pull/3/merge" });
    for (const repositoryId of [8, null]) {
      const fork = pullRequestPayload({ ...facts, head: { ref: "x", sha: two, repositoryId } });
      expect(eventOf("pull_request", fork).fork).toBe(true);
    }
  });

  it("have every field that the real ones have, at their top", () => {
    const push = pushPayload({ url: "http://127.0.0.1", repository, ref: "refs/heads/main", before: one, after: two });
    expect(Object.keys(branchPush()).filter((key) => !(key in push))).toEqual([]);
    const facts = { url: "http://127.0.0.1", repository, action: "opened", number: 3, base: { ref: "main", sha: one } };
    const pull = pullRequestPayload({ ...facts, head: { ref: "x", sha: two } });
    expect(Object.keys(opened()).filter((key) => !(key in pull))).toEqual([]);
  });
});
