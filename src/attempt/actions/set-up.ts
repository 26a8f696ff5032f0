/** Fetches what a job's steps use, and what that uses, level by level. */

import { readReference, referenceKey } from "../../language/action-reference.ts";
import type { ActionReference } from "../../language/action-reference.ts";
import { isLocalAction } from "../../language/native-actions.ts";
import { MAX_ACTION_LEVELS } from "../../model/limits.ts";
import type { Annotation } from "../../model/step.ts";
import type { StepDefinition, UsesStep } from "../../model/workflow.ts";
import type { AttemptBindings } from "../bindings.ts";
import type { StepWork } from "../step/work.ts";
import { fetchActions } from "./fetch.ts";
import type { FetchProblem } from "./fetch.ts";
import { downloaded, placed, readFetched, warnings } from "./locate.ts";
import { nativeFor, refuseAction } from "./policy.ts";

export interface ReadyActions {
  /** For the log. */
  lines: string[];
  annotations: Annotation[];
  /** Where those are that have a pre phase: the job's step, then that of its action, and so on. */
  phases: number[][];
}

interface Use {
  reference: ActionReference;
  /** The step of the job that it comes from. */
  step: UsesStep;
  /** `octo/outer@v1 → `, for one within an action. */
  via: string;
  trail: number[];
}

/** Whether a step needs an action of another repository to be fetched. */
export function isRemote(env: Pick<AttemptBindings, "NATIVE_ACTIONS">, step: StepDefinition): step is UsesStep {
  return step.kind === "uses" && !isLocalAction(step.uses) && nativeFor(env, step) === null;
}

/** Null where the slice is over. */
export async function readyActions(
  work: StepWork,
  steps: readonly StepDefinition[],
  { keep }: { keep: boolean },
): Promise<ReadyActions | FetchProblem | null> {
  const ready: ReadyActions = { lines: [], annotations: [], phases: [] };
  const told = new Set<string>();
  let level = steps.flatMap((step) =>
    step.kind === "uses" ? usesIn(work, step, { step, via: "", trail: [step.number] }) : [],
  );
  for (let depth = 0; level.length > 0; depth += 1) {
    const [deep] = level;
    if (deep !== undefined && depth >= MAX_ACTION_LEVELS) return tooDeep(deep);
    const problem = await fetchLevel(work, level, { keep, ready, told });
    if (problem === null || problem !== "fetched") return problem;
    const next: Use[] = [];
    for (const use of level) {
      const inner = await lookInto(work, use, ready);
      if ("detail" in inner) return inner;
      next.push(...inner.uses);
    }
    level = next;
  }
  ready.phases.sort(byPlace);
  return ready;
}

function usesIn({ session }: StepWork, inner: StepDefinition, from: Omit<Use, "reference">): Use[] {
  const reference = isRemote(session.env, inner) ? readReference(inner.uses) : null;
  return reference === null ? [] : [{ ...from, reference }];
}

async function fetchLevel(
  work: StepWork,
  level: readonly Use[],
  { keep, ready, told }: { keep: boolean; ready: ReadyActions; told: Set<string> },
): Promise<"fetched" | FetchProblem | null> {
  const { session, follow } = work;
  for (const use of level) {
    const refused = refuseAction(session.env, use.reference);
    if (refused !== null) return { reason: "unsupported", detail: detailOf(use, refused) };
  }
  const unique = [...new Map(level.map(({ reference }) => [referenceKey(reference), reference])).values()];
  const timeoutMs = Math.max(1000, session.deadline - Date.now());
  const fetched = await fetchActions(session, unique, { id: "set-up", follow, timeoutMs, keep });
  if (fetched === null) return null;
  for (const use of level) {
    const key = referenceKey(use.reference);
    const found = fetched.get(key);
    if (found === undefined) throw new Error(`nothing was said of ${key}`);
    if ("detail" in found) return { ...found, detail: detailOf(use, found.detail) };
    if (told.has(key)) continue;
    told.add(key);
    ready.lines.push(downloaded(use.reference, found.sha), ...warnings(use.reference, found.kind));
    ready.annotations.push(...warnings(use.reference, found.kind).map((warning) => annotation(use, warning)));
  }
  return "fetched";
}

function annotation({ step }: Use, warning: string): Annotation {
  const { file, line, column } = step.usesAt ?? step.at;
  const message = warning.replace(/^##\[warning\]/, "");
  return { level: "warning", message, title: null, file, line, endLine: line, column, endColumn: null };
}

/** What a composite action uses; an action of the repository within it is read when it is there. */
async function lookInto(work: StepWork, use: Use, ready: ReadyActions): Promise<{ uses: Use[] } | FetchProblem> {
  const { reference, step, trail } = use;
  const located = await readFetched(work.session, reference);
  if ("detail" in located) return { ...located, detail: detailOf(use, located.detail) };
  const { steps, javascript } = located.action;
  if (javascript?.pre != null) ready.phases.push(trail);
  const via = `${use.via}${reference.name}@${reference.ref} → `;
  return { uses: steps.flatMap((inner) => usesIn(work, inner, { step, via, trail: [...trail, inner.number] })) };
}

function detailOf({ step, via }: Use, detail: string): string {
  return placed(step, `${via}${detail}`);
}

function tooDeep(use: Use): FetchProblem {
  const detail = detailOf(use, `actions use each other at most ${MAX_ACTION_LEVELS} levels deep`);
  return { reason: "step_failed", detail };
}

/** As the job's steps stand, and those of their actions within them. */
function byPlace(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, index) => number !== b[index]);
  return at < 0 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? 0);
}
