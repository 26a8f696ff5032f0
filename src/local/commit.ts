/** Makes a commit of a folder as it lies on disk, in a repository of our own beside it: nothing of the user's `.git` is written. */

import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { runGit, type GitCall } from "./user-git.ts";

export interface CommitRequest {
  /** Absolute; the top of a work tree, or a folder that is in none. */
  folder: string;
  /** Absolute path of the user's git directory; null where there is none. */
  gitDir: string | null;
  /** Only this folder of the repository, its files at the root: `examples/app`, or empty for all. */
  prefix: string;
  /** Exactly this commit; null for the files as they are. */
  revision: string | null;
  /** Where the repository is made: an empty folder, none, or that of a commit before, which is then kept. */
  into: string;
  /** The branch or tag that shall point at it: `refs/heads/main`. */
  ref: string;
}

export interface LocalCommit {
  /** A bare repository that borrows the user's objects. */
  gitDir: string;
  sha: string;
  /** First line of its message. */
  title: string;
  /** The commit that the folder was based on; null where there is none, or where the commit was made anew from a part. */
  parent: string | null;
  /** False where the commit is one of the user's own. */
  isNew: boolean;
  /** Files that differ from the last commit. */
  changed: number;
  /** Submodules and repositories inside this one: their files are left out. */
  leftOut: string[];
}

/** Throws with what git says when it cannot be done. */
export async function makeCommit(request: CommitRequest): Promise<LocalCommit> {
  const store = await openStore(request);
  const base = await findBase(request, store);
  const { tree, leftOut } =
    request.revision === null ? await treeOfFiles(request, store, base) : await treeOfCommit(request, store, base);
  const baseTree = base === null ? null : await resolve(store.user, `${base}:${request.prefix}`);
  const made = request.prefix === "" ? await makeWhole(request, store, { base, baseTree, tree }) : null;
  const { sha, parent, isNew } = made ?? {
    sha: await writeCommit(request, store, tree, null),
    parent: null,
    isNew: true,
  };
  await shareHistory(request, store, sha);
  const changed = baseTree === null ? 0 : await countChanges(store, baseTree, tree);
  const title = (await runGit(store.user, ["show", "-s", "--no-show-signature", "--format=%s", sha, "--"])).trim();
  return { gitDir: store.gitDir, sha, title, parent, isNew, changed, leftOut };
}

/** The commit that is built, or that the files are compared with. */
async function findBase(request: CommitRequest, store: Store): Promise<string | null> {
  if (request.revision === null) return request.gitDir === null ? null : await resolve(store.user, "HEAD^{commit}");
  const base = await resolve(store.user, `${request.revision}^{commit}`);
  if (base === null) throw new Error(`There is no commit ${request.revision} here.`);
  return base;
}

/** The user's own commit where the files are just those of it, else a new one on top. */
async function makeWhole(
  request: CommitRequest,
  store: Store,
  { base, baseTree, tree }: { base: string | null; baseTree: string | null; tree: string },
): Promise<Pick<LocalCommit, "sha" | "parent" | "isNew">> {
  if (base !== null && tree === baseTree) {
    return { sha: base, parent: await resolve(store.user, `${base}^`), isNew: false };
  }
  return { sha: await writeCommit(request, store, tree, base), parent: base, isNew: true };
}

interface Store {
  gitDir: string;
  /** Reads the user's repository and ours; what it writes goes into ours. */
  user: GitCall;
  /**
   * As `user`, without a sight of the user's objects: git touches an object that it finds instead of writing it, and that
   * would be the user's.
   */
  blind: GitCall;
}

/**
 * A bare repository, and beside it a folder for the objects that are made: that one knows of no other, so that git finds
 * there only what is ours. The repository reads both it and the user's.
 */
async function openStore(request: CommitRequest): Promise<Store> {
  const gitDir = join(request.into, "repository.git");
  const made = join(request.into, "objects");
  await mkdir(made, { recursive: true, mode: 0o700 });
  const format = request.gitDir === null ? "sha1" : await objectFormat(request.gitDir);
  await runGit({ cwd: request.into, env: {} }, ["init", "-q", "--bare", `--object-format=${format}`, gitDir]);
  const theirs = request.gitDir === null ? null : await pathIn(request.gitDir, "objects");
  const alternates = [made, theirs].filter((folder) => folder !== null);
  await writeFile(join(gitDir, "objects/info/alternates"), alternates.map((folder) => `${folder}\n`).join(""));
  const env: Record<string, string> = {
    GIT_DIR: request.gitDir ?? gitDir,
    GIT_WORK_TREE: request.folder,
    GIT_INDEX_FILE: join(request.into, "index"),
    GIT_OBJECT_DIRECTORY: made,
    // What git-lfs cleans goes here too.
    GIT_LFS_PATH: join(request.into, "lfs"),
  };
  const blind: GitCall = { cwd: request.folder, env };
  if (request.gitDir === null || theirs === null) return { gitDir, user: blind, blind };
  await copyFile(await pathIn(request.gitDir, "shallow"), join(gitDir, "shallow")).catch(ignoreMissing);
  const user = { ...blind, env: { ...env, GIT_ALTERNATE_OBJECT_DIRECTORIES: quotePath(theirs) } };
  return { gitDir, user, blind };
}

/** Where git keeps this: in a linked work tree, some of it with the main one. */
async function pathIn(gitDir: string, name: string): Promise<string> {
  const args = ["rev-parse", "--path-format=absolute", "--git-path", name];
  return (await runGit({ cwd: gitDir, env: { GIT_DIR: gitDir } }, args)).replace(/\n$/, "");
}

/** Git splits the list at colons, but not within quotes. */
function quotePath(path: string): string {
  return /[":]/.test(path) ? JSON.stringify(path) : path;
}

async function objectFormat(gitDir: string): Promise<string> {
  const answer = await runGit({ cwd: gitDir, env: { GIT_DIR: gitDir } }, ["rev-parse", "--show-object-format"]);
  return answer.trim();
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

/** Null where there is no such object. */
async function resolve(call: GitCall, revision: string): Promise<string | null> {
  const answer = await runGit(call, ["rev-parse", "--verify", "--quiet", "--end-of-options", revision]).catch(() => "");
  return answer.trim() || null;
}

interface Tree {
  tree: string;
  leftOut: string[];
}

/** Tracked and unignored files, as `git add --all` would take them, into an index and objects of ours. */
async function treeOfFiles(request: CommitRequest, store: Store, head: string | null): Promise<Tree> {
  await startIndex(request, store, head);
  const scope = request.prefix === "" ? "." : request.prefix;
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", scope];
  const submodules = await listSubmodules(store, scope);
  const paths = (await runGit(store.user, list)).split("\0").filter((path) => path !== "");
  const nested = paths.filter((path) => path.endsWith("/"));
  const leftOut = new Set([...submodules, ...nested.map((path) => path.slice(0, -1))]);
  const files = paths.filter((path) => !path.endsWith("/") && !leftOut.has(path));
  const update = ["update-index", "-z", "--add", "--remove", "--replace", "--ignore-skip-worktree-entries", "--stdin"];
  await runGit(store.blind, update, files.map((path) => `${path}\0`).join(""));
  const whole = (await runGit(store.blind, ["write-tree", "--missing-ok"])).trim();
  const tree = await partOfTree(store, whole, request.prefix);
  return { tree, leftOut: [...leftOut].sort() };
}

/** A copy of the user's index knows which files did not change, so that only the others are read. */
async function startIndex(request: CommitRequest, store: Store, head: string | null): Promise<void> {
  if (request.gitDir === null) return;
  const isSplit = (await readdir(request.gitDir)).some((name) => name.startsWith("sharedindex."));
  // Reading a split index touches its other half, which is the user's.
  if (!isSplit) return copyFile(join(request.gitDir, "index"), join(request.into, "index")).catch(ignoreMissing);
  if (head !== null) await runGit(store.user, ["read-tree", head]);
}

async function listSubmodules(store: Store, scope: string): Promise<string[]> {
  const entries = (await runGit(store.user, ["ls-files", "-z", "--stage", "--", scope])).split("\0");
  return entries.filter((entry) => entry.startsWith("160000 ")).map((entry) => entry.slice(entry.indexOf("\t") + 1));
}

async function treeOfCommit(request: CommitRequest, store: Store, sha: string | null): Promise<Tree> {
  const entries = (await runGit(store.user, ["ls-tree", "-r", "-z", String(sha)])).split("\0");
  const submodules = entries.filter((entry) => entry.startsWith("160000 "));
  return {
    tree: await partOfTree(store, `${sha}^{tree}`, request.prefix),
    leftOut: submodules.map((entry) => entry.slice(entry.indexOf("\t") + 1)),
  };
}

async function partOfTree(store: Store, tree: string, prefix: string): Promise<string> {
  const part = await resolve(store.user, prefix === "" ? tree : `${tree}:${prefix}`);
  if (part === null) throw new Error(`There is no ${prefix || "tree"} in that commit.`);
  return part;
}

async function countChanges(store: Store, from: string, to: string): Promise<number> {
  const names = await runGit(store.user, ["diff-tree", "-r", "-z", "--name-only", from, to]);
  return names.split("\0").length - 1;
}

async function writeCommit(request: CommitRequest, store: Store, tree: string, parent: string | null): Promise<string> {
  const parents = parent === null ? [] : ["-p", parent];
  const message =
    request.revision === null
      ? `Files as they are${parent === null ? "" : `, on top of ${parent.slice(0, 7)}`}`
      : `${request.prefix} of ${request.revision}`;
  const asked = await runGit(store.user, ["var", "GIT_AUTHOR_IDENT"]).catch(() => "");
  const [, name = "Sandlot", email = "sandlot@localhost"] = /^(.+) <(.*)> \d+ [+-]\d+$/.exec(asked.trim()) ?? [];
  const who = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
  const call = { ...store.user, env: { ...store.user.env, ...who } };
  return (await runGit(call, ["commit-tree", tree, ...parents, "-m", message])).trim();
}

/** Our repository has the user's branches and tags, the remote's branches that are not here too, and the built one as it is now. */
async function shareHistory(request: CommitRequest, store: Store, sha: string): Promise<void> {
  const bare = { cwd: store.gitDir, env: { GIT_DIR: store.gitDir } };
  const refs = request.gitDir === null || request.prefix !== "" ? new Map<string, string>() : await listRefs(store);
  refs.set(request.ref, sha);
  const updates = [...refs].map(([ref, object]) => `update ${ref} ${object}\n`);
  await runGit(bare, ["update-ref", "--stdin"], updates.join(""));
  if (request.ref.startsWith("refs/heads/")) await runGit(bare, ["symbolic-ref", "HEAD", request.ref]);
}

async function listRefs(store: Store): Promise<Map<string, string>> {
  const format = "--format=%(objectname) %(refname)";
  // Later ones win: a branch that is here counts before the remote's of that name.
  const folders = ["refs/remotes/origin", "refs/heads", "refs/tags"];
  const refs = new Map<string, string>();
  for (const folder of folders) {
    for (const line of (await runGit(store.user, ["for-each-ref", format, folder])).split("\n")) {
      const [object = "", ref = ""] = line.split(" ");
      if (ref === "" || ref === "refs/remotes/origin/HEAD") continue;
      refs.set(ref.replace(/^refs\/remotes\/origin\//, "refs/heads/"), object);
    }
  }
  return refs;
}
