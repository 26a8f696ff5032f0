/** The local GitHub's eyes: what a real git directory holds, asked from the `git` binary and never written into it. */

import { spawn } from "node:child_process";

export interface GitPlace {
  /** Absolute. */
  gitDir: string;
  /** Object folders that are read beside the repository's own: a commit of the working tree, say. */
  alternateObjects: string[];
  /** Object folder of ours, where test merges are written. */
  scratchObjects: string;
}

export interface GitResult {
  code: number;
  stdout: Uint8Array;
  stderr: string;
}

const SHA = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

export function isSha(text: string): boolean {
  return SHA.test(text);
}

/** Nothing of the user's own configuration, and no prompt. Settings go in by environment, so `.git/config` stays as it is. */
export function gitEnvironment(place: GitPlace, settings: Record<string, string> = {}): Record<string, string> {
  const all = { "safe.directory": "*", "gc.auto": "0", "maintenance.auto": "false", ...settings };
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: place.scratchObjects,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_ALTERNATE_OBJECT_DIRECTORIES: [...place.alternateObjects, place.scratchObjects].map(quotePath).join(":"),
    GIT_CONFIG_COUNT: String(Object.keys(all).length),
  };
  for (const [index, [key, value]] of Object.entries(all).entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

/** A child's whole environment: what the Worker's types ask of every environment is not meant here. */
export function asProcessEnv(env: Record<string, string>): NodeJS.ProcessEnv {
  return env as unknown as NodeJS.ProcessEnv;
}

export function toText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function toBase64(bytes: Uint8Array): string {
  return String(Buffer.from(bytes).toString("base64"));
}

/** Git splits the list at colons, but not within quotes. */
function quotePath(path: string): string {
  return /[":]/.test(path) ? JSON.stringify(path) : path;
}

/** Runs git in this place and answers however it ended; rejects only where git cannot be started. */
export function git(
  place: GitPlace,
  args: string[],
  options: { input?: string | Uint8Array; env?: Record<string, string> } = {},
): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const env = { ...gitEnvironment(place), GIT_DIR: place.gitDir, ...options.env };
    const child = spawn("git", args, { env: asProcessEnv(env), cwd: place.gitDir, stdio: "pipe" });
    const out: Uint8Array[] = [];
    const err: Uint8Array[] = [];
    child.stdout.on("data", (chunk: Uint8Array) => out.push(chunk));
    child.stderr.on("data", (chunk: Uint8Array) => err.push(chunk));
    // Git may stop reading early; what it says then is in its exit code.
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? 128, stdout: Buffer.concat(out), stderr: toText(Buffer.concat(err)) });
    });
    child.stdin.end(options.input ?? "");
  });
}

/** As `git`, for what must succeed. */
export async function gitText(
  place: GitPlace,
  args: string[],
  options: Parameters<typeof git>[2] = {},
): Promise<string> {
  const result = await git(place, args, options);
  if (result.code !== 0) throw new Error(`git ${args[0] ?? ""} ended with ${result.code}: ${result.stderr.trim()}`);
  return toText(result.stdout);
}

/** Type and size of an object; null where there is none. `object` is a sha, or `sha:path`. */
export async function readObject(
  place: GitPlace,
  object: string,
): Promise<{ sha: string; type: "blob" | "tree" | "commit" | "tag"; size: number } | null> {
  if (!/^[0-9a-f]{40,64}(:|$)/.test(object) || object.includes("\n")) return null;
  const line = await gitText(place, ["cat-file", "--batch-check"], { input: `${object}\n` });
  const match = /^([0-9a-f]+) (blob|tree|commit|tag) (\d+)\n$/.exec(line);
  if (match === null) return null;
  return { sha: match[1] ?? "", type: match[2] as "blob", size: Number(match[3]) };
}

/** Null where it is no file's content, or not there. */
export async function readBlob(place: GitPlace, sha: string): Promise<Uint8Array | null> {
  if (!isSha(sha)) return null;
  const { stdout } = await git(place, ["cat-file", "--batch"], { input: `${sha}\n` });
  const headEnd = stdout.indexOf(0x0a);
  const match = /^[0-9a-f]+ blob (\d+)$/.exec(toText(stdout.subarray(0, headEnd)));
  return match === null ? null : stdout.subarray(headEnd + 1, headEnd + 1 + Number(match[1]));
}

/** What exactly this full ref points at (a commit, or an annotated tag); null where there is none. */
export async function readGitRef(place: GitPlace, ref: string): Promise<string | null> {
  const result = await git(place, ["show-ref", "--verify", "--hash", "--", ref]);
  return result.code === 0 ? toText(result.stdout).trim() : null;
}

export interface TreeEntry {
  mode: string;
  type: "blob" | "tree" | "commit";
  sha: string;
  size: number;
  name: string;
}

export async function listTree(place: GitPlace, sha: string): Promise<TreeEntry[]> {
  const text = await gitText(place, ["ls-tree", "-z", "-l", "--full-tree", sha]);
  return text
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const [meta = "", name = ""] = line.split("\t", 2);
      const [mode = "", type = "", entrySha = "", size = ""] = meta.split(/ +/);
      return { mode, type: type as TreeEntry["type"], sha: entrySha, size: Number(size) || 0, name };
    });
}

interface Person {
  name: string;
  email: string;
  /** ISO 8601, UTC. */
  date: string;
}

export interface CommitObject {
  sha: string;
  tree: string;
  parents: string[];
  author: Person;
  committer: Person;
  message: string;
}

const COMMIT_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B";

/** Null where the commit is not here. */
export async function readCommitObject(place: GitPlace, sha: string): Promise<CommitObject | null> {
  if (!isSha(sha) || (await readObject(place, sha))?.type !== "commit") return null;
  const text = await gitText(place, ["show", "-s", "--no-show-signature", `--format=${COMMIT_FORMAT}`, sha, "--"]);
  const fields = text.split("\0");
  const field = (index: number) => fields[index] ?? "";
  return {
    sha: field(0),
    tree: field(1),
    parents: field(2)
      .split(" ")
      .filter((parent) => parent !== ""),
    author: { name: field(3), email: field(4), date: isoSeconds(field(5)) },
    committer: { name: field(6), email: field(7), date: isoSeconds(field(8)) },
    message: field(9).replace(/\n+$/, ""),
  };
}

function isoSeconds(epoch: string): string {
  return new Date(Number(epoch) * 1000).toISOString().replace(".000Z", "Z");
}

export interface ChangedFile {
  path: string;
  previousPath: string | null;
  status: "added" | "removed" | "modified" | "renamed";
  sha: string | null;
  additions: number;
  deletions: number;
}

export interface Comparison {
  mergeBase: string;
  aheadBy: number;
  behindBy: number;
  /** Commits of `head` that `base` has not, oldest first. */
  commits: string[];
  files: ChangedFile[];
}

/** Null where the two have no common ancestor. */
export async function compareCommits(place: GitPlace, base: string, head: string): Promise<Comparison | null> {
  const merged = await git(place, ["merge-base", base, head]);
  if (merged.code !== 0) return null;
  const mergeBase = toText(merged.stdout).trim();
  const ahead = await gitText(place, ["rev-list", "--reverse", `${base}..${head}`, "--"]);
  const behind = await gitText(place, ["rev-list", "--count", `${head}..${base}`, "--"]);
  const commits = ahead.split("\n").filter((line) => line !== "");
  const files = await changedBetween(place, mergeBase, head);
  return { mergeBase, aheadBy: commits.length, behindBy: Number(behind), commits, files };
}

const STATUS_WORDS: Record<string, ChangedFile["status"]> = { A: "added", D: "removed", R: "renamed" };

/** `--raw --numstat -z` lists all files twice: first what they are, then how many lines. */
async function changedBetween(place: GitPlace, from: string, to: string): Promise<ChangedFile[]> {
  const args = [
    "diff",
    "--raw",
    "--numstat",
    "-z",
    "-M",
    "--no-abbrev",
    "--no-ext-diff",
    "--no-textconv",
    from,
    to,
    "--",
  ];
  const parts = (await gitText(place, args)).split("\0");
  let at = 0;
  const next = () => parts[at++] ?? "";
  const files: ChangedFile[] = [];
  while (parts[at]?.startsWith(":") === true) files.push(readRaw(next(), next));
  for (const file of files) {
    const [additions, deletions] = next().split("\t");
    // A binary file says "-".
    file.additions = Number(additions) || 0;
    file.deletions = Number(deletions) || 0;
    if (file.previousPath !== null) at += 2;
  }
  return files;
}

/** `:100644 100644 <sha> <sha> M`, then one path or two. */
function readRaw(line: string, nextPath: () => string): ChangedFile {
  const [, , , sha = "", letter = "M"] = line.split(" ");
  const previousPath = letter.startsWith("R") ? nextPath() : null;
  const status = STATUS_WORDS[letter.charAt(0)] ?? "modified";
  return { path: nextPath(), previousPath, status, sha: isZero(sha) ? null : sha, additions: 0, deletions: 0 };
}

function isZero(sha: string): boolean {
  return /^0+$/.test(sha);
}

/**
 * The test merge of a pull request, as GitHub keeps under `refs/pull/N/merge`: parents are base and head. It is written to
 * the scratch folder alone. Null for a conflict. The same two always make the same commit.
 */
export async function mergeCommits(place: GitPlace, base: string, head: string): Promise<string | null> {
  const objects = await gitText(place, ["rev-parse", "--path-format=absolute", "--git-path", "objects"]);
  const alternates = [objects.trim(), ...place.alternateObjects].map(quotePath).join(":");
  const env = { GIT_OBJECT_DIRECTORY: place.scratchObjects, GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates };
  const merged = await git(place, ["merge-tree", "--write-tree", "--no-messages", base, head], { env });
  if (merged.code === 1 || merged.stderr.includes("unrelated histories")) return null;
  if (merged.code !== 0) throw new Error(`git merge-tree ended with ${merged.code}: ${merged.stderr.trim()}`);
  const tree = toText(merged.stdout).split("\n", 1)[0] ?? "";
  const when = (await gitText(place, ["show", "-s", "--format=%ct", head, "--"])).trim();
  const who = {
    GIT_AUTHOR_NAME: "GitHub",
    GIT_AUTHOR_EMAIL: "noreply@github.com",
    GIT_AUTHOR_DATE: `${when} +0000`,
    GIT_COMMITTER_NAME: "GitHub",
    GIT_COMMITTER_EMAIL: "noreply@github.com",
    GIT_COMMITTER_DATE: `${when} +0000`,
  };
  const args = ["commit-tree", tree, "-p", base, "-p", head, "-m", `Merge ${head} into ${base}`];
  return (await gitText(place, args, { env: { ...env, ...who } })).trim();
}
