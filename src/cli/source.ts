/** Finds out what a PATH on the command line means: which repository, which part of it, which branch, which workflow files. */

import { readFile, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";

import { derivedId } from "../local/github-names.ts";
import { runGit } from "../local/user-git.ts";
import { UsageError } from "./usage-error.ts";

export const WORKFLOW_DIRS = [".sandlot/workflows", ".github/workflows"] as const;
type WorkflowDir = (typeof WORKFLOW_DIRS)[number];

export interface Source {
  /** What is built, absolute: its files become the commit's root. */
  root: string;
  /** The work tree that `root` is in, or `root` itself where there is none. */
  top: string;
  /** `root` within `top`; empty where they are one. */
  prefix: string;
  /** Absolute; null where `root` is in no repository. */
  gitDir: string | null;
  /** Null where HEAD is detached or there is no repository. */
  branch: string | null;
  defaultBranch: string;
  /** What it is called on GitHub, or `local/<folder>`. */
  owner: string;
  name: string;
  repositoryId: number;
  workflowDir: WorkflowDir;
}

/** Throws `UsageError` where there is nothing to build. */
export async function findSource(path: string): Promise<Source> {
  const folder = await existingFolder(path);
  const gitDir = await askGit(folder, "rev-parse", "--absolute-git-dir");
  const top = gitDir === null ? folder : await askGit(folder, "rev-parse", "--show-toplevel");
  if (top === null) {
    throw new UsageError(`${folder} is inside a git directory or a bare repository, not a work tree.`, [
      "Give the path of a checkout of it.",
    ]);
  }
  const own = await findWorkflowDir(folder);
  const root = own === null ? top : folder;
  const workflowDir = own ?? (await findWorkflowDir(top));
  if (workflowDir === null) throw noWorkflow(top, gitDir);
  if (gitDir !== null && root === top && (await askGit(top, "rev-parse", "--verify", "--quiet", "HEAD")) === null) {
    throw new UsageError(`The repository ${top} has no commit yet.`, ['git add --all && git commit -m "First commit"']);
  }
  const branch = gitDir === null ? null : await askGit(top, "symbolic-ref", "--short", "--quiet", "HEAD");
  const [owner, name] = await nameOf(root, top, gitDir);
  return {
    root,
    top,
    prefix: relative(top, root),
    gitDir,
    branch,
    defaultBranch: await defaultBranchOf(top, gitDir, branch),
    owner,
    name,
    repositoryId: derivedId(root),
    workflowDir,
  };
}

async function existingFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new UsageError(`There is no folder ${path}.`, ["Give the path of a repository."]);
  if (!found.isDirectory()) throw new UsageError(`${path} is not a folder.`, [`sandlot run ${dirname(path)}`]);
  return await realpath(path);
}

/** Null where git has no answer; throws `UsageError` where there is no git. */
async function askGit(cwd: string, ...args: string[]): Promise<string | null> {
  try {
    return (await runGit({ cwd, env: {} }, args)).replace(/\n$/, "") || null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new UsageError("git is not installed, or not on the PATH.", ["Install it: https://git-scm.com/downloads"]);
    }
    if (/dubious ownership/.test(String(error))) throw new UsageError(String(error));
    return null;
  }
}

async function findWorkflowDir(folder: string): Promise<WorkflowDir | null> {
  for (const dir of WORKFLOW_DIRS) {
    if ((await listWorkflowFiles(folder, dir)).length > 0) return dir;
  }
  return null;
}

/** Paths within `folder`, in order. */
async function listWorkflowFiles(folder: string, dir: WorkflowDir): Promise<string[]> {
  const names = await readdir(join(folder, dir)).catch((): string[] => []);
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => `${dir}/${name}`);
}

/** The workflow files as they lie on disk, by path from the root. */
export async function readWorkflowFiles(
  source: Pick<Source, "root" | "workflowDir">,
): Promise<{ path: string; text: string }[]> {
  const paths = await listWorkflowFiles(source.root, source.workflowDir);
  return await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(source.root, path), "utf8") })),
  );
}

function noWorkflow(top: string, gitDir: string | null): UsageError {
  if (gitDir === null) {
    return new UsageError(`${top} is no git repository and has no ${WORKFLOW_DIRS[0]}.`, [
      `git init ${top}   # where it is to become one`,
      "sandlot run PATH   # to build another folder",
    ]);
  }
  return new UsageError(`${top} has no workflow: neither ${WORKFLOW_DIRS.join(" nor ")} holds a .yml file.`, [
    "sandlot init   # writes one to start from",
  ]);
}

async function nameOf(root: string, top: string, gitDir: string | null): Promise<[string, string]> {
  const remote = gitDir === null || root !== top ? null : await askGit(top, "remote", "get-url", "origin");
  const [, owner, name] = /github\.com[:/]([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(remote ?? "") ?? [];
  if (owner !== undefined && name !== undefined) return [owner, name];
  const slug = basename(root).replaceAll(/[^\w.-]+/g, "-");
  return ["local", /^[.-]*$/.test(slug) ? "repository" : slug];
}

async function defaultBranchOf(top: string, gitDir: string | null, branch: string | null): Promise<string> {
  if (gitDir === null) return "main";
  const remote = await askGit(top, "symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD");
  if (remote !== null) return remote.replace(/^origin\//, "");
  for (const name of ["main", "master"]) {
    if ((await askGit(top, "rev-parse", "--verify", "--quiet", `refs/heads/${name}`)) !== null) return name;
  }
  return branch ?? "main";
}
