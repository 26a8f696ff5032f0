/** Carries out one step of an action of the repository, or a slice of it. */

import { ExpressionError, evaluateCondition } from "../language/expression.ts";
import type { FileHashes, StatusFunctions } from "../language/expression.ts";
import { CANCEL_GRACE_MS, MAX_SUMMARY_BYTES } from "../model/limits.ts";
import type { StepDefinition } from "../model/workflow.ts";
import { tokenNamedIn } from "./action-inputs.ts";
import type { InnerEnd } from "./action-progress.ts";
import type { Running } from "./composite.ts";
import { askCancelled } from "./follow.ts";
import { withFileHashes } from "./hash-files.ts";
import { closeInnerLog } from "./inner-log.ts";
import { innerContexts, innerFunctions, innerValues } from "./inner-values.ts";
import { conclude } from "./step-end.ts";
import type { Cancel } from "./step-end.ts";
import { mayFail } from "./step-environment.ts";
import { stepName } from "./step-name.ts";
import { footerOf, innerId } from "./work.ts";
import type { StepWork, WorkResult } from "./work.ts";

type InnerTurn =
  | { state: "running"; memo: InnerMemo; cancelled: Cancel | null }
  | { state: "ended"; end: InnerEnd; base: number; summary: string; cancelled: Cancel | null };

/** Says that the step has begun, so that its condition is not asked again. */
interface InnerMemo {
  inner: unknown;
}

interface Turn {
  /** What the job was cancelled by before this step. */
  cancelled: Cancel | null;
  /** A slice before this one started it. */
  started: boolean;
}

export async function advanceInner(
  outer: StepWork,
  running: Running,
  step: StepDefinition,
  { cancelled: before, started }: Turn,
): Promise<InnerTurn> {
  const now = Date.now();
  const cancelled = before ?? (started ? null : await askCancelled(outer.session, now));
  const graceUntil = cancelled === null ? null : cancelled.at + CANCEL_GRACE_MS;
  const skipped: InnerTurn = {
    state: "ended",
    end: { id: step.id, outcome: "skipped", conclusion: "skipped", failure: null },
    base: running.progress.base,
    summary: "",
    cancelled,
  };
  if (!started && graceUntil !== null && now >= graceUntil) return skipped;
  const follow = { ...outer.follow, base: running.progress.base, cancelled, graceUntil, opened: null };
  const status = innerFunctions(running, cancelled !== null);
  const tried = await attemptInner(outer, running, step, { follow, status, started });
  if (tried === null) return skipped;
  const { result } = tried;
  if (result.state === "running")
    return { state: "running", memo: { inner: result.memo }, cancelled: result.cancelled };
  return await endInner(outer, step, tried, result, cancelled);
}

interface Tried {
  result: WorkResult;
  name: string;
  /** Evaluated where it failed. */
  allowed: boolean;
}

/** Null where its condition is false. */
async function attemptInner(
  outer: StepWork,
  running: Running,
  step: StepDefinition,
  given: { follow: StepWork["follow"]; status: StatusFunctions; started: boolean },
): Promise<Tried | null> {
  try {
    return await withFileHashes(outer.session, (files) => carryOut(outer, running, step, { ...given, files }));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { at } = step;
    const detail = `${at.file}:${at.line}:${at.column}: ${error.message}`;
    const result: WorkResult = { state: "failed", exitCode: null, reason: "workflow_invalid", detail };
    return { result, name: stepName(step, null), allowed: step.continueOnError === true };
  }
}

async function carryOut(
  outer: StepWork,
  running: Running,
  step: StepDefinition,
  {
    follow,
    status,
    started,
    files,
  }: { follow: StepWork["follow"]; status: StatusFunctions; started: boolean; files: FileHashes },
): Promise<Tried | null> {
  const functions = { ...status, files };
  const blind = innerContexts(outer, running, { token: "" });
  if (!started && !evaluateCondition(step.if, innerValues(blind, step, functions).contexts, functions)) return null;
  const { at: _, ...templates } = step;
  const token = await tokenNamedIn(outer, Object.values(templates));
  const values = innerValues(innerContexts(outer, running, { token }), step, functions);
  const work: StepWork = {
    ...outer,
    id: innerId(outer.id, step.number),
    scope: `${outer.id}/`,
    depth: outer.depth + 1,
    deadline: running.deadline,
    defaults: { shell: null, workingDirectory: null },
    values,
    follow,
    memo: started ? ((outer.memo as InnerMemo | null)?.inner ?? null) : null,
  };
  const result = await outer.carryOut(work, step);
  return { result, name: stepName(step, values), allowed: result.state === "failed" && mayFail(step, values) };
}

async function endInner(
  outer: StepWork,
  step: StepDefinition,
  { name, allowed }: Tried,
  result: Exclude<WorkResult, { state: "running" }>,
  cancelled: Cancel | null,
): Promise<InnerTurn> {
  const { session, follow } = outer;
  if (result.outputs !== undefined && step.id !== null)
    session.state.outputs[`${outer.id}/${step.id}`] = result.outputs;
  const base = await closeInnerLog(session, follow.segment, footerOf(result));
  const summary = result.notes?.summary ?? "";
  return {
    state: "ended",
    end: { id: step.id, ...wordOf(result, allowed), failure: failureOf(session, name, result) },
    base,
    summary: summary.length > MAX_SUMMARY_BYTES ? "" : summary,
    cancelled: result.state === "cancelled" ? result.cancel : cancelled,
  };
}

function wordOf(result: Exclude<WorkResult, { state: "running" }>, allowed: boolean) {
  const outcome = { succeeded: "success", failed: "failure", cancelled: "cancelled" } as const;
  return conclude(outcome[result.state], { continueOnError: allowed });
}

/** Names the step of the action, since the page shows the action as one. */
function failureOf(
  { vault }: StepWork["session"],
  name: string,
  result: Exclude<WorkResult, { state: "running" }>,
): InnerEnd["failure"] {
  if (result.state !== "failed") return null;
  const { reason, exitCode, detail } = result;
  const why = exitCode === null || exitCode === 0 ? `: ${detail}` : ` failed with exit code ${exitCode}`;
  return { reason, detail: vault.mask.text(`"${name}"${why}`) };
}
