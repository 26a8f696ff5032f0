/** Writes commits into repositories that are the local GitHub's own, by git's `fast-import`. */

import { mkdirSync } from "node:fs";
import { git, gitText, readGitRef } from "./github-git.ts";
import { fullName, type NamedRepository } from "./github-names.ts";
import type { LocalRepository } from "./github-state.ts";

/** Null deletes the file. A link's text is its target. */
export type FileContent = string | null | { text?: string; base64?: string; mode?: "100644" | "100755" | "120000" };

export interface CommitOptions {
  branch: string;
  files: Record<string, FileContent>;
  message: string;
  /** Null starts a new history; where absent the branch's commit, or the default branch's. Another one is a force-push. */
  parent?: string | null;
  /** Made with the commit, pointing at it. */
  tag?: string;
  annotated?: boolean;
}

export interface WrittenCommit {
  sha: string;
  ref: string;
  /** What the branch was at before; zeros for a new one, as in a push's payload. */
  before: string;
  /** What the tag points at: the tag object if it is annotated. */
  tagSha: string | null;
}

export async function initRepository(repository: LocalRepository): Promise<void> {
  mkdirSync(repository.gitDir, { recursive: true });
  await gitText(repository, ["init", "--quiet", "--bare", `--initial-branch=${repository.defaultBranch}`]);
}

const ZERO_SHA = "0".repeat(40);
const WHO = "Ada Sandlot <ada@example.com>";

export async function writeCommit(repository: LocalRepository, options: CommitOptions): Promise<WrittenCommit> {
  assertOwn(repository);
  const ref = `refs/heads/${options.branch}`;
  const before = await readGitRef(repository, ref);
  const parent = options.parent === undefined ? (before ?? (await readDefault(repository))) : options.parent;
  const input = new Uint8Array(Buffer.concat(importStream(ref, parent, options)));
  const imported = await git(repository, ["fast-import", "--quiet", "--force", "--done"], { input });
  if (imported.code !== 0) throw new Error(`git fast-import ended with ${imported.code}: ${imported.stderr}`);
  const sha = await readGitRef(repository, ref);
  if (sha === null) throw new Error(`git fast-import made no ${ref}`);
  const tagSha = options.tag === undefined ? null : await readGitRef(repository, `refs/tags/${options.tag}`);
  return { sha, ref, before: before ?? ZERO_SHA, tagSha };
}

async function readDefault(repository: LocalRepository): Promise<string | null> {
  return await readGitRef(repository, `refs/heads/${repository.defaultBranch}`);
}

function importStream(ref: string, parent: string | null, options: CommitOptions): Uint8Array[] {
  const when = `${Math.floor(Date.now() / 1000)} +0000`;
  const out: Uint8Array[] = [];
  const line = (text: string) => out.push(Buffer.from(`${text}\n`));
  const data = (bytes: Uint8Array) => {
    line(`data ${bytes.length}`);
    out.push(bytes, Buffer.from("\n"));
  };
  // Without `from`, fast-import goes on from the branch; a reset makes a history of its own.
  if (parent === null) line(`reset ${ref}`);
  line(`commit ${ref}`);
  line("mark :1");
  line(`author ${WHO} ${when}`);
  line(`committer ${WHO} ${when}`);
  data(Buffer.from(options.message));
  if (parent !== null) line(`from ${parent}`);
  for (const [path, content] of Object.entries(options.files)) {
    if (content === null) {
      line(`D ${JSON.stringify(path)}`);
      continue;
    }
    line(`M ${modeOf(content)} inline ${JSON.stringify(path)}`);
    data(bytesOf(content));
  }
  if (options.tag !== undefined && options.annotated === true) {
    line(`tag ${options.tag}`);
    line("from :1");
    line(`tagger ${WHO} ${when}`);
    data(Buffer.from(`${options.tag}\n`));
  } else if (options.tag !== undefined) {
    line(`reset refs/tags/${options.tag}`);
    line("from :1");
  }
  line("done");
  return out;
}

function modeOf(content: NonNullable<FileContent>): string {
  return typeof content === "string" ? "100644" : (content.mode ?? "100644");
}

function bytesOf(content: NonNullable<FileContent>): Uint8Array {
  if (typeof content === "string") return new TextEncoder().encode(content);
  return content.base64 === undefined
    ? new TextEncoder().encode(content.text ?? "")
    : new Uint8Array(Buffer.from(content.base64, "base64"));
}

export async function pruneRepository(repository: LocalRepository): Promise<void> {
  assertOwn(repository);
  await gitText(repository, ["reflog", "expire", "--expire=now", "--all"]);
  await gitText(repository, ["gc", "--quiet", "--prune=now"]);
}

function assertOwn(repository: NamedRepository & { writable: boolean }): void {
  if (!repository.writable) throw new Error(`${fullName(repository)} is the user's own: nothing is written to it`);
}
