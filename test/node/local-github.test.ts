/** The local GitHub as git itself sees it: real clones, refused strangers, a user's `.git` left alone. */

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installationOctokit, mintToken } from "../../src/github/app.ts";
import { readCommit, readPullRequest, readWorkflowFiles } from "../../src/github/contents.ts";
import { postStatus } from "../../src/github/statuses.ts";
import { writeCommit } from "../../src/local/github-commits.ts";
import { gitIn, refusal, serveRepository, type ServedRepository, withToken } from "../support/served-repository.ts";

let served: ServedRepository;

beforeAll(async () => {
  served = await serveRepository();
});

afterAll(async () => {
  await served.close();
});

const where = { owner: "ada", repo: "work" };
const cloneUrl = () => `${served.github.url}/ada/work.git`;

/** Every file below with its size and time of change. */
async function snapshot(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true });
  const lines = await Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(dir, name));
      return `${name} ${size} ${mtimeMs}`;
    }),
  );
  return lines.sort();
}

/** A commit of the working tree that the user's repository knows nothing of, as `sandlot run` makes it. */
async function commitElsewhere(): Promise<{ sha: string; objects: string }> {
  const work = served.work;
  const objects = await mkdtemp(join(served.folder, "objects-"));
  const env = {
    GIT_INDEX_FILE: join(objects, "index"),
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: join(work, ".git", "objects"),
  };
  await gitIn(work, ["read-tree", "HEAD"], env);
  await writeFile(join(work, "b.txt"), "two\n");
  await gitIn(work, ["add", "b.txt"], env);
  await rm(join(work, "b.txt"));
  const tree = await gitIn(work, ["write-tree"], env);
  return { sha: await gitIn(work, ["commit-tree", tree, "-p", "HEAD", "-m", "Working tree"], env), objects };
}

describe("git", () => {
  it("clones with a token, and the repository is what it was", async () => {
    const target = join(served.folder, "clone");
    await gitIn(served.folder, [
      ...withToken(await served.mint({ contents: "read" })),
      "clone",
      "-q",
      cloneUrl(),
      target,
    ]);
    expect(await gitIn(target, ["rev-parse", "HEAD"])).toBe(served.sha);
    expect(await readFile(join(target, "a.txt"), "utf8")).toBe("one\n");
  });

  it("fetches one commit by its sha, shallow, by protocol 2 and by 0", async () => {
    const token = await served.mint({ contents: "read" });
    for (const version of ["2", "0"]) {
      const target = await mkdtemp(join(served.folder, "shallow-"));
      await gitIn(target, ["init", "-q"]);
      const protocol = ["-c", `protocol.version=${version}`];
      await gitIn(target, [...withToken(token), ...protocol, "fetch", "-q", "--depth=1", cloneUrl(), served.sha]);
      expect(await gitIn(target, ["rev-parse", "FETCH_HEAD"])).toBe(served.sha);
    }
  });

  it("is refused without a token, with a wrong one, and for another repository", async () => {
    const url = cloneUrl();
    expect(await refusal(gitIn(served.folder, ["ls-remote", url]))).toContain("could not read Username");
    expect(await refusal(gitIn(served.folder, [...withToken("ghs_wrong"), "ls-remote", url]))).toContain(
      "could not read Username",
    );
    const other = served.github.addRepository({
      owner: "ada",
      name: "other",
      gitDir: served.repository.gitDir,
      defaultBranch: "main",
    });
    const token = await served.mint({ contents: "read" });
    const otherUrl = `${served.github.url}/ada/other`;
    expect(await refusal(gitIn(served.folder, [...withToken(token), "ls-remote", otherUrl]))).toContain("not found");
    other.private = false;
    expect(await gitIn(served.folder, [...withToken(token), "ls-remote", otherUrl, "HEAD"])).toContain(served.sha);
    expect(await gitIn(served.folder, ["ls-remote", otherUrl, "HEAD"])).toContain(served.sha);
    expect(other.id).not.toBe(served.repository.id);
  });

  it("does not push into a user's repository, whatever the token may", async () => {
    const target = join(served.folder, "clone");
    for (const level of ["read", "write"] as const) {
      const push = gitIn(target, [
        ...withToken(await served.mint({ contents: level })),
        "push",
        "-q",
        cloneUrl(),
        "HEAD:refs/heads/x",
      ]);
      expect(await refusal(push)).toContain("403");
    }
    expect(await gitIn(served.work, ["branch", "--list", "x"])).toBe("");
  });

  it("pushes into a repository of our own, with a token that may write", async () => {
    const made = await served.control("POST", "repositories", { owner: "ada", name: "own", files: { a: "1" } });
    const own = made as { repositoryId: number; installationId: number; cloneUrl: string };
    const mint = async (level: "read" | "write") => {
      const scope = { repositoryId: own.repositoryId, permissions: { contents: level } };
      return withToken((await mintToken(served.config, own.installationId, scope)).token);
    };
    const target = join(served.folder, "own");
    await gitIn(served.folder, [...(await mint("read")), "clone", "-q", own.cloneUrl, target]);
    await gitIn(target, ["commit", "-q", "--allow-empty", "-m", "Pushed"]);
    const push = ["push", "-q", "origin", "HEAD:refs/heads/pushed"];
    expect(await refusal(gitIn(target, [...(await mint("read")), ...push]))).toContain("403");
    await gitIn(target, [...(await mint("write")), ...push]);
    const remote = await gitIn(target, [...(await mint("read")), "ls-remote", "origin", "refs/heads/pushed"]);
    expect(remote).toContain(await gitIn(target, ["rev-parse", "HEAD"]));
  });

  it("says which commit is not there", async () => {
    const target = await mkdtemp(join(served.folder, "gone-"));
    await gitIn(target, ["init", "-q"]);
    const fetched = gitIn(target, [
      ...withToken(await served.mint({ contents: "read" })),
      "fetch",
      "-q",
      cloneUrl(),
      "a".repeat(40),
    ]);
    expect(await refusal(fetched)).toContain("not our ref");
  });

  it("meets the faults that are asked for", async () => {
    const token = withToken(await served.mint({ contents: "read" }));
    const on = { repository: "ada/work" };
    await served.control("POST", "faults", {
      ...on,
      on: "git/info-refs",
      answers: [{ status: 503 }, { drop: "before" }],
    });
    expect(await refusal(gitIn(served.folder, [...token, "ls-remote", cloneUrl()]))).toContain("503");
    expect(await refusal(gitIn(served.folder, [...token, "ls-remote", cloneUrl()]))).not.toBe("");
    await gitIn(served.folder, [...token, "ls-remote", cloneUrl()]);
  });
});

describe("a commit of the working tree", () => {
  it("is served, read and reported on, and nothing of the user's .git changes", async () => {
    const before = await snapshot(join(served.work, ".git"));
    const { sha, objects } = await commitElsewhere();
    served.repository.alternateObjects.push(objects);
    const target = await mkdtemp(join(served.folder, "tree-"));
    await gitIn(target, ["init", "-q"]);
    await gitIn(target, [
      ...withToken(await served.mint({ contents: "read" })),
      "fetch",
      "-q",
      "--depth=1",
      cloneUrl(),
      sha,
    ]);
    expect(await gitIn(target, ["show", "FETCH_HEAD:b.txt"])).toBe("two");
    const octokit = installationOctokit(served.config, served.repository.installationId);
    expect((await readCommit(octokit, { ...where, sha }))?.title).toBe("Working tree");
    expect(await readWorkflowFiles(octokit, { ...where, sha, dirs: [".sandlot/workflows"] })).toMatchObject({
      dir: null,
    });
    await postStatus(octokit, { ...where, sha, state: "success", context: "c", description: "d", targetUrl: null });
    expect(served.statuses.filter((status) => status.sha === sha).map((status) => status.state)).toEqual(["success"]);

    const pull = await served.github.openPullRequest(served.repository, {
      base: "main",
      head: "work-in-progress",
      headSha: sha,
    });
    expect(pull).toMatchObject({ baseSha: served.sha, headSha: sha });
    const read = await readPullRequest(octokit, { ...where, number: pull.number });
    expect(read).toMatchObject({ mergeable: true, mergeCommitSha: pull.mergeSha });
    await gitIn(target, [
      ...withToken(await served.mint({ contents: "read" })),
      "fetch",
      "-q",
      "--depth=1",
      cloneUrl(),
      pull.mergeSha ?? "",
    ]);
    expect(await gitIn(target, ["show", "FETCH_HEAD:b.txt"])).toBe("two");
    expect(await snapshot(join(served.work, ".git"))).toEqual(before);
  });

  it("can be in a linked worktree", async () => {
    const linked = join(served.folder, "linked");
    await gitIn(served.work, ["worktree", "add", "-q", linked, "-b", "side"]);
    const gitDir = await gitIn(linked, ["rev-parse", "--absolute-git-dir"]);
    const added = served.github.addRepository({ owner: "ada", name: "linked", gitDir, defaultBranch: "side" });
    const scope = { repositoryId: added.id, permissions: { contents: "read" } } as const;
    const { token } = await mintToken(served.config, added.installationId, scope);
    const heads = await gitIn(served.folder, [
      ...withToken(token),
      "ls-remote",
      `${served.github.url}/ada/linked.git`,
      "refs/heads/side",
    ]);
    expect(heads).toContain(served.sha);
    const octokit = installationOctokit(served.config, added.installationId);
    expect((await readCommit(octokit, { owner: "ada", repo: "linked", sha: served.sha }))?.title).toBe("One");
  });

  it("is never written for control commands either", async () => {
    const change = writeCommit(served.repository, { branch: "main", files: { x: "1" }, message: "No" });
    await expect(change).rejects.toThrow("ada/work is the user's own");
  });
});
