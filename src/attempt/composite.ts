/** Carries out an action of the repository: its steps, one after another, shown as the one step that uses it. */

import { readAction } from "../language/read-action.ts";
import { evaluateTemplate } from "../language/expression.ts";
import type { Contexts } from "../language/expression.ts";
import { MAX_ACTION_LEVELS, START_WAIT_MS } from "../model/limits.ts";
import type { StepNotes } from "../model/step.ts";
import type { ActionFile, UsesStep } from "../model/workflow.ts";
import { findAction } from "./action-file.ts";
import { openAction } from "./action-inputs.ts";
import type { OpenAction } from "./action-inputs.ts";
import type { ActionProgress } from "./action-progress.ts";
import { advanceInner } from "./inner-step.ts";
import { innerContexts } from "./inner-values.ts";
import { writeJobState } from "./job-state.ts";
import { timeLeft } from "./step-environment.ts";
import { openLog } from "./work.ts";
import type { StepWork, WorkResult } from "./work.ts";

type Ended = Exclude<WorkResult, { state: "running" }>;

export async function runComposite(work: StepWork, step: UsesStep): Promise<WorkResult> {
  if (work.depth >= MAX_ACTION_LEVELS)
    return failure(`${step.uses} stands in ${MAX_ACTION_LEVELS} actions already: they go no deeper`);
  const found = await findAction(work, step);
  if ("missing" in found) return failure(found.missing);
  const action = readAction(found.path, found.text);
  const [problem] = action.problems;
  if (problem !== undefined) {
    const { at } = problem;
    return { ...failure(`${at.file}:${at.line}:${at.column}: ${problem.message}`), reason: problem.reason };
  }
  const open = await openAction(work, step, action);
  await openLog(work, header(step, open));
  const progress = await beginProgress(work);
  const deadline = progress.startedAt + timeLeft(work, step, progress.startedAt);
  return await goOn(work, { open, action, progress, folder: found.folder, deadline });
}

export interface Running {
  open: OpenAction;
  action: ActionFile;
  progress: ActionProgress;
  /** `github.action_path` */
  folder: string;
  /** When the time of the step that uses it is over (ms, UTC). */
  deadline: number;
}

/** Each step that ends is written down before the next one begins. */
async function goOn(work: StepWork, running: Running): Promise<WorkResult> {
  const { action, progress } = running;
  let { cancelled } = work.follow;
  let started = work.memo !== null;
  while (progress.ends.length < action.steps.length) {
    const inner = action.steps[progress.ends.length];
    if (inner === undefined) break;
    // A step that runs looks for itself whether it shall stop.
    if (!started && isLate(work, running)) return { ...failure(LATE), reason: "step_timed_out" };
    if (!started && Date.now() >= work.follow.until) return { state: "running", memo: null, cancelled };
    const turn = await advanceInner(work, running, inner, { cancelled, started });
    if (turn.state === "running") return { state: "running", memo: turn.memo, cancelled: turn.cancelled };
    started = false;
    cancelled = turn.cancelled;
    progress.base = turn.base;
    progress.ends.push(turn.end);
    progress.summary += turn.summary;
    await writeJobState(work.session.sandbox, work.session.booted, work.session.state);
    if (Date.now() - progress.startedAt > START_WAIT_MS) await work.follow.outlasts();
  }
  return await conclude(work, running, cancelled);
}

const LATE = "The step ran longer than its timeout-minutes.";

/** The job's own end is seen as a cancel. */
function isLate({ session }: StepWork, { deadline }: Running): boolean {
  return deadline < session.deadline && Date.now() >= deadline;
}

async function beginProgress(work: StepWork): Promise<ActionProgress> {
  const { session, id } = work;
  const known = session.state.actions[id];
  if (known !== undefined) return known;
  const segment = await session.logs.segment(work.follow.segment);
  const progress = { startedAt: Date.now(), base: segment?.raw ?? 0, ends: [], summary: "" };
  session.state.actions[id] = progress;
  return progress;
}

async function conclude(work: StepWork, running: Running, cancelled: StepWork["follow"]["cancelled"]): Promise<Ended> {
  const { session } = work;
  const { progress } = running;
  const left = {
    outputs: outputsOf(running, innerContexts(work, running, { token: "" })),
    notes: await notesOf(work, progress),
    post: Object.keys(session.state.saved).some((saved) => saved.startsWith(`${work.id}-`)),
  };
  if (cancelled !== null && work.follow.cancelled === null) return { state: "cancelled", cancel: cancelled, ...left };
  const failed = progress.ends.find((end) => end.conclusion === "failure")?.failure;
  if (failed) return { state: "failed", exitCode: null, ...failed, ...left };
  return { state: "succeeded", exitCode: null, ...left };
}

function outputsOf({ action }: Running, contexts: Contexts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(action.outputs).map(([name, value]) => [name, evaluateTemplate(value, contexts)]),
  );
}

/** The notes of all its steps; an action within an action leaves them to the outermost. */
async function notesOf({ session, follow, depth }: StepWork, { summary }: ActionProgress): Promise<StepNotes> {
  const segment = depth === 0 ? await session.logs.segment(follow.segment) : null;
  const annotations = segment?.carry?.annotations ?? [];
  return { ...(annotations.length > 0 && { annotations }), ...(summary !== "" && { summary }) };
}

function header({ uses }: UsesStep, { inputs, unexpected, missing }: OpenAction): string[] {
  const given = Object.entries(inputs).map(([name, value]) => `  ${name}: ${value}`);
  return [
    `##[group]Run ${uses}`,
    ...(given.length > 0 ? ["with:", ...given] : []),
    "##[endgroup]",
    ...unexpected.map((name) => `##[warning]Unexpected input: ${name}`),
    ...missing.map((name) => `##[warning]Input required and not supplied: ${name}`),
  ];
}

function failure(detail: string): Extract<Ended, { state: "failed" }> {
  return { state: "failed", exitCode: null, reason: "step_failed", detail };
}
