/** One part of a step that has several, a step of its action or a phase of another: carried out in the step's own log, or in a slice. */

import { CANCEL_GRACE_MS, MAX_SUMMARY_BYTES, START_WAIT_MS } from "../../model/limits.ts";
import type { Result } from "../../model/status.ts";
import type { StepNotes } from "../../model/step.ts";
import { writeJobState } from "../job-state.ts";
import { conclude } from "../step/end.ts";
import type { Cancel } from "../step/end.ts";
import { askCancelled } from "../step/follow.ts";
import type { FollowOptions } from "../step/follow.ts";
import { footerOf } from "../step/work.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import { closeInnerLog } from "./inner-log.ts";
import type { ActionProgress, InnerEnd } from "./progress.ts";

/** What a part is given. */
export interface InnerGiven {
  follow: FollowOptions;
  cancelled: boolean;
  /** A slice before this one started it: its condition is not asked again. */
  started: boolean;
  /** What that slice left. */
  memo: unknown;
}

/** What one came to. */
export interface InnerTried {
  result: WorkResult;
  /** As people know it. */
  name: string;
  id: string | null;
  /** Evaluated where it failed. */
  allowed: boolean;
}

/** The parts of a step, in their order. */
export interface InnerParts {
  count: number;
  /** When the time of the whole step is over (ms, UTC). */
  deadline: number;
  /** Null where the part's condition is false. */
  attempt: (index: number, given: InnerGiven) => Promise<InnerTried | null>;
}

type Ran =
  | { state: "running"; memo: unknown; cancelled: Cancel | null }
  | { state: "late" }
  | { state: "done"; cancelled: Cancel | null };

/** Each part that ends is written down before the next one begins. */
export async function runInner(work: StepWork, progress: ActionProgress, parts: InnerParts): Promise<Ran> {
  let { cancelled } = work.follow;
  let started = work.memo !== null;
  while (progress.ends.length < parts.count) {
    // A part that runs looks for itself whether it shall stop.
    if (!started && isLate(work, parts)) return { state: "late" };
    if (!started && Date.now() >= work.follow.until) return { state: "running", memo: null, cancelled };
    const turn = await takeTurn(work, progress, parts, { cancelled, started });
    if (turn.state === "running") return turn;
    started = false;
    cancelled = turn.cancelled;
    progress.base = turn.base;
    progress.ends.push(turn.end);
    progress.summary += turn.summary;
    await writeJobState(work.session.sandbox, work.session.booted, work.session.state);
    if (Date.now() - progress.startedAt > START_WAIT_MS) await work.follow.outlasts();
  }
  return { state: "done", cancelled };
}

/** The job's own end is seen as a cancel. */
function isLate({ session }: StepWork, { deadline }: InnerParts): boolean {
  return deadline < session.deadline && Date.now() >= deadline;
}

export async function beginProgress(work: StepWork): Promise<ActionProgress> {
  const { session, id } = work;
  const known = session.state.actions[id];
  if (known !== undefined) return known;
  const segment = await session.logs.segment(work.follow.segment);
  const progress = { startedAt: Date.now(), base: segment?.raw ?? 0, ends: [], summary: "" };
  session.state.actions[id] = progress;
  return progress;
}

type Turn =
  | { state: "running"; memo: Memo; cancelled: Cancel | null }
  | { state: "ended"; end: InnerEnd; base: number; summary: string; cancelled: Cancel | null };

/** Says that the part has begun. */
interface Memo {
  inner: unknown;
}

async function takeTurn(
  outer: StepWork,
  progress: ActionProgress,
  parts: InnerParts,
  { cancelled: before, started }: { cancelled: Cancel | null; started: boolean },
): Promise<Turn> {
  const now = Date.now();
  const cancelled = before ?? (started ? null : await askCancelled(outer.session, now));
  const graceUntil = cancelled === null ? null : cancelled.at + CANCEL_GRACE_MS;
  const skipped: Turn = {
    state: "ended",
    end: { id: null, outcome: "skipped", conclusion: "skipped", failure: null },
    base: progress.base,
    summary: "",
    cancelled,
  };
  if (!started && graceUntil !== null && now >= graceUntil) return skipped;
  const follow = { ...outer.follow, base: progress.base, cancelled, graceUntil, opened: null };
  const given = { follow, cancelled: cancelled !== null, started, memo: started ? memoOf(outer) : null };
  const tried = await parts.attempt(progress.ends.length, given);
  if (tried === null) return skipped;
  const { result } = tried;
  if (result.state === "running")
    return { state: "running", memo: { inner: result.memo }, cancelled: result.cancelled };
  return await endPart(outer, tried, result, cancelled);
}

function memoOf({ memo }: StepWork): unknown {
  return (memo as Memo | null)?.inner ?? null;
}

async function endPart(
  { session, follow }: StepWork,
  { name, id, allowed }: InnerTried,
  result: Exclude<WorkResult, { state: "running" }>,
  cancelled: Cancel | null,
): Promise<Turn> {
  const base = await closeInnerLog(session, follow.segment, footerOf(result));
  const summary = result.notes?.summary ?? "";
  return {
    state: "ended",
    end: { id, ...wordOf(result, allowed), failure: failureOf(session, name, result) },
    base,
    summary: summary.length > MAX_SUMMARY_BYTES ? "" : summary,
    cancelled: result.state === "cancelled" ? result.cancel : cancelled,
  };
}

function wordOf(result: Exclude<WorkResult, { state: "running" }>, allowed: boolean) {
  const outcome: Record<typeof result.state, Result> = {
    succeeded: "success",
    failed: "failure",
    cancelled: "cancelled",
  };
  return conclude(outcome[result.state], { continueOnError: allowed });
}

/** Names the part, since the page shows the step as one. */
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

/** From its parts to the whole step. */
export async function concludeInner(
  work: StepWork,
  progress: ActionProgress,
  cancelled: Cancel | null,
  outputs?: Record<string, string>,
): Promise<Exclude<WorkResult, { state: "running" }>> {
  const left = { ...(outputs !== undefined && { outputs }), notes: await notesOf(work, progress) };
  if (cancelled !== null && work.follow.cancelled === null) return { state: "cancelled", cancel: cancelled, ...left };
  const failed = progress.ends.find((end) => end.conclusion === "failure")?.failure;
  if (failed) return { state: "failed", exitCode: null, ...failed, ...left };
  return { state: "succeeded", exitCode: null, ...left };
}

/** The notes of all its parts; an action within an action leaves them to the outermost. */
async function notesOf({ session, follow, depth }: StepWork, { summary }: ActionProgress): Promise<StepNotes> {
  const segment = depth === 0 ? await session.logs.segment(follow.segment) : null;
  const annotations = segment?.carry?.annotations ?? [];
  return { ...(annotations.length > 0 && { annotations }), ...(summary !== "" && { summary }) };
}
