/** The working tree as a commit: what it holds, and that the user's repository is left byte for byte as it was. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

import { findSource } from "../../../src/cli/source.ts";
import { makeCommit, type LocalCommit } from "../../../src/local/commit.ts";

let folder = "";
let into = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sandlot-test-"));
  into = mkdtempSync(join(tmpdir(), "sandlot-test-"));
});
afterEach(() => {
  for (const path of [folder, into]) rmSync(path, { recursive: true, force: true });
});

const ENV = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_AUTHOR_NAME: "Ann",
  GIT_AUTHOR_EMAIL: "ann@example.com",
  GIT_COMMITTER_NAME: "Ann",
  GIT_COMMITTER_EMAIL: "ann@example.com",
} as unknown as NodeJS.ProcessEnv;

function git(cwd: string, ...args: string[]): string {
  return execFileSync("git", ["-c", "protocol.file.allow=always", ...args], { cwd, env: ENV, encoding: "utf8" }).trim();
}

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function startRepository(): void {
  git(folder, "init", "-q", "-b", "main");
  write("kept.txt", "kept\n");
  write("changed.txt", "before\n");
  write("gone.txt", "gone\n");
  write(".gitignore", "ignored/\n*.log\n");
  git(folder, "add", "--all");
  git(folder, "commit", "-q", "-m", "First");
}

/** Names, modes, times and contents of everything below. */
function hashOf(path: string): string {
  const hash = createHash("sha256");
  const add = (entry: string) => {
    const found = lstatSync(entry);
    hash.update(`${entry}\0${found.mode}\0${found.mtimeMs}\0`);
    if (found.isDirectory()) for (const name of readdirSync(entry).sort()) add(join(entry, name));
    else if (found.isFile()) hash.update(readFileSync(entry));
  };
  add(path);
  return hash.digest("hex");
}

async function commit(
  options: { revision?: string; prefix?: string; gitDir?: string | null } = {},
): Promise<LocalCommit> {
  return makeCommit({
    folder,
    gitDir: options.gitDir === undefined ? join(folder, ".git") : options.gitDir,
    prefix: options.prefix ?? "",
    revision: options.revision ?? null,
    into: join(into, "work"),
    ref: "refs/heads/main",
  });
}

function treeOf(made: LocalCommit): string[] {
  return git(made.gitDir, "ls-tree", "-r", made.sha)
    .split("\n")
    .map((line) => line.replace(/ [0-9a-f]{40}\t/, " "));
}

it("takes changes, new files, deletions, executable bits and symlinks, and nothing that is ignored", async () => {
  startRepository();
  write("changed.txt", "after\n");
  write("new/file with spaces\nand a line end.txt", "new\n");
  write("run.sh", "#!/bin/sh\n");
  chmodSync(join(folder, "run.sh"), 0o755);
  symlinkSync("kept.txt", join(folder, "link"));
  rmSync(join(folder, "gone.txt"));
  write("ignored/secret", "x");
  write("debug.log", "x");
  const made = await commit();
  expect(treeOf(made)).toEqual([
    "100644 blob .gitignore",
    "100644 blob changed.txt",
    "100644 blob kept.txt",
    "120000 blob link",
    '100644 blob "new/file with spaces\\nand a line end.txt"',
    "100755 blob run.sh",
  ]);
  expect(git(made.gitDir, "show", `${made.sha}:changed.txt`)).toBe("after");
  expect(made).toMatchObject({ isNew: true, changed: 5, leftOut: [], parent: git(folder, "rev-parse", "HEAD") });
  expect(git(made.gitDir, "rev-parse", "refs/heads/main")).toBe(made.sha);
});

it("writes nothing into the user's .git, not even a time", async () => {
  startRepository();
  write("changed.txt", "after\n");
  write("staged.txt", "staged\n");
  git(folder, "add", "staged.txt");
  write("new.txt", "new\n");
  const before = hashOf(join(folder, ".git"));
  await commit();
  expect(hashOf(join(folder, ".git"))).toBe(before);
});

it("leaves a split index and its other half alone", async () => {
  startRepository();
  git(folder, "update-index", "--split-index");
  write("changed.txt", "after\n");
  const before = hashOf(join(folder, ".git"));
  const made = await commit();
  expect(hashOf(join(folder, ".git"))).toBe(before);
  expect(git(made.gitDir, "show", `${made.sha}:changed.txt`)).toBe("after");
});

it("is the user's own commit where nothing changed", async () => {
  startRepository();
  const made = await commit();
  expect(made).toMatchObject({ sha: git(folder, "rev-parse", "HEAD"), isNew: false, changed: 0, parent: null });
});

it("builds another revision without looking at the files", async () => {
  startRepository();
  const first = git(folder, "rev-parse", "HEAD");
  write("changed.txt", "second\n");
  git(folder, "commit", "-q", "-a", "-m", "Second");
  write("changed.txt", "not committed\n");
  expect(await commit({ revision: "HEAD~1" })).toMatchObject({ sha: first, isNew: false });
});

it("says so when there is no such revision", async () => {
  startRepository();
  await expect(commit({ revision: "nowhere" })).rejects.toThrow("There is no commit nowhere here.");
});

it("makes a part of the repository the root", async () => {
  startRepository();
  write("examples/app/package.json", "{}\n");
  write("examples/app/ignored/x", "x");
  const made = await commit({ prefix: "examples/app" });
  expect(treeOf(made)).toEqual(["100644 blob package.json"]);
  expect(made.parent).toBeNull();
});

it("builds a folder that is in no repository", async () => {
  write("package.json", "{}\n");
  write(".gitignore", "node_modules/\n");
  write("node_modules/x/index.js", "x");
  const made = await commit({ gitDir: null });
  expect(treeOf(made)).toEqual(["100644 blob .gitignore", "100644 blob package.json"]);
  expect(readdirSync(folder).sort()).toEqual([".gitignore", "node_modules", "package.json"]);
});

it("leaves out submodules and repositories inside, and names them", async () => {
  const other = join(into, "other");
  mkdirSync(other);
  git(other, "init", "-q", "-b", "main");
  git(other, "commit", "-q", "--allow-empty", "-m", "Other");
  startRepository();
  git(folder, "submodule", "--quiet", "add", other, "sub");
  git(folder, "commit", "-q", "-m", "Submodule");
  mkdirSync(join(folder, "inner"));
  git(join(folder, "inner"), "init", "-q");
  write("inner/file", "x");
  write("new.txt", "new\n");
  const made = await commit();
  expect(made.leftOut).toEqual(["inner", "sub"]);
  expect(treeOf(made).filter((line) => /inner|sub$/.test(line))).toEqual(["160000 commit sub"]);
});

it("takes the resolved files in the middle of a merge", async () => {
  startRepository();
  git(folder, "checkout", "-q", "-b", "side");
  write("changed.txt", "side\n");
  git(folder, "commit", "-q", "-a", "-m", "Side");
  git(folder, "checkout", "-q", "main");
  write("changed.txt", "main\n");
  git(folder, "commit", "-q", "-a", "-m", "Main");
  expect(() => git(folder, "merge", "-q", "side")).toThrow();
  write("changed.txt", "both\n");
  const made = await commit();
  expect(git(made.gitDir, "show", `${made.sha}:changed.txt`)).toBe("both");
});

it("works in a linked work tree and in a shallow clone", async () => {
  startRepository();
  write("changed.txt", "second\n");
  git(folder, "commit", "-q", "-a", "-m", "Second");
  const origin = folder;
  for (const args of [
    ["clone", "-q", "--depth=1", `file://${origin}`, join(into, "shallow")],
    ["worktree", "add", "-q", join(into, "linked"), "-b", "linked"],
  ]) {
    git(origin, ...args);
    folder = join(into, args.includes("--depth=1") ? "shallow" : "linked");
    write("new.txt", "new\n");
    const gitDir = git(folder, "rev-parse", "--absolute-git-dir");
    const made = await makeCommit({
      folder,
      gitDir,
      prefix: "",
      revision: null,
      into: join(into, `${folder}.work`),
      ref: "refs/heads/x",
    });
    expect(treeOf(made)).toContain("100644 blob new.txt");
    expect(git(made.gitDir, "fsck", "--connectivity-only", made.sha)).toBe("");
  }
  folder = origin;
});

it("finds what a path means: the repository, a part with workflows of its own, or why it cannot be built", async () => {
  await expect(findSource(join(folder, "nowhere"))).rejects.toThrow("There is no folder");
  await expect(findSource(folder)).rejects.toThrow("is no git repository");
  git(folder, "init", "-q", "-b", "trunk");
  await expect(findSource(folder)).rejects.toThrow("has no workflow");
  write(".github/workflows/ci.yml", "on: push\n");
  await expect(findSource(folder)).rejects.toThrow("has no commit yet");
  git(folder, "add", "--all");
  git(folder, "commit", "-q", "-m", "First");
  expect(await findSource(folder)).toMatchObject({ prefix: "", branch: "trunk", workflowDir: ".github/workflows" });
  write("examples/app/.sandlot/workflows/ci.yaml", "on: push\n");
  const part = await findSource(join(folder, "examples/app"));
  expect(part).toMatchObject({
    prefix: "examples/app",
    workflowDir: ".sandlot/workflows",
    name: "app",
    owner: "local",
  });
  write("docs/x", "x");
  expect(await findSource(join(folder, "docs"))).toMatchObject({ prefix: "", workflowDir: ".github/workflows" });
  git(folder, "remote", "add", "origin", "git@github.com:ann/thing.git");
  expect(await findSource(folder)).toMatchObject({ owner: "ann", name: "thing" });
});
