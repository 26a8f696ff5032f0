/** Which bytes are GitHub's, and what its real payloads want started. */

import { describe, expect, it } from "vitest";
import { decodeBody, readEvent, readRepository, verifyWebhook } from "../../../src/github/webhook.ts";
import { webhookHeaders } from "../../../src/local/deliver.ts";
import { branchPush, eventOf, only, opened, otherEvents, pullRequests, pushes, repositoryEvents } from "./examples.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const sign = (secret: string, body: string) =>
  webhookHeaders({ secret, event: "push" }, body)["x-hub-signature-256"] ?? "";

describe("the signature", () => {
  const secrets = ["new", "old"];
  const body = '{"zen":"Ünïcode – 🎈"}';
  const rawBody = utf8(body);

  it("is accepted when made with either of two secrets", async () => {
    for (const secret of secrets) {
      expect(await verifyWebhook({ secrets, rawBody, signature: sign(secret, body) })).toBe(true);
    }
    expect(await verifyWebhook({ secrets, rawBody, signature: sign("another", body) })).toBe(false);
  });

  it("matches GitHub's own documented example", async () => {
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const request = { secrets: ["It's a Secret to Everybody"], rawBody: utf8("Hello, World!"), signature };
    expect(await verifyWebhook(request)).toBe(true);
  });

  it("covers every byte, a byte order mark and line ends too", async () => {
    const signature = sign("new", body);
    for (const other of [`\uFEFF${body}`, `${body}\n`, body.replace("🎈", "🎉"), ""]) {
      expect(await verifyWebhook({ secrets, rawBody: utf8(other), signature })).toBe(false);
    }
    const marked = `\uFEFF${body}`;
    expect(await verifyWebhook({ secrets, rawBody: utf8(marked), signature: sign("new", marked) })).toBe(true);
  });

  it("is false, and no throw, when it is malformed or missing", async () => {
    const good = sign("new", body);
    const hex = good.slice("sha256=".length);
    const malformed = [
      null,
      "",
      "sha256=",
      hex,
      `sha1=${hex}`,
      `sha256=${hex.slice(2)}`,
      `${good}00`,
      `${good},${good}`,
    ];
    malformed.push(`sha256=${hex.toUpperCase()}`, `sha256=zz${hex.slice(2)}`, "sha256=zz", ` ${good}`);
    for (const signature of malformed) {
      expect(await verifyWebhook({ secrets, rawBody, signature })).toBe(false);
    }
  });

  it("is never accepted for an empty secret or for bytes that are no UTF-8", async () => {
    expect(await verifyWebhook({ secrets: [], rawBody, signature: sign("x", body) })).toBe(false);
    expect(await verifyWebhook({ secrets: [""], rawBody, signature: `sha256=${"0".repeat(64)}` })).toBe(false);
    const rubbish = Uint8Array.of(0x7b, 0xff, 0x7d);
    expect(decodeBody(rubbish)).toBeNull();
    expect(await verifyWebhook({ secrets, rawBody: rubbish, signature: sign("new", "{\uFFFD}") })).toBe(false);
  });
});

describe("real payloads", () => {
  it("of a push are all read: a created ref is an event, a deleted one says so", () => {
    const all = pushes();
    expect(all.length).toBe(7);
    for (const one of all) {
      const reading = readEvent("push", one);
      if (one.deleted) {
        expect(reading).toEqual({ ok: true, event: null, ignored: `${one.ref} was deleted` });
        continue;
      }
      expect(eventOf("push", one)).toMatchObject({
        name: "push",
        action: null,
        ref: one.ref,
        sha: one.head_commit.id,
        reportSha: one.head_commit.id,
        baseSha: null,
        installationId: one.installation?.id ?? null,
        actor: { id: one.sender.id, login: "Codertocat" },
        repository: { id: 186853002, owner: "Codertocat", name: "Hello-World", defaultBranch: "master" },
        fork: false,
        pullRequest: null,
        message: one.head_commit.message,
      });
    }
  });

  it("of a pull request are all events, whatever was done to it", () => {
    const all = pullRequests();
    expect(all.length).toBe(29);
    for (const one of all) {
      const reading = readEvent("pull_request", one);
      expect(reading.ok).toBe(true);
      if (!reading.ok) continue;
      expect(reading.event).not.toBeNull();
      expect(reading.event).toMatchObject({
        sha: null,
        reportSha: one.pull_request.head.sha,
        baseSha: one.pull_request.base.sha,
        ref: `refs/pull/${one.number}/merge`,
        headRef: one.pull_request.head.ref,
        baseRef: one.pull_request.base.ref,
        pullRequest: one.number,
        action: one.action,
        title: one.pull_request.title,
      });
    }
  });

  it("of every other event start nothing", () => {
    expect(otherEvents().length).toBeGreaterThan(250);
    for (const { name, payload } of otherEvents()) {
      if (name === "merge_group" || name === "release") continue;
      expect(readEvent(name, payload)).toMatchObject({ ok: true, event: null });
    }
  });

  it("of a merge group are about the commit that would be merged", () => {
    const { payload } = only(otherEvents(), ({ name }) => name === "merge_group");
    expect(eventOf("merge_group", payload)).toMatchObject({
      action: "checks_requested",
      sha: "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d",
      reportSha: "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d",
      baseRef: "main",
      fork: false,
      message: "",
    });
    expect(readEvent("merge_group", { ...(payload as object), action: "else" })).toMatchObject({ event: null });
  });

  it("of a release are about its tag, and a draft is silent until it is published", () => {
    const releases = otherEvents().filter(({ name }) => name === "release");
    expect(releases.length).toBeGreaterThan(5);
    for (const { payload } of releases) {
      const release = payload as { action: string; release: { tag_name: string; draft: boolean } };
      release.release.draft = false;
      expect(eventOf("release", release)).toMatchObject({
        action: release.action,
        sha: null,
        ref: `refs/tags/${release.release.tag_name}`,
      });
      release.release.draft = true;
      const silent = ["created", "edited", "deleted"].includes(release.action);
      expect(readEvent("release", release)).toMatchObject(silent ? { event: null } : { event: { name: "release" } });
    }
  });

  it("name the repository and the installation, whatever the event", () => {
    const renamed = only(repositoryEvents(), (one) => one.action === "renamed");
    expect(readRepository(renamed)?.repository).toMatchObject({
      id: renamed.repository.id,
      name: renamed.repository.name,
    });
    expect(readRepository(branchPush())?.installationId).toBe(branchPush().installation?.id);
    expect(readRepository(only(otherEvents(), ({ name }) => name === "installation").payload)).toBeNull();
    expect(readRepository(null)).toBeNull();
  });
});

describe("a pull request", () => {
  it("from the same repository is no fork", () => {
    expect(eventOf("pull_request", opened()).fork).toBe(false);
  });

  it("is a fork by the repository's id, whatever it is called", () => {
    const fork = opened();
    fork.pull_request.head.repo = { id: (fork.pull_request.head.repo?.id ?? 0) + 1 };
    expect(eventOf("pull_request", fork).fork).toBe(true);
  });

  it("whose head repository is gone is a fork", () => {
    const gone = opened();
    gone.pull_request.head.repo = null;
    expect(eventOf("pull_request", gone).fork).toBe(true);
  });

  it("by dependabot counts as a fork, also when somebody else pushes to it", () => {
    for (const path of ["sender", "user"]) {
      const one = opened();
      const who = path === "sender" ? one.sender : one.pull_request.user;
      Object.assign(who, { login: "dependabot[bot]", type: "Bot" });
      expect(eventOf("pull_request", one).fork).toBe(true);
    }
  });

  it("keeps the merge commit as a hint only", () => {
    const one = opened();
    one.pull_request.merge_commit_sha = "ab".repeat(20);
    expect(eventOf("pull_request", one)).toMatchObject({ sha: null, mergeCommitSha: "ab".repeat(20) });
  });
});

describe("a push", () => {
  it("counts changes from what the branch was before", () => {
    const one = { ...branchPush(), before: "cd".repeat(20) };
    expect(eventOf("push", one).baseSha).toBe("cd".repeat(20));
  });

  it("of an annotated tag is about the commit, not the tag object", () => {
    const one = only(pushes(), (candidate) => candidate.ref.startsWith("refs/tags/") && candidate.created);
    one.after = "ef".repeat(20);
    expect(eventOf("push", one).sha).toBe(one.head_commit.id);
  });

  it("keeps hostile names as they are, for whoever quotes them", () => {
    for (const branch of ["$(id)", "a`b`", "-x", ";curl${IFS}x|sh", "ünï", "<script>"]) {
      const one = { ...branchPush(), ref: `refs/heads/${branch}` };
      expect(eventOf("push", one).ref).toBe(`refs/heads/${branch}`);
    }
  });

  it("has the first line of its message as title, the whole for skip rules, the branch's name where there is none", () => {
    const one = branchPush();
    one.head_commit.message = "First\r\n\nskip-checks: true";
    expect(eventOf("push", one)).toMatchObject({ title: "First", message: "First\r\n\nskip-checks: true" });
    one.head_commit.message = "";
    expect(eventOf("push", one).title).toBe("master");
  });

  it("that is neither of a branch nor of a tag starts nothing", () => {
    const one = { ...branchPush(), ref: "refs/notes/commits" };
    expect(readEvent("push", one)).toMatchObject({ ok: true, event: null });
  });

  it("by dependabot counts as a fork", () => {
    const one = branchPush();
    one.sender.login = "dependabot[bot]";
    expect(eventOf("push", one).fork).toBe(true);
  });
});

describe("a payload that is not what it claims", () => {
  it("is an error that names the field", () => {
    const broken: [unknown, string][] = [
      [{ ...branchPush(), after: "--upload-pack=x" }, "after"],
      [{ ...branchPush(), ref: "main" }, "ref"],
      [{ ...branchPush(), sender: { login: "x" } }, "sender.id"],
      [{ ...branchPush(), repository: { ...branchPush().repository, name: "../../x" } }, "repository.name"],
      [
        { ...branchPush(), repository: { ...branchPush().repository, owner: { login: "a b" } } },
        "repository.owner.login",
      ],
    ];
    for (const [given, field] of broken) {
      const reading = readEvent("push", given);
      expect(reading.ok ? "" : reading.error).toContain(`push payload: ${field}: `);
    }
    const pull = opened();
    delete pull.pull_request.head.sha;
    const reading = readEvent("pull_request", pull);
    expect(reading.ok ? "" : reading.error).toContain("pull_request payload: pull_request.head.sha: ");
  });

  it("is an error where it is no object at all", () => {
    for (const given of [null, 1, "x", [], true]) {
      expect(readEvent("push", given).ok).toBe(false);
      expect(readEvent("pull_request", given).ok).toBe(false);
    }
  });
});
