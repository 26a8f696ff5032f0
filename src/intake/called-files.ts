/** The texts of workflow files that others call: of the folder that was read already, or of another one, read when it is asked for. */

import { dirname } from "node:path/posix";
import type { Octokit } from "@octokit/rest";
import { readWorkflowFiles } from "../github/contents.ts";
import type { RepositoryName } from "../github/contents.ts";
import type { ReadText } from "../language/follow-calls.ts";

type Texts = ReadonlyMap<string, string>;

/** `read` is the folder that builds start from, `where.sha` the commit. A folder is read once. */
export function calledFiles(
  octokit: Octokit,
  where: RepositoryName & { sha: string },
  read: { dir: string; files: readonly { path: string; text: string }[] },
): ReadText {
  const folders = new Map<string, Promise<Texts>>([[read.dir, Promise.resolve(textsOf(read.files))]]);
  return async (path) => {
    const dir = dirname(path);
    const known = folders.get(dir) ?? readFolder(octokit, where, dir);
    folders.set(dir, known);
    return (await known).get(path) ?? null;
  };
}

async function readFolder(octokit: Octokit, where: RepositoryName & { sha: string }, dir: string): Promise<Texts> {
  const read = await readWorkflowFiles(octokit, { ...where, dirs: [dir] });
  return textsOf(read.status === "found" ? read.files : []);
}

function textsOf(files: readonly { path: string; text: string }[]): Texts {
  return new Map(files.map(({ path, text }) => [path, text]));
}
