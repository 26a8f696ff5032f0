/** Carries out one step, or a slice of it, and says how it ended. */

import { ExpressionError, evaluateCondition } from "../../language/expression.ts";
import type { FileHashes } from "../../language/expression.ts";
import { CANCEL_GRACE_MS, WATCH_SLICE_MS } from "../../model/limits.ts";
import type { StepNotes } from "../../model/step.ts";
import type { StepDefinition } from "../../model/workflow.ts";
import { SandboxFault } from "../../sandbox/port.ts";
import { saveStep } from "../../store/steps.ts";
import { useAction } from "../actions/action.ts";
import { stepFunctions } from "../contexts.ts";
import type { Past } from "../contexts.ts";
import { writeJobState } from "../job-state.ts";
import { leavesPost, postOrder } from "../posts.ts";
import type { Session } from "../session.ts";
import { conclude } from "./end.ts";
import type { Cancel, StepEnd, StepTurn } from "./end.ts";
import { conditionContexts, mayFail, readStepValues } from "./environment.ts";
import { StaleAttempt, askCancelled } from "./follow.ts";
import type { FollowOptions } from "./follow.ts";
import { withFileHashes } from "./hash-files.ts";
import { stepName } from "./name.ts";
import { runScript } from "./run.ts";
import { footerOf, openLog } from "./work.ts";
import type { StepWork, WorkResult } from "./work.ts";

export interface StepTurnRequest {
  step: StepDefinition;
  /** Ends of the steps before it. */
  ends: readonly StepEnd[];
  /** From 1. */
  slice: number;
  memo: unknown;
  /** What the job was cancelled by when this step began. */
  cancelled: Cancel | null;
  /** What is done instead of the step itself: a post phase. */
  carryOut?: (work: StepWork) => Promise<WorkResult>;
}

/** Idempotent: called again it finds what was done. A throw is our fault and is retried. */
export async function advanceStep(session: Session, request: StepTurnRequest): Promise<StepTurn> {
  try {
    return await turn(session, request);
  } catch (error) {
    if (error instanceof StaleAttempt) return { state: "stale" };
    if (error instanceof SandboxFault && error.kind === "lost") return { state: "lost", detail: error.message };
    throw error;
  }
}

async function turn(session: Session, request: StepTurnRequest): Promise<StepTurn> {
  const now = Date.now();
  const cancelled = request.cancelled ?? (await askCancelled(session, now));
  const graceUntil = cancelled === null ? null : cancelled.at + CANCEL_GRACE_MS;
  if (request.slice === 1 && graceUntil !== null && now >= graceUntil) return await skip(session, request, cancelled);
  const past: Past = { ends: request.ends, cancelled: cancelled !== null };
  const follow: FollowOptions = {
    segment: request.step.number,
    base: null,
    until: now + WATCH_SLICE_MS,
    cancelled,
    graceUntil,
    opened: null,
    outlasts: async () => {},
  };
  const asked = { condition: false };
  try {
    return await withFileHashes(session, (files) => look(session, request, { past, follow, now, files, asked }));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    // As on GitHub, a condition that can't be read may not fail.
    const continueOnError = asked.condition && request.step.continueOnError === true;
    return await invalid(session, request, error, { follow, now, continueOnError });
  }
}

interface Look {
  past: Past;
  follow: FollowOptions;
  now: number;
  files: FileHashes;
  /** Whether its condition was answered. */
  asked: { condition: boolean };
}

/** Only the first slice asks the condition: what it looked at may change while the step runs. */
async function look(session: Session, request: StepTurnRequest, given: Look): Promise<StepTurn> {
  const { past, follow, now, files, asked } = given;
  const { step, slice } = request;
  const functions = { ...stepFunctions(past), files };
  const runs = slice > 1 || evaluateCondition(step.if, conditionContexts(session, step, past), functions);
  if (!runs) return await skip(session, request, follow.cancelled);
  asked.condition = true;
  await renewCredential(session, now);
  const values = await readStepValues(session, step, past, functions);
  const work: StepWork = {
    session,
    id: `step-${step.number}`,
    trail: [step.number],
    scope: "",
    depth: 0,
    deadline: session.deadline,
    defaults: session.facts.job.plan.definition.defaults,
    carryOut: carryOutStep,
    values,
    past,
    follow,
    memo: request.memo,
  };
  if (slice === 1) follow.outlasts = showOnce(work, step, now);
  const carryOut = request.carryOut ?? ((one) => carryOutStep(one, step));
  return await finish(work, request, await carryOut(work), now);
}

/** Git in the sandbox outlives the hour of a token. Each slice asks, so that a long step is served too. */
async function renewCredential({ vault, sandbox }: Session, now: number): Promise<void> {
  const renewed = await vault.renewed(now);
  if (renewed !== null) await sandbox.serveGitCredential(renewed.server, renewed.token);
}

async function carryOutStep(work: StepWork, step: StepDefinition): Promise<WorkResult> {
  if (step.kind === "run") return await runScript(work, step);
  return await useAction(work, step);
}

async function skip(session: Session, { step }: StepTurnRequest, cancelled: Cancel | null): Promise<StepTurn> {
  const now = Date.now();
  const end: StepEnd = {
    number: step.number,
    id: step.id,
    name: stepName(step, null),
    outcome: "skipped",
    conclusion: "skipped",
    exitCode: null,
    reason: cancelled ? cancelled.reason : "condition_false",
    detail: cancelled ? cancelled.detail : null,
    ran: false,
    leaves: leavesPost(session, step.number, { success: false }),
  };
  const logFrom = await session.logs.size();
  await save(session, end, { logFrom, startedAt: now, notes: {} });
  return { state: "ended", end, cancelled };
}

async function invalid(
  session: Session,
  { step }: StepTurnRequest,
  error: ExpressionError,
  { follow, now, continueOnError }: { follow: StepWork["follow"]; now: number; continueOnError: boolean },
): Promise<StepTurn> {
  const detail = `${step.at.file}:${step.at.line}:${step.at.column}: ${error.message}`;
  const logFrom = await openLog({ session, follow }, [`##[error]${detail}`]);
  const end: StepEnd = {
    number: step.number,
    id: step.id,
    name: stepName(step, null),
    ...conclude("failure", { continueOnError }),
    exitCode: null,
    reason: "workflow_invalid",
    detail: session.vault.mask.text(detail),
    ran: false,
    leaves: leavesPost(session, step.number, { success: false }),
  };
  await save(session, end, { logFrom, startedAt: now, notes: {} });
  return { state: "ended", end, cancelled: follow.cancelled };
}

/** Where the step's part of the log starts; a step that said nothing has an empty one. */
async function logFromOf(work: StepWork): Promise<number> {
  const segment = work.follow.opened ?? (await work.session.logs.segment(work.follow.segment));
  return segment?.logFrom ?? (await openLog(work, []));
}

/** Writes that the step runs, the first time it is asked to: most steps end before anybody could look. */
function showOnce(work: StepWork, step: StepDefinition, startedAt: number): () => Promise<void> {
  const { session, values } = work;
  let shown = false;
  return async () => {
    if (shown) return;
    shown = true;
    await saveStep(session.env.DB, {
      attemptId: session.facts.attempt.id,
      number: step.number,
      name: session.vault.mask.text(stepName(step, values)),
      logFrom: await logFromOf(work),
      startedAt,
      notes: {},
      state: { status: "in_progress" },
    }).run();
  };
}

/** From what the work came to, to the step's row, its last log lines and its durable result. */
async function finish(
  work: StepWork,
  { step }: StepTurnRequest,
  result: WorkResult,
  startedAt: number,
): Promise<StepTurn> {
  const { session, values, follow } = work;
  const name = session.vault.mask.text(stepName(step, values));
  if (result.state === "running") {
    await follow.outlasts();
    return { state: "running", memo: result.memo, cancelled: result.cancelled };
  }
  const logFrom = await logFromOf(work);
  const end = endOf(work, step, name, result);
  await keepOutputs(session, step, result.outputs);
  const last = session.vault.mask.text(footerOf(result));
  if (last !== "") await session.logs.close(step.number, last, Date.now());
  await save(session, end, { logFrom, startedAt, notes: result.notes ?? {} });
  const cancelled = result.state === "cancelled" ? result.cancel : follow.cancelled;
  return { state: "ended", end, cancelled };
}

/** What a native action hands on; a script's outputs were taken from its file. */
async function keepOutputs(
  session: Session,
  step: StepDefinition,
  outputs: Record<string, string> | undefined,
): Promise<void> {
  if (outputs === undefined || step.id === null) return;
  session.state.outputs[step.id] = outputs;
  await writeJobState(session.sandbox, session.booted, session.state);
}

function endOf(
  work: StepWork,
  step: StepDefinition,
  name: string,
  result: Exclude<WorkResult, { state: "running" }>,
): StepEnd {
  const { session } = work;
  const base = {
    number: step.number,
    id: step.id,
    name,
    ran: true,
    leaves: leavesPost(session, step.number, { success: result.state === "succeeded" }),
    ...(step.number === 0 && { began: postOrder(session), fatal: result.fatal === true }),
  };
  switch (result.state) {
    case "succeeded":
      return {
        ...base,
        ...conclude("success", { continueOnError: false }),
        exitCode: result.exitCode,
        reason: null,
        detail: null,
      };
    case "cancelled":
      return {
        ...base,
        outcome: "cancelled",
        conclusion: "cancelled",
        exitCode: null,
        reason: result.cancel.reason,
        detail: result.cancel.detail,
      };
    case "failed":
      return {
        ...base,
        ...conclude("failure", { continueOnError: mayFail(step, work.values) }),
        exitCode: result.exitCode,
        reason: result.reason,
        detail: work.session.vault.mask.text(result.detail),
      };
  }
}

async function save(
  session: Session,
  end: StepEnd,
  given: { logFrom: number; startedAt: number; notes: StepNotes },
): Promise<void> {
  const { number, name, outcome, conclusion, exitCode, reason, detail } = end;
  await saveStep(session.env.DB, {
    attemptId: session.facts.attempt.id,
    number,
    name,
    ...given,
    state: { status: "completed", outcome, conclusion, exitCode, reason, detail, completedAt: Date.now() },
  }).run();
}
