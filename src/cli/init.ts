/** `sandlot init`: a repository's first workflows, taken over from `.github/workflows` where they can run, else written new. */

import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import type { Problem } from "../model/workflow.ts";
import { checkFile, Texts } from "./check/files.ts";
import { WORKFLOW_DIRS } from "./source.ts";
import { starterFor } from "./starter.ts";
import { UsageError } from "./usage-error.ts";
import { countOf } from "./words.ts";

const [OWN_DIR, GITHUB_DIR] = WORKFLOW_DIRS;

/** Says what it did, a line at a time. Returns 0 where there is now a workflow to run, 1 where none of GitHub's can run. */
export async function init(path: string, say: (line: string) => void): Promise<number> {
  const folder = resolve(path);
  if (!(await stat(folder).catch(() => null))?.isDirectory()) throw new UsageError(`There is no folder ${path}.`);
  const own = await listYaml(join(folder, OWN_DIR));
  if (own.length > 0) {
    say(`${OWN_DIR} is there already: ${own.join(", ")}. Nothing was changed.`);
    return 0;
  }
  const theirs = await listYaml(join(folder, GITHUB_DIR));
  return theirs.length === 0 ? await writeStarter(folder, say) : await copyWorkflows(folder, theirs, say);
}

async function listYaml(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.filter((name) => /\.ya?ml$/.test(name)).sort();
}

async function writeStarter(folder: string, say: (line: string) => void): Promise<number> {
  const { found, text } = starterFor(await readdir(folder));
  await writeWorkflow(folder, "ci.yml", text);
  say(`Found ${found}. Wrote ${OWN_DIR}/ci.yml:`);
  say(`\n${text}`);
  say("Try it: sandlot run");
  return 0;
}

async function copyWorkflows(folder: string, names: string[], say: (line: string) => void): Promise<number> {
  const texts = new Texts(folder);
  const refused: { name: string; problems: Problem[] }[] = [];
  for (const name of names) {
    const text = await readFile(join(folder, GITHUB_DIR, name), "utf8");
    // With what its jobs, the workflows that it calls and the actions that it uses cannot do.
    const { problems } = await checkFile(`${GITHUB_DIR}/${name}`, texts);
    if (problems.length > 0) {
      refused.push({ name, problems });
      continue;
    }
    await writeWorkflow(folder, name, text);
    say(`Copied ${GITHUB_DIR}/${name} to ${OWN_DIR}/${name}`);
  }
  for (const { name, problems } of refused) {
    say(`Left ${GITHUB_DIR}/${name}:`);
    for (const { at, message } of problems) say(`  ${at.file}:${at.line}:${at.column}: ${message}`);
  }
  const copied = names.length - refused.length;
  say(`${countOf(copied, "workflow")} copied, ${refused.length} left.${copied > 0 ? " Try it: sandlot run" : ""}`);
  return copied > 0 ? 0 : 1;
}

/** Never over a file that is there. */
async function writeWorkflow(folder: string, name: string, text: string): Promise<void> {
  await mkdir(join(folder, OWN_DIR), { recursive: true });
  await writeFile(join(folder, OWN_DIR, name), text, { flag: "wx" });
}
