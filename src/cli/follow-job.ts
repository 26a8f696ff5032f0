/** Follows one job's log to its end and says what happens in it, step by step, in order. */

import type { BuildView, JobView, StepView } from "../model/api.ts";
import type { ApiClient } from "./api-client.ts";
import type { RunEvent } from "./events.ts";
import { StepLog, type StepLines } from "./step-log.ts";

export interface Followed {
  job: JobView;
  /** Last lines of each step by its number, for those that failed. */
  tails: Map<number, string[]>;
}

export interface FollowJobOptions {
  api: ApiClient;
  build: BuildView;
  job: JobView;
  show: (event: RunEvent) => void;
  /** A view of the build that is asked for after this call. */
  freshView: () => Promise<BuildView>;
  signal: AbortSignal;
}

const TAIL_LINES = 20;
/** More than this is not taken from the API until it was shown. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const LOOK_EVERY_MS = 40;

/** `job` has an attempt, whose log is followed from its start. */
export async function followJob(options: FollowJobOptions): Promise<Followed> {
  const { build, job, show } = options;
  show({ type: "job", build, job });
  const teller = new StepTeller(job, show);
  const log = new StepLog();
  let ended = false;
  const reading = readInto(log, options).finally(() => (ended = true));
  // Awaited below; until then its failure must not count as unhandled.
  reading.catch(() => {});
  for (;;) {
    const until = log.size;
    const last = ended;
    const current = findJob(await options.freshView(), job);
    for (const part of log.take(until, current.steps, { final: last })) teller.tell(part, current.steps);
    teller.closeBefore(current.steps, { ended: false });
    if (last && log.size === until) break;
    if (!ended && log.size === until) await sleep(LOOK_EVERY_MS);
  }
  await reading;
  const end = await untilCompleted(options);
  teller.closeBefore(end.steps, { ended: true });
  show({ type: "job_completed", job: end });
  return { job: end, tails: teller.tails };
}

async function readInto(log: StepLog, { api, build, job, signal }: FollowJobOptions): Promise<void> {
  for await (const bytes of api.followLog(build.id, job.id, { attempt: job.attempt, from: 0, signal })) {
    log.add(bytes);
    while (log.waiting > MAX_WAITING_BYTES && !signal.aborted) await sleep(LOOK_EVERY_MS);
  }
}

/** The log ends a moment before the attempt does. */
async function untilCompleted({ freshView, job, signal }: FollowJobOptions): Promise<JobView> {
  for (;;) {
    const current = findJob(await freshView(), job);
    if (current.status === "completed" || current.attempt !== job.attempt || signal.aborted) return current;
  }
}

function findJob(build: BuildView, job: JobView): JobView {
  return build.jobs.find((one) => one.id === job.id) ?? job;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Tells each step's start, lines and end once, in order, also of those that wrote nothing. */
class StepTeller {
  readonly tails = new Map<number, string[]>();
  readonly #job: JobView;
  readonly #show: (event: RunEvent) => void;
  /** Numbers of the steps whose end was told. */
  readonly #closed = new Set<number>();
  /** `logFrom` of the step whose start was told last; null for none. */
  #open: number | null = null;
  #number = 0;
  #tail: string[] = [];

  constructor(job: JobView, show: (event: RunEvent) => void) {
    this.#job = job;
    this.#show = show;
  }

  tell(part: StepLines, steps: readonly StepView[]): void {
    if (this.#open !== part.logFrom) {
      this.#closeUpTo(part.logFrom, steps);
      this.#open = part.logFrom;
      this.#tail = [];
      const step = part.step ?? unlistedStep(part, steps);
      this.#number = step.number;
      this.#show({ type: "step", job: this.#job.id, step });
    }
    this.#tail = [...this.#tail, ...part.lines].slice(-TAIL_LINES);
    this.#show({ type: "log", job: this.#job.id, step: this.#number, lines: part.lines });
  }

  /** Ends those after which another has started, and at the end of the job all. */
  closeBefore(steps: readonly StepView[], { ended }: { ended: boolean }): void {
    const last = steps.at(-1);
    this.#closeUpTo(ended ? Infinity : Math.min(last?.logFrom ?? 0, this.#open ?? 0), steps);
  }

  #closeUpTo(logFrom: number, steps: readonly StepView[]): void {
    for (const step of steps) {
      if (step.status !== "completed" || step.logFrom >= logFrom || this.#closed.has(step.number)) continue;
      this.#closed.add(step.number);
      const isOpen = step.logFrom === this.#open && step.conclusion !== "skipped";
      this.tails.set(step.number, isOpen ? withoutHeader(this.#tail) : []);
      this.#show({ type: "step_completed", job: this.#job.id, step });
    }
  }
}

/** What a step is told to do is no part of what it said. */
function withoutHeader(lines: string[]): string[] {
  return lines[0]?.startsWith("##[group]") ? lines.slice(lines.indexOf("##[endgroup]") + 1) : lines;
}

/** A step that has no row yet, called after its first line; what stands before the first is the job's own. */
function unlistedStep(part: StepLines, steps: readonly StepView[]): StepView {
  const name = /^##\[group\](.+)/.exec(part.lines[0] ?? "")?.[1];
  return {
    number: name === undefined ? 0 : (steps.at(-1)?.number ?? 0) + 1,
    name: name ?? "Set up",
    status: "in_progress",
    outcome: null,
    conclusion: null,
    exitCode: null,
    reason: null,
    detail: null,
    logFrom: part.logFrom,
    kind: "run",
    summary: null,
    startedAt: Date.now(),
    completedAt: null,
  };
}
