/** Which workflows of a repository can be started by hand, and with what: read from its branch, as it is now. */

import { installationOctokit } from "../../github/app.ts";
import { readWorkflowFiles, resolveRef } from "../../github/contents.ts";
import { readWorkflow } from "../../language/read-workflow.ts";
import type { DispatchInput } from "../../model/workflow.ts";
import type { StoredRepository } from "../../store/repositories.ts";
import type { Rooms } from "../rooms.ts";

export interface Dispatchable {
  path: string;
  name: string | null;
  inputs: DispatchInput[];
}

export type DispatchRooms = Pick<Rooms, "github" | "workflowDirs">;

/** Null where the ref or our way to the repository is not there. Throws GitHubFault. */
export async function readDispatchable(
  { github, workflowDirs }: DispatchRooms,
  repository: StoredRepository,
  ref: string,
): Promise<Dispatchable[] | null> {
  if (repository.installationId === null) return null;
  const octokit = installationOctokit(github, repository.installationId);
  const name = { owner: repository.owner, repo: repository.name };
  const head = await resolveRef(octokit, { ...name, ref });
  if (head === null) return null;
  const read = await readWorkflowFiles(octokit, { ...name, sha: head.sha, dirs: workflowDirs });
  if (read.status !== "found") return null;
  const files = await Promise.all(read.files.map(({ path, text }) => readWorkflow(path, text)));
  return files.flatMap(({ path, name, workflow }) => {
    const trigger = workflow?.on.find(({ event }) => event === "workflow_dispatch");
    return trigger ? [{ path, name, inputs: trigger.inputs }] : [];
  });
}
