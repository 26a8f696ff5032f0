/** Follows a step inside the sandbox to its end or to the end of a slice: raw bytes out, masked bytes into the LogStream, once and in order. */

import { processLog } from "../../logs/process.ts";
import type { LogCarry, SegmentState } from "../../logs/stream.ts";
import { CANCEL_POLL_MS, HEARTBEAT_MS, POLL_WAIT_MS, START_WAIT_MS } from "../../model/limits.ts";
import type { Annotation } from "../../model/step.ts";
import { SandboxFault } from "../../sandbox/port.ts";
import type { StepProgress, StepSpec } from "../../sandbox/port.ts";
import { heartbeat } from "../../store/attempts.ts";
import { logStart } from "../actions/inner-log.ts";
import { cancelOf } from "../cancel.ts";
import type { Session } from "../session.ts";
import type { Cancel } from "./end.ts";

/** Where a step's own log stands. */
interface Position {
  raw: number;
  /** Where it starts in the raw log of its segment. */
  start: number;
  carry: LogCarry | null;
}

export interface Followed {
  /** Null while it runs: the slice is over. */
  exit: Pick<StepProgress, "exitCode" | "timedOut" | "files"> | null;
  vanished: boolean;
  /** Of its raw log by now, in bytes. */
  size: number;
  annotations: Annotation[];
  cancelled: Cancel | null;
}

export interface FollowOptions {
  /** The step's number: its part of the log. */
  segment: number;
  /** For a step of an action: where its own part starts in the raw log of the step that uses it. Null for a step of the job. */
  base: number | null;
  /** When this slice is over (ms, UTC). */
  until: number;
  /** What it is cancelled by already; such a step runs in the grace of `always()`. */
  cancelled: Cancel | null;
  /** When a running step of a cancelled job is stopped all the same. */
  graceUntil: number | null;
  /** The step's part of the log as it was opened in this slice; null before. */
  opened: SegmentState | null;
  /** Called when the step does not end within its first call: until then its end is its only row. May be called often. */
  outlasts: () => Promise<void>;
}

/** How long to wait before asking again for bytes that the mask holds back (ms). */
const HELD_WAIT_MS = 200;

export async function followStep(session: Session, spec: StepSpec, options: FollowOptions): Promise<Followed> {
  const position = await readPosition(session, options);
  const watch = new Watch(session, spec.id, options);
  let progress = await startOrAsk(session, spec, position.raw);
  for (;;) {
    vouch(session, progress);
    const moved = await store(session, position, progress, options.segment);
    if (hasEnded(progress) && position.raw >= progress.size) return watch.result(progress, position);
    await options.outlasts();
    await watch.beat();
    if (Date.now() >= options.until) return watch.result(null, position);
    if (!moved && progress.bytes.length > 0) await scheduler.wait(HELD_WAIT_MS);
    progress = await session.sandbox.pollStep(spec.id, position.raw, POLL_WAIT_MS);
  }
}

async function readPosition(session: Session, { opened, segment: step, base }: FollowOptions): Promise<Position> {
  const segment = opened ?? (await session.logs.segment(step));
  const start = logStart(base);
  return { raw: Math.max(0, (segment?.raw ?? 0) - start), start, carry: segment?.carry ?? null };
}

function hasEnded({ state }: StepProgress): boolean {
  return state === "exited" || state === "vanished";
}

/** A slice that goes on asks first; what was never started here is started. */
async function startOrAsk(session: Session, spec: StepSpec, raw: number): Promise<StepProgress> {
  if (raw === 0) return await session.sandbox.startStep(spec);
  const progress = await session.sandbox.pollStep(spec.id, raw, 0);
  return progress.state === "unknown" ? await session.sandbox.startStep(spec) : progress;
}

/** Another boot marker is another machine: whatever it says is not about this attempt. */
function vouch(session: Session, progress: StepProgress): void {
  if (progress.bootId !== session.booted.bootId)
    throw new SandboxFault("lost", "The sandbox was lost while the step ran");
}

/** True where the offset moved on. */
async function store(session: Session, position: Position, progress: StepProgress, step: number): Promise<boolean> {
  const { bytes } = progress;
  if (bytes.length === 0) return false;
  const result = processLog({
    bytes,
    final: hasEnded(progress) && position.raw + bytes.length === progress.size,
    masks: session.vault.mask,
    carry: position.carry,
    debug: session.debug,
  });
  await session.vault.learn(result.newMasks);
  if (result.consumed === 0) return false;
  const stored = await session.logs.append({
    step,
    fromRaw: position.start + position.raw,
    toRaw: position.start + position.raw + result.consumed,
    text: result.text,
    carry: { ...result.carry, annotations: [...(position.carry?.annotations ?? []), ...result.annotations] },
    at: Date.now(),
  });
  // The log has ended under us: another runner of this attempt finished it.
  if (!stored.accepted && stored.raw === position.start + position.raw) throw new StaleAttempt();
  position.raw = stored.raw - position.start;
  position.carry = stored.carry;
  return true;
}

/** Looks, every few seconds, whether the attempt still counts and whether somebody cancelled it. */
class Watch {
  readonly #session: Session;
  readonly #id: string;
  readonly #options: FollowOptions;
  #cancelled: Cancel | null;
  #stopped = false;
  #beatAt = Date.now();

  constructor(session: Session, id: string, options: FollowOptions) {
    this.#session = session;
    this.#id = id;
    this.#options = options;
    this.#cancelled = options.cancelled;
  }

  async beat(): Promise<void> {
    const now = Date.now();
    if (now - this.#beatAt < CANCEL_POLL_MS) return;
    this.#beatAt = now;
    const asked = await askCancelled(this.#session, now);
    const fresh = this.#cancelled === null && asked !== null;
    this.#cancelled ??= asked;
    const { graceUntil } = this.#options;
    if (!this.#stopped && (fresh || (graceUntil !== null && now >= graceUntil))) {
      this.#stopped = true;
      await this.#session.sandbox.cancelStep(this.#id);
    }
  }

  result(progress: StepProgress | null, { carry, raw }: Position): Followed {
    const annotations = carry?.annotations ?? [];
    const exited = progress?.state === "exited" ? progress : null;
    const cancelled = this.#stopped ? this.#cancelled : this.#options.cancelled;
    return { exit: exited, vanished: progress?.state === "vanished", size: raw, annotations, cancelled };
  }
}

/** Whether the attempt still counts, and whether its job shall stop. Asked anew only after a few seconds. */
export async function askCancelled(session: Session, now: number): Promise<Cancel | null> {
  if (now >= session.deadline || now - session.beatAt >= CANCEL_POLL_MS) {
    const beat = await heartbeat(session.env.DB, session.facts.attempt.id, now, HEARTBEAT_MS);
    if (!beat.current) throw new StaleAttempt();
    session.beatAt = now;
    return cancelOf(beat, session.deadline, now);
  }
  return null;
}

/** This attempt is no longer the one that counts: its runner says nothing more. */
export class StaleAttempt extends Error {
  override readonly name = "StaleAttempt";
}

/** Runs a script of our own, whose output nobody is shown, to its end within the slice. */
export async function runQuietly(
  session: Session,
  spec: Omit<StepSpec, "waitMs">,
  { until, outlasts }: FollowOptions,
): Promise<{ exitCode: number | null; output: string } | null> {
  let progress = await session.sandbox.startStep({ ...spec, waitMs: START_WAIT_MS });
  while (progress.state === "running") {
    await outlasts();
    if (Date.now() >= until) return null;
    progress = await session.sandbox.pollStep(spec.id, progress.size, POLL_WAIT_MS);
  }
  vouch(session, progress);
  if (progress.state === "unknown") throw new SandboxFault("lost", "The sandbox forgot a command");
  const whole = await session.sandbox.pollStep(spec.id, Math.max(0, progress.size - QUIET_OUTPUT_BYTES), 0);
  const output = session.vault.mask.text(new TextDecoder().decode(whole.bytes));
  return { exitCode: progress.exitCode, output };
}

/** How much of a quiet script's output is read: its last words. */
const QUIET_OUTPUT_BYTES = 16 * 1024;
