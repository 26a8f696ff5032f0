/** What `sandlot check` reads from disk: workflow files, those they call, and the actions of the repository that they use. */

import { readFile, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, posix, relative } from "node:path";

import { actionPaths, readAction } from "../../language/read-action.ts";
import { isLocalAction } from "../../language/native-actions.ts";
import { readWorkflow } from "../../language/read-workflow.ts";
import { MAX_ACTION_LEVELS, MAX_WORKFLOW_BYTES } from "../../model/limits.ts";
import type { Place, Problem, StepDefinition, UsesStep, Workflow, WorkflowFile } from "../../model/workflow.ts";
import { runGit } from "../../local/user-git.ts";
import { WORKFLOW_DIRS } from "../source.ts";
import { UsageError } from "../usage-error.ts";

export interface CheckedSource {
  /** Absolute. */
  root: string;
  /** Workflow files, by their paths from `root`. */
  paths: string[];
}

/** PATH is a repository, a folder of it with workflows of its own, or one file. Throws `UsageError` where there is nothing to check. */
export async function findFiles(path: string): Promise<CheckedSource> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new UsageError(`There is no file or folder ${path}.`, ["Give the path of a repository."]);
  const real = await realpath(path);
  if (!found.isDirectory()) return oneFile(real);
  const top = (await runGit({ cwd: real, env: {} }, ["rev-parse", "--show-toplevel"]).catch(() => "")).trim();
  for (const root of top === "" || top === real ? [real] : [real, top]) {
    for (const dir of WORKFLOW_DIRS) {
      const paths = await listYaml(root, dir);
      if (paths.length > 0) return { root, paths };
    }
  }
  throw new UsageError(`${real} has no workflow: neither ${WORKFLOW_DIRS.join(" nor ")} holds a .yml file.`, [
    "sandlot init   # writes one to start from",
  ]);
}

/** A file in a workflow folder belongs to the repository around it. */
function oneFile(path: string): CheckedSource {
  const folder = dirname(path);
  const dir = WORKFLOW_DIRS.find((one) => folder.endsWith(`/${one}`));
  const root = dir === undefined ? folder : folder.slice(0, -dir.length - 1);
  return { root, paths: [relative(root, path)] };
}

async function listYaml(root: string, dir: string): Promise<string[]> {
  const names = await readdir(join(root, dir)).catch((): string[] => []);
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => `${dir}/${name}`);
}

/** Something that is no problem yet may become one: said, not counted. */
export interface Note {
  message: string;
  at: Place;
}

export interface Checked {
  file: WorkflowFile;
  /** Of the file, of its jobs, of what they call and use. */
  problems: Problem[];
  notes: Note[];
  /** Steps that use an action, those of the repository's own actions among them. */
  uses: UsesStep[];
}

/** Texts as they were read, for showing the lines that problems stand in. */
export class Texts {
  readonly #root: string;
  readonly #texts = new Map<string, Promise<string | null>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Null where there is no such file within the root. */
  read(path: string): Promise<string | null> {
    const known = this.#texts.get(path) ?? this.#read(path);
    this.#texts.set(path, known);
    return known;
  }

  async #read(path: string): Promise<string | null> {
    if (posix.normalize(path).startsWith("..")) return null;
    const file = join(this.#root, path);
    const found = await stat(file).catch(() => null);
    if (!found?.isFile()) return null;
    // One character more than a workflow may have is refused as such, however large the file is.
    if (found.size > 2 * MAX_WORKFLOW_BYTES) return " ".repeat(MAX_WORKFLOW_BYTES + 1);
    return await readFile(file, "utf8");
  }
}

export async function checkFile(path: string, texts: Texts): Promise<Checked> {
  const text = (await texts.read(path)) ?? "";
  const file = await readWorkflow(path, text, (called) => texts.read(called));
  const workflows = file.workflow === null ? [] : [file.workflow, ...Object.values(file.workflow.called ?? {})];
  const problems = [...file.problems, ...workflows.flatMap(({ jobs }) => jobs.flatMap((job) => job.unsupported ?? []))];
  const notes: Note[] = [];
  const actions = new Actions(texts);
  for (const step of workflows.flatMap(stepsOf)) {
    const found = await actions.check(step, []);
    problems.push(...found.problems);
    notes.push(...found.notes);
  }
  return { file, problems: unique(problems), notes: unique(notes), uses: actions.uses };
}

function stepsOf({ jobs }: Workflow): StepDefinition[] {
  return jobs.flatMap((job) => job.steps);
}

type Findings = Pick<Checked, "problems" | "notes">;

/** Follows actions of the repository, each once. */
class Actions {
  readonly #texts: Texts;
  readonly #seen = new Set<string>();
  readonly uses: UsesStep[] = [];

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  /** `trail` are the actions that lead to this step. */
  async check(step: StepDefinition, trail: readonly string[]): Promise<Findings> {
    if (step.kind === "uses") this.uses.push(step);
    if (step.kind !== "uses" || !isLocalAction(step.uses)) return { problems: [], notes: [] };
    const paths = actionPaths(step.uses);
    if (paths === null) return invalid(step, `'${step.uses}' lies outside the workspace`);
    const found = await this.#find(paths);
    if (found === null) {
      const message = `there is no ${paths[0] ?? ""} here: it has to be there when the step begins`;
      return { problems: [], notes: [{ message, at: step.at }] };
    }
    if (trail.includes(found.path)) {
      const circle = [...trail, found.path].map((path) => basename(dirname(path)));
      return invalid(step, `actions use each other in a circle: ${circle.join(" → ")}`);
    }
    if (trail.length >= MAX_ACTION_LEVELS) {
      return invalid(step, `actions use each other at most ${MAX_ACTION_LEVELS} levels deep`);
    }
    const key = `${trail.length} ${found.path}`;
    if (this.#seen.has(key)) return { problems: [], notes: [] };
    this.#seen.add(key);
    const action = readAction(found.path, found.text);
    const inner = await Promise.all(action.steps.map((one) => this.check(one, [...trail, found.path])));
    return {
      problems: [...action.problems, ...inner.flatMap((one) => one.problems)],
      notes: inner.flatMap((one) => one.notes),
    };
  }

  async #find(paths: readonly string[]): Promise<{ path: string; text: string } | null> {
    for (const path of paths) {
      const text = await this.#texts.read(path);
      if (text !== null) return { path, text };
    }
    return null;
  }
}

function invalid(step: StepDefinition, message: string): Findings {
  return { problems: [{ reason: "workflow_invalid", message, at: step.at }], notes: [] };
}

/** What two files call is read for both. */
export function unique<T extends Note>(list: readonly T[]): T[] {
  const byPlace = new Map(list.map((one) => [`${one.at.file}:${one.at.line}:${one.at.column} ${one.message}`, one]));
  return [...byPlace.values()];
}
