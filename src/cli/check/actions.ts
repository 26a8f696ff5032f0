/** Which actions a repository's workflows need, and whether each can run here, as far as that is known without a network. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readReference, type ActionReference } from "../../language/action-reference.ts";
import { isLocalAction, nativeStep } from "../../language/native-actions.ts";
import { actionFileNames, readAction } from "../../language/read-action.ts";
import type { ActionFile, Problem, UsesStep } from "../../model/workflow.ts";
import { type ActionsFolder, openActionsFolder } from "../../local/actions-folder.ts";
import { runGit } from "../../local/user-git.ts";

export interface NeededAction {
  /** As it is written. */
  uses: string;
  /** Null where it is not known before it is fetched. */
  runs: boolean | null;
  how: string;
}

export interface NeededActions {
  actions: NeededAction[];
  /** Of those that were read and cannot run, where they are used. */
  problems: Problem[];
}

/** `dir` holds `owner/repository`; null for none. Each action once, by name. */
export async function judgeActions(steps: readonly UsesStep[], dir: string | null): Promise<NeededActions> {
  const scratch = dir === null ? null : await mkdtemp(join(tmpdir(), "sandlot-check-"));
  try {
    const folder = dir === null || scratch === null ? null : openActionsFolder(dir, scratch);
    const judge = new Judge(folder);
    for (const step of steps) await judge.add(step, step);
    return {
      actions: [...judge.actions.values()].sort((a, b) => (a.uses < b.uses ? -1 : 1)),
      problems: judge.problems,
    };
  } finally {
    if (scratch !== null) await rm(scratch, { recursive: true, force: true });
  }
}

class Judge {
  readonly actions = new Map<string, NeededAction>();
  readonly problems: Problem[] = [];
  readonly #folder: ActionsFolder | null;

  constructor(folder: ActionsFolder | null) {
    this.#folder = folder;
  }

  /** `from` is the workflow's own step. */
  async add(step: UsesStep, from: UsesStep): Promise<void> {
    const known = knownHere(step);
    const key = `${step.uses} ${known ?? ""}`;
    if (this.actions.has(key)) return;
    this.actions.set(key, { uses: step.uses, runs: true, how: known ?? "" });
    if (known === null) this.actions.set(key, await this.#judge(step, from));
  }

  async #judge({ uses }: UsesStep, from: UsesStep): Promise<NeededAction> {
    const reference = readReference(uses);
    if (reference === null) return { uses, runs: false, how: "not carried out" };
    const action = await this.#read(reference);
    if (action === null)
      return { uses, runs: null, how: this.#folder === null ? FETCHED : `not in the folder: ${FETCHED}` };
    for (const inner of action.steps) if (inner.kind === "uses") await this.add(inner, from);
    const [problem] = action.problems;
    if (problem === undefined) return { uses, runs: true, how: kindOf(action) };
    const { reason, message } = problem;
    this.problems.push({ reason, message: `${uses}: ${message}`, at: from.usesAt ?? from.at });
    return { uses, runs: false, how: message };
  }

  /** Null where the folder does not hold it. */
  async #read({ name, path, ref }: ActionReference): Promise<ActionFile | null> {
    const [owner = "", repository = ""] = name.split("/");
    const place = (await this.#folder?.find(owner, repository)) ?? null;
    if (place === null) return null;
    for (const file of actionFileNames()) {
      const full = path === "" ? file : `${path}/${file}`;
      const text = await show(place.gitDir, `${ref}:${full}`);
      if (text !== null) return readAction(`${name}@${ref}/${full}`, text);
    }
    return null;
  }
}

/** What needs no fetching. */
function knownHere(step: UsesStep): string | null {
  if (isLocalAction(step.uses)) return "an action of the repository";
  return nativeStep(step) === null ? null : "carried out by Sandlot itself";
}

const FETCHED = "known once it is fetched, from github.com or with --actions DIR";

function kindOf({ javascript }: ActionFile): string {
  return javascript === null ? "a composite action" : `a JavaScript action (node${javascript.node})`;
}

async function show(gitDir: string, name: string): Promise<string | null> {
  const env = { GIT_DIR: gitDir, GIT_NO_LAZY_FETCH: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
  return await runGit({ cwd: gitDir, env }, ["show", "--end-of-options", name]).catch(() => null);
}
