/** What planning reads, asked from a GitHub that answers from real git. */

import { describe, expect, inject, it } from "vitest";
import { type GitHubConfig, installationOctokit } from "../../../src/github/app.ts";
import {
  changedFiles,
  readCommit,
  readPullRequest,
  readRepository,
  readWorkflowFiles,
  resolveRef,
} from "../../../src/github/contents.ts";
import { MAX_WORKFLOW_BYTES } from "../../../src/model/limits.ts";
import type { FileContent } from "../../../src/local/github-commits.ts";
import {
  addFault,
  callsTo,
  commit,
  createRepository,
  openPullRequest,
  pruneRepository,
  type TestRepository,
} from "../../support/github-control.ts";

const github = inject("gitHubApp");
const config: GitHubConfig = { apiUrl: github.url, appId: github.appId, privateKey: github.privateKey };

async function withFiles(files: Record<string, FileContent>) {
  const repository = await createRepository(github, files);
  return { repository, ...reading(repository) };
}

function reading(repository: TestRepository) {
  const octokit = installationOctokit(config, repository.installationId);
  return { octokit, where: { owner: repository.owner, repo: repository.name } };
}

const dirs = [".sandlot/workflows", ".github/workflows"];

describe("workflow files", () => {
  it("are those directly in the first folder that there is, by name", async () => {
    const { octokit, where, repository } = await withFiles({
      ".github/workflows/b.yaml": "b: ünï\n",
      ".github/workflows/a.yml": "a\n",
      ".github/workflows/c.txt": "no\n",
      ".github/workflows/sub/d.yml": "no\n",
      ".github/workflows/link.yml": { text: "a.yml", mode: "120000" },
      "e.yml": "no\n",
    });
    const { sha } = repository;
    const files = [
      { path: ".github/workflows/a.yml", text: "a\n" },
      { path: ".github/workflows/b.yaml", text: "b: ünï\n" },
    ];
    expect(await readWorkflowFiles(octokit, { ...where, sha, dirs })).toEqual({
      status: "found",
      dir: ".github/workflows",
      files,
      skipped: [],
      tooMany: false,
    });
    const calls = await callsTo(github, repository.fullName);
    expect(calls.filter((call) => !call.valid)).toEqual([]);
  });

  it("are those of that commit, not of the branch", async () => {
    const { octokit, where, repository } = await withFiles({ ".sandlot/workflows/a.yml": "one" });
    const second = await commit(github, repository, { files: { ".sandlot/workflows/a.yml": "two" } });
    const texts = [];
    for (const sha of [repository.sha, second.sha]) {
      const read = await readWorkflowFiles(octokit, { ...where, sha, dirs });
      texts.push(read.status === "found" ? read.files.map((file) => file.text) : read.status);
    }
    expect(texts).toEqual([["one"], ["two"]]);
  });

  it("are none where no folder is there, or where a file has its name", async () => {
    const { octokit, where, repository } = await withFiles({ ".sandlot/workflows": "a file" });
    const read = await readWorkflowFiles(octokit, { ...where, sha: repository.sha, dirs });
    expect(read).toEqual({ status: "found", dir: null, files: [], skipped: [], tooMany: false });
  });

  it("of a commit that is gone are a value of their own", async () => {
    const { octokit, where, repository } = await withFiles({ ".sandlot/workflows/a.yml": "one" });
    const gone = await commit(github, repository, { branch: "x", files: { b: "1" } });
    await commit(github, repository, { branch: "x", files: { b: "2" }, parent: repository.sha });
    await pruneRepository(github, repository);
    expect(await readWorkflowFiles(octokit, { ...where, sha: gone.sha, dirs })).toEqual({ status: "commit_gone" });
    expect(await readCommit(octokit, { ...where, sha: gone.sha })).toBeNull();
  });

  it("that are too large or no text are named with the reason, and not read", async () => {
    const { octokit, where, repository } = await withFiles({
      ".sandlot/workflows/a.yml": "a",
      ".sandlot/workflows/big.yml": "x".repeat(MAX_WORKFLOW_BYTES + 1),
      ".sandlot/workflows/binary.yml": { base64: "/w==" },
    });
    const read = await readWorkflowFiles(octokit, { ...where, sha: repository.sha, dirs });
    if (read.status !== "found") throw new Error(read.status);
    expect(read.files.map((file) => file.path)).toEqual([".sandlot/workflows/a.yml"]);
    expect(read.skipped.map((file) => file.path)).toEqual([
      ".sandlot/workflows/big.yml",
      ".sandlot/workflows/binary.yml",
    ]);
    expect(read.skipped[0]?.why).toContain(String(MAX_WORKFLOW_BYTES));
    const blobs = (await callsTo(github, repository.fullName)).filter((call) => call.operation === "git/get-blob");
    expect(blobs.length).toBe(2);
  });

  it("over a hundred are cut, and that is said", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 101 }, (_, i) => [`.sandlot/workflows/${1000 + i}.yml`, `${i}`]),
    );
    const { octokit, where, repository } = await withFiles(many);
    const read = await readWorkflowFiles(octokit, { ...where, sha: repository.sha, dirs });
    expect(read).toMatchObject({ status: "found", tooMany: true });
    expect(read.status === "found" && read.files.length).toBe(100);
  });

  it("are never taken for missing when GitHub is broken", async () => {
    const { octokit, where, repository } = await withFiles({ ".sandlot/workflows/a.yml": "one" });
    await addFault(github, { on: "repos/get-content", repository: repository.fullName, answers: [{ status: 502 }] });
    const call = readWorkflowFiles(octokit, { ...where, sha: repository.sha, dirs });
    await expect(call).rejects.toMatchObject({ reason: "unavailable" });
  });
});

describe("a ref", () => {
  it("is a branch first, then a tag, also an annotated one, by its short or its full name", async () => {
    const { octokit, where, repository } = await withFiles({ a: "1" });
    const slashed = await commit(github, repository, { branch: "feature/ünï", files: { a: "2" }, tag: "v1" });
    const tagged = await commit(github, repository, { branch: "b", files: { a: "3" }, tag: "v2", annotated: true });
    const both = await commit(github, repository, { branch: "twin", files: { a: "4" } });
    await commit(github, repository, { branch: "b", files: { a: "5" }, tag: "twin" });
    expect(tagged.tagSha).not.toBe(tagged.sha);
    const found = async (ref: string) => await resolveRef(octokit, { ...where, ref });
    expect(await found("main")).toEqual({ sha: repository.sha, ref: "refs/heads/main" });
    expect(await found("feature/ünï")).toEqual({ sha: slashed.sha, ref: "refs/heads/feature/ünï" });
    expect(await found("refs/heads/feature/ünï")).toEqual({ sha: slashed.sha, ref: "refs/heads/feature/ünï" });
    expect(await found("v1")).toEqual({ sha: slashed.sha, ref: "refs/tags/v1" });
    expect(await found("v2")).toEqual({ sha: tagged.sha, ref: "refs/tags/v2" });
    expect(await found("twin")).toEqual({ sha: both.sha, ref: "refs/heads/twin" });
  });

  it("that is not there is null, whatever it looks like", async () => {
    const { octokit, where, repository } = await withFiles({ a: "1" });
    for (const ref of [
      "nope",
      "mai",
      "feature",
      "refs/notes/x",
      repository.sha,
      "main~1",
      "--all",
      "-x",
      "a b",
      "..",
      "ma?n",
    ]) {
      expect(await resolveRef(octokit, { ...where, ref })).toBeNull();
    }
  });
});

describe("changed files", () => {
  it("are counted from where the two parted, with both names of a renamed one", async () => {
    const { octokit, where, repository } = await withFiles({
      "a.txt": "some text\nto keep\n",
      "b.txt": "b",
      "c.txt": "c",
    });
    await commit(github, repository, { files: { "main-only.txt": "x" } });
    const side = await commit(github, repository, {
      branch: "side",
      parent: repository.sha,
      files: { "a.txt": null, "docs/a.txt": "some text\nto keep\n", "b.txt": "B", "c.txt": null, "ünï.txt": "u" },
    });
    const { files, truncated } = await changedFiles(octokit, { ...where, base: "main", head: side.sha });
    expect(truncated).toBe(false);
    expect([...files].sort()).toEqual(["a.txt", "b.txt", "c.txt", "docs/a.txt", "ünï.txt"]);
  });

  it("are truncated from 300 on, and where the two cannot be compared", async () => {
    const { octokit, where, repository } = await withFiles({ a: "1" });
    const many = Object.fromEntries(Array.from({ length: 301 }, (_, i) => [`${i}.txt`, `${i}`]));
    const second = await commit(github, repository, { files: many });
    const compared = await changedFiles(octokit, { ...where, base: repository.sha, head: second.sha });
    expect(compared).toMatchObject({ truncated: true });
    expect(compared.files.length).toBe(300);
    const other = await commit(github, repository, { branch: "other", files: { z: "1" }, parent: null });
    for (const base of [other.sha, "a".repeat(40)]) {
      expect(await changedFiles(octokit, { ...where, base, head: second.sha })).toEqual({ files: [], truncated: true });
    }
  });
});

describe("a pull request", () => {
  it("has a test merge whose parents are base and head, once GitHub has computed it", async () => {
    const { octokit, where, repository } = await withFiles({ a: "1" });
    const head = await commit(github, repository, { branch: "x", files: { b: "1" } });
    const { number } = await openPullRequest(github, repository, { base: "main", head: "x", unknownFor: 1 });
    const read = async () => await readPullRequest(octokit, { ...where, number });
    expect(await read()).toMatchObject({ mergeable: null, mergeCommitSha: null, headSha: head.sha, state: "open" });
    const known = await read();
    expect(known).toMatchObject({ mergeable: true, baseSha: repository.sha, headRepositoryId: repository.id });
    const merge = await readCommit(octokit, { ...where, sha: known?.mergeCommitSha ?? "" });
    expect(merge?.parents).toEqual([repository.sha, head.sha]);
    expect(await resolveRef(octokit, { ...where, ref: `refs/pull/${number}/merge` })).toMatchObject({
      sha: merge?.sha,
    });
  });

  it("in conflict is not mergeable, a fork that is gone has no repository, and none is null", async () => {
    const { octokit, where, repository } = await withFiles({ a: "1\n" });
    await commit(github, repository, { branch: "x", files: { a: "2\n" } });
    await commit(github, repository, { files: { a: "3\n" } });
    const opened = await openPullRequest(github, repository, { base: "main", head: "x", headRepositoryId: null });
    expect(opened.mergeSha).toBeNull();
    expect(await readPullRequest(octokit, { ...where, number: opened.number })).toMatchObject({
      mergeable: false,
      mergeCommitSha: null,
      headRepositoryId: null,
    });
    expect(await readPullRequest(octokit, { ...where, number: 99 })).toBeNull();
  });
});

it("a repository is read by its name, and is null where the App does not see it", async () => {
  const { octokit, where, repository } = await withFiles({ a: "1" });
  const { id, owner, name } = repository;
  expect(await readRepository(octokit, where)).toEqual({
    id,
    owner,
    ownerId: expect.any(Number) as unknown,
    name,
    private: true,
    defaultBranch: "main",
  });
  expect(await readRepository(octokit, { owner: "somebody", repo: "else" })).toBeNull();
});
