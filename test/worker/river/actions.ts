/** Actions of other repositories for tests of the river: public repositories on the local GitHub, and builds that use them. */

import type { BuildView, JobView } from "../../../src/model/api.ts";
import { createRepository } from "../../support/github-control.ts";
import type { TestRepository } from "../../support/github-control.ts";
import { buildsOf, ended, github, logOf, push } from "./river.ts";

/** `fullName@main` is a branch, `fullName@sha` that commit. */
export async function action(
  files: Record<string, string>,
  options: { private?: boolean } = {},
): Promise<TestRepository> {
  return await createRepository(github, files, { private: options.private ?? false, owner: "octo" });
}

/** A JavaScript action: `yml` are the lines of its file besides `runs.using`. */
export async function script(main: string, more: Record<string, string> = {}, runs = ""): Promise<TestRepository> {
  return await action({
    "action.yml": `name: x\n${more["inputs"] ?? ""}runs:\n  using: node20\n  main: main.js\n${runs}`,
    "main.js": main,
    ...more,
  });
}

export interface Built {
  view: BuildView;
  job: JobView;
  log: string;
  repository: TestRepository;
}

/** `steps` are the lines of a job's steps. */
export async function buildSteps(steps: string, files: Record<string, string> = {}, job = ""): Promise<Built> {
  const text = `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n${job}    steps:\n${steps}`;
  const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": text, ...files });
  const [id] = await buildsOf(await push(repository));
  if (id === undefined) throw new Error("no build was started");
  const view = await ended(id);
  const [only] = view.jobs;
  if (only === undefined) throw new Error("the build has no job");
  return { view, job: only, log: await logOf(view), repository };
}
