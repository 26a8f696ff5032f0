/** `--workflow` and `--job` of `sandlot run`, held against what there is before anything starts. */

import { readWorkflow } from "../../language/read-workflow.ts";
import { findFiles, Texts } from "../check/files.ts";
import type { Source } from "../source.ts";
import { UsageError } from "../usage-error.ts";
import type { RunOptions } from "./options.ts";

type Asked = Pick<RunOptions, "job" | "workflow">;

/** The file that alone has the job, where only the job was named. Throws `UsageError` with what there is. */
export async function narrowRun({ root, workflowDir }: Source, asked: Asked & Pick<RunOptions, "ref">): Promise<Asked> {
  const { job, workflow, ref } = asked;
  // What another revision holds is known once it is read there.
  if (ref !== null || (job === "" && workflow === "")) return { job, workflow };
  const paths = (await findFiles(root)).paths.filter((path) => path.startsWith(`${workflowDir}/`));
  const wanted = paths.filter((path) => workflow === "" || path === workflow || path.endsWith(`/${workflow}`));
  if (wanted.length === 0) {
    throw new UsageError(
      `There is no workflow ${workflow} in ${workflowDir}.`,
      paths.map((path) => `sandlot run --workflow ${path.slice(workflowDir.length + 1)}`),
    );
  }
  return job === "" ? { job, workflow } : await findJob(root, wanted, { job, workflow });
}

async function findJob(root: string, paths: readonly string[], { job, workflow }: Asked): Promise<Asked> {
  const texts = new Texts(root);
  const jobs: string[] = [];
  const having: string[] = [];
  for (const path of paths) {
    const file = await readWorkflow(path, (await texts.read(path)) ?? "", (called) => texts.read(called));
    // One with problems says them as a build.
    if (file.workflow === null) return { job, workflow };
    const ids = file.workflow.jobs.map(({ id }) => id);
    jobs.push(...ids);
    if (ids.includes(job)) having.push(path);
  }
  if (having.length === 0) {
    throw new UsageError(
      `There is no job ${job} in ${paths.join(", ")}.`,
      [...new Set(jobs)].map((id) => `sandlot run --job ${id}`),
    );
  }
  return { job, workflow: workflow === "" && having.length === 1 ? (having[0] ?? "") : workflow };
}
