/** A status as GitHub takes it: short enough, linked to the web alone. */

import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import { type GitHubConfig, installationOctokit } from "../../../src/github/app.ts";
import { cutText, postStatus } from "../../../src/github/statuses.ts";
import { callsTo, createRepository, statusesOf } from "../../support/github-control.ts";

const github = inject("gitHubApp");
const config: GitHubConfig = { apiUrl: github.url, appId: github.appId, privateKey: github.privateKey };

describe("a description", () => {
  it("of any text is at most so long, on one line, and never half a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), fc.integer({ min: 2, max: 200 }), (text, max) => {
        const cut = cutText(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(cut.isWellFormed()).toBe(true);
        expect(cut).not.toMatch(/[\n\r\t\0]/);
      }),
    );
  });

  it("that fits stays as it is, and one that does not says so", () => {
    expect(cutText("3 jobs passed in 2m 10s", 140)).toBe("3 jobs passed in 2m 10s");
    expect(cutText("🎈".repeat(70), 140)).toBe("🎈".repeat(70));
    expect(cutText("🎈".repeat(71), 140)).toBe(`${"🎈".repeat(69)}…`);
    expect(cutText("line one\n  line two\u0000", 140)).toBe("line one line two");
  });
});

describe("a status", () => {
  const long = { description: "🎈x".repeat(100), context: `sandlot / ${"é".repeat(400)}` };

  it("is posted once, within GitHub's limits, and GitHub's own description of the call agrees", async () => {
    const repository = await createRepository(github, { a: "1" });
    const { owner, name: repo, sha } = repository;
    const octokit = installationOctokit(config, repository.installationId);
    await postStatus(octokit, {
      owner,
      repo,
      sha,
      state: "pending",
      targetUrl: "https://ci.example/builds/1",
      ...long,
    });
    const [posted, ...more] = await statusesOf(github, repository.fullName, sha);
    expect(more).toEqual([]);
    expect(posted?.description?.length).toBeLessThanOrEqual(140);
    expect(posted?.context.length).toBe(255);
    expect(posted?.targetUrl).toBe("https://ci.example/builds/1");
    const calls = await callsTo(github, repository.fullName);
    expect(calls.filter((call) => !call.valid)).toEqual([]);
  });

  it("links to the web or to nothing", async () => {
    const repository = await createRepository(github, { a: "1" });
    const { owner, name: repo, sha } = repository;
    const octokit = installationOctokit(config, repository.installationId);
    const about = { owner, repo, sha, state: "success", context: "c", description: "d" } as const;
    for (const targetUrl of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "", "/builds/1", null]) {
      await postStatus(octokit, { ...about, targetUrl });
    }
    const posted = await statusesOf(github, repository.fullName, sha);
    expect(posted.map((status) => status.targetUrl)).toEqual([null, null, null, null, null, null]);
  });

  it("on a commit that is not there is invalid", async () => {
    const repository = await createRepository(github, { a: "1" });
    const { owner, name: repo, sha } = repository;
    const octokit = installationOctokit(config, repository.installationId);
    const about = { owner, repo, state: "success", context: "c", description: "d", targetUrl: null } as const;
    await expect(postStatus(octokit, { ...about, sha: "a".repeat(40) })).rejects.toMatchObject({ reason: "invalid" });
    await expect(postStatus(octokit, { ...about, sha })).resolves.toBeUndefined();
  });
});
