/** What an operation of the local GitHub is given and gives back. */

import type { Json } from "./github-answers.ts";
import type { Caller } from "./github-auth.ts";
import { gitText, isSha, readObject } from "./github-git.ts";
import { type LocalRepository, type LocalState, readRef } from "./github-state.ts";

export interface Answer {
  status: number;
  body: Json | Json[] | null;
  headers?: Record<string, string>;
}

export interface Ask {
  state: LocalState;
  url: string;
  caller: Caller;
  params: Record<string, string>;
  query: Record<string, string>;
  body: Json;
}

export interface RepositoryAsk extends Ask {
  repository: LocalRepository;
}

export const problem = (status: number, message: string): Answer => ({
  status,
  body: { message, documentation_url: "https://docs.github.com/rest", status: String(status) },
});
export const notFound = () => problem(404, "Not Found");

/** A sha, a branch, a tag, `heads/x`, `tags/x` or a full ref, as GitHub's `ref` parameters take them. */
export async function resolveCommit(repository: LocalRepository, ref: string): Promise<string | null> {
  const names = [ref, `refs/${ref}`, `refs/heads/${ref}`, `refs/tags/${ref}`].filter((name) =>
    name.startsWith("refs/"),
  );
  let sha = isSha(ref) ? ref : null;
  for (const name of names) sha ??= await readRef(repository, name);
  if (sha === null || (await readObject(repository, sha)) === null) return null;
  const peeled = await gitText(repository, ["rev-parse", "--verify", `${sha}^{commit}`]).catch(() => null);
  return peeled?.trim() ?? null;
}
