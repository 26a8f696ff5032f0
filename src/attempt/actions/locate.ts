/** Finds the action that a step uses, where it lies in the sandbox, and what it runs; fetches it where nobody did before. */

import { readReference, referenceKey } from "../../language/action-reference.ts";
import type { ActionReference } from "../../language/action-reference.ts";
import { isLocalAction } from "../../language/native-actions.ts";
import { actionFileNames, readAction } from "../../language/read-action.ts";
import { MAX_ACTION_LEVELS } from "../../model/limits.ts";
import type { ActionFile, Place, UsesStep } from "../../model/workflow.ts";
import type { Session } from "../session.ts";
import { timeLeft } from "../step/environment.ts";
import type { StepWork } from "../step/work.ts";
import { fetchActions } from "./fetch.ts";
import type { FetchProblem } from "./fetch.ts";
import { findAction, readActionFile } from "./file.ts";
import { refuseAction } from "./policy.ts";

export interface LocatedAction {
  action: ActionFile;
  /** Where its file lies: `github.action_path`. */
  folder: string;
  /** Null for an action of the repository itself. */
  reference: ActionReference | null;
  /** What there is to say of it in the log. */
  lines: string[];
}

/** Null where the slice is over. */
export async function locateAction(work: StepWork, step: UsesStep): Promise<LocatedAction | FetchProblem | null> {
  if (work.depth >= MAX_ACTION_LEVELS)
    return failed(`${step.uses} stands in ${MAX_ACTION_LEVELS} actions already: they go no deeper`);
  if (isLocalAction(step.uses)) return await locateLocal(work, step);
  const reference = readReference(step.uses);
  // The plan refuses such a step; a plan made by an older Sandlot may still hold one.
  if (reference === null) return { reason: "unsupported", detail: placed(step, `${step.uses} is not carried out`) };
  const fetched = await fetchHere(work, step, reference);
  if (fetched === null || "detail" in fetched) return fetched;
  const located = await readFetched(work.session, reference);
  if ("detail" in located) return { ...located, detail: placed(step, located.detail) };
  return { ...located, lines: fetched.lines };
}

/** Those that the job's own steps name were fetched before its first step: this is for actions that actions of the repository use. */
async function fetchHere(
  work: StepWork,
  step: UsesStep,
  reference: ActionReference,
): Promise<{ lines: string[] } | FetchProblem | null> {
  const { session } = work;
  if (session.state.fetched[referenceKey(reference)] !== undefined) return { lines: [] };
  const refused = refuseAction(session.env, reference);
  if (refused !== null) return { reason: "unsupported", detail: placed(step, refused) };
  const timeoutMs = timeLeft(work, step, Date.now());
  const { follow } = work;
  const fetched = await fetchActions(session, [reference], { id: work.id, follow, timeoutMs, keep: false });
  if (fetched === null) return null;
  const found = fetched.get(referenceKey(reference));
  if (found === undefined) throw new Error(`nothing was said of ${step.uses}`);
  if ("detail" in found) return { ...found, detail: placed(step, found.detail) };
  return { lines: [downloaded(reference, found.sha), ...warnings(reference, found.kind)] };
}

/** As GitHub's runner says it. */
export function downloaded({ name, ref }: ActionReference, sha: string): string {
  return `Download action repository '${name}@${ref}' (SHA:${sha})`;
}

/** A branch is whatever its owner makes of it tomorrow. */
export function warnings({ name, ref }: ActionReference, kind: "sha" | "tag" | "branch"): string[] {
  return kind === "branch"
    ? [
        `##[warning]${name}@${ref} is a branch: what runs changes with it. A tag, or better a full commit SHA, does not.`,
      ]
    : [];
}

/** What was fetched. The place of its use stands before what is wrong with it. */
export async function readFetched(session: Session, reference: ActionReference): Promise<LocatedAction | FetchProblem> {
  const { name, path, ref } = reference;
  const fetched = session.state.fetched[referenceKey(reference)];
  if (fetched === undefined) throw new Error(`${name}@${ref} was not fetched`);
  const folder = path === "" ? fetched.folder : `${fetched.folder}/${path}`;
  const shown = `${name}${path === "" ? "" : `/${path}`}@${ref}`;
  for (const file of actionFileNames()) {
    const text = await readOnce(session, `${folder}/${file}`);
    if (text === "too large") return { reason: "unsupported", detail: `the ${file} of ${shown} is too large` };
    if (text === null) continue;
    return whole({ action: readAction(`${shown}/${file}`, text.text), folder, reference, lines: [] }, shown);
  }
  const detail = `${shown} holds no ${actionFileNames().join(" or ")}: it is no action, or a Dockerfile alone`;
  return { reason: "action_not_found", detail };
}

async function readOnce(session: Session, path: string): ReturnType<typeof readActionFile> {
  const known = session.actionTexts.get(path);
  if (known !== undefined) return { text: known };
  const read = await readActionFile(session, path);
  if (read !== null && read !== "too large") session.actionTexts.set(path, read.text);
  return read;
}

async function locateLocal(work: StepWork, step: UsesStep): Promise<LocatedAction | FetchProblem> {
  const found = await findAction(work, step);
  if ("missing" in found) return failed(found.missing);
  return whole({ action: readAction(found.path, found.text), folder: found.folder, reference: null, lines: [] }, null);
}

/** The first problem of its file, where there is one. */
function whole(located: LocatedAction, shown: string | null): LocatedAction | FetchProblem {
  const [problem] = located.action.problems;
  if (problem === undefined) return located;
  const { at, message, reason } = problem;
  const place = shown === null ? `${at.file}:${at.line}:${at.column}` : `${at.file}, line ${at.line}`;
  return { reason, detail: `${place}: ${message}` };
}

export function placed(step: { usesAt?: Place; at: Place }, detail: string): string {
  const { file, line, column } = step.usesAt ?? step.at;
  return `${file}:${line}:${column}: ${detail}`;
}

function failed(detail: string): FetchProblem {
  return { reason: "step_failed", detail };
}
