/** Actions from a folder, `DIR/owner/repository`: what stands in for github.com where `uses: owner/repository@ref` is fetched from. */

import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type GitPlace, isSha } from "./github-git.ts";
import { runGit } from "./user-git.ts";

/** Where what the folder does not hold is looked for. */
const ELSEWHERE = "https://github.com";

export interface ActionsFolder {
  /** Null where it does not hold it: then `elsewhere` may. */
  find(owner: string, name: string): Promise<GitPlace | null>;
  elsewhere(owner: string, name: string): string;
}

/** Nothing is written to `dir`; what is not a repository of git is committed in `scratch`, once. */
export function openActionsFolder(dir: string, scratch: string): ActionsFolder {
  const known = new Map<string, Promise<GitPlace | null>>();
  const find = (owner: string, name: string): Promise<GitPlace | null> => {
    const key = `${owner}/${name}`.toLowerCase();
    const place = known.get(key) ?? findPlace(dir, join(scratch, "actions", `${owner}+${name}`), { owner, name });
    known.set(key, place);
    return place;
  };
  return { find, elsewhere: (owner, name) => `${ELSEWHERE}/${owner}/${name}.git` };
}

interface Named {
  owner: string;
  name: string;
}

async function findPlace(dir: string, scratch: string, { owner, name }: Named): Promise<GitPlace | null> {
  const inOwner = join(dir, (await pick(dir, owner)) ?? owner);
  const folder = await pick(inOwner, name);
  const plain = (await folders(inOwner)).filter((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}@`));
  const gitDir = folder === null ? null : await gitDirOf(join(inOwner, folder));
  await mkdir(join(scratch, "objects"), { recursive: true });
  const place = { alternateObjects: [], scratchObjects: join(scratch, "objects") };
  if (gitDir !== null) return { ...place, gitDir };
  if (folder === null && plain.length === 0) return null;
  const made = join(scratch, "git");
  await runGit({ cwd: scratch, env: {} }, ["init", "-q", "--bare", "-b", "main", made]);
  if (folder !== null) await commitFolder(made, join(inOwner, folder), "refs/heads/main");
  for (const one of plain) await commitFolder(made, join(inOwner, one), `refs/tags/${one.slice(name.length + 1)}`);
  return { ...place, gitDir: made };
}

/** As its folder is called, whatever the letter case. */
async function pick(dir: string, name: string): Promise<string | null> {
  return (await folders(dir)).find((one) => one.toLowerCase() === name.toLowerCase()) ?? null;
}

async function folders(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
}

/** A work tree's own, or the folder itself where that is bare. */
async function gitDirOf(folder: string): Promise<string | null> {
  for (const one of [join(folder, ".git"), folder]) {
    const parts = await Promise.all(["HEAD", "objects", "refs"].map((part) => stat(join(one, part)).catch(() => null)));
    if (parts.every((part) => part !== null)) return one;
  }
  return null;
}

/** The same files are the same commit in every run. */
async function commitFolder(gitDir: string, folder: string, ref: string): Promise<void> {
  const env = {
    GIT_DIR: gitDir,
    GIT_WORK_TREE: folder,
    GIT_INDEX_FILE: join(gitDir, "sandlot-index"),
    ...Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((who) => [
        [`GIT_${who}_NAME`, "sandlot"],
        [`GIT_${who}_EMAIL`, "sandlot@localhost"],
        [`GIT_${who}_DATE`, "2000-01-01T00:00:00Z"],
      ]),
    ),
  };
  await runGit({ cwd: folder, env }, ["read-tree", "--empty"]);
  await runGit({ cwd: folder, env }, ["add", "--all", "--force", "."]);
  const tree = (await runGit({ cwd: folder, env }, ["write-tree"])).trim();
  const sha = (await runGit({ cwd: folder, env }, ["commit-tree", tree, "-m", ref])).trim();
  if (!isSha(sha)) throw new Error(`git made no commit of ${folder}`);
  await runGit({ cwd: folder, env }, ["update-ref", ref, sha]);
}
