/** The life of one attempt, top to bottom: it only names and orders durable steps. What each does is in `src/attempt`. */

import { WorkflowEntrypoint } from "cloudflare:workers";
import type { WorkflowEvent, WorkflowStep, WorkflowStepConfig } from "cloudflare:workers";
import { Attempt } from "../src/attempt/attempt.ts";
import type { Machine } from "../src/attempt/attempt.ts";
import type { Going } from "../src/attempt/begin.ts";
import { isEngineAbort } from "../src/attempt/engine.ts";
import { postStepsOf } from "../src/attempt/post-step.ts";
import type { Cancel, StepEnd, StepTurn } from "../src/attempt/step/end.ts";
import { log, logFault } from "../src/model/log.ts";
import type { JobRunnerParams } from "../src/model/messages.ts";

const SHORT = { retries: { limit: 10, delay: "2 seconds", backoff: "exponential" }, timeout: "5 minutes" } as const;
/** A slice watches for five minutes; a call that hangs is given up after fifteen, and its retry finds the step as it is. */
const SLICE = { retries: { limit: 10, delay: "2 seconds", backoff: "exponential" }, timeout: "15 minutes" } as const;
/** Capacity is waited for here: from seconds to five minutes between tries, for more than a day in all. */
const CAPACITY: WorkflowStepConfig = {
  retries: { limit: 400, delay: ({ ctx }) => Math.min(5 * 60_000, 2000 * 1.5 ** Math.min(ctx.attempt, 20)) },
  timeout: "5 minutes",
};

export class JobRunner extends WorkflowEntrypoint<Env, JobRunnerParams> {
  override async run(event: Readonly<WorkflowEvent<JobRunnerParams>>, durable: WorkflowStep): Promise<void> {
    const { attemptId } = event.payload;
    const attempt = new Attempt(this.env, attemptId);
    const begun = await durable.do("begin", SHORT, () => attempt.begin());
    if (!begun.go) return;
    let aborted = false;
    const progress = { stepsStarted: false };
    try {
      const end = await this.#live(attempt, begun, durable, progress);
      log("job.completed", { attemptId, ...end });
    } catch (error) {
      aborted = isEngineAbort(error);
      if (aborted) throw error;
      logFault("job.faulted", error, { attemptId });
      await durable.do("fault", SHORT, () => attempt.lose(sayFault(error), progress));
    } finally {
      if (!aborted) await durable.do("close", SHORT, () => attempt.close());
    }
  }

  async #live(
    attempt: Attempt,
    begun: Going,
    durable: WorkflowStep,
    progress: { stepsStarted: boolean },
  ): Promise<{ conclusion: string; reason: string | null } | null> {
    const boot = answered(
      await durable.do("boot", CAPACITY, () => attempt.boot(begun), {
        rollback: () => attempt.destroy(),
        rollbackConfig: { retries: { limit: 5, delay: "10 seconds", backoff: "exponential" }, timeout: "2 minutes" },
      }),
    );
    switch (boot.state) {
      case "stale":
        return null;
      case "cancelled":
        return await durable.do("finish", SHORT, () =>
          attempt.fail({ conclusion: "cancelled", reason: boot.cancel.reason, detail: boot.cancel.detail }),
        );
      case "no_capacity":
        return await durable.do("finish", SHORT, () =>
          attempt.fail({ conclusion: "failure", reason: "out_of_capacity", detail: boot.detail }),
        );
      case "booted":
        progress.stepsStarted = begun.steps.length > 0;
        return await this.#steps(attempt, { booted: boot.booted, deadline: begun.deadline }, begun, durable);
    }
  }

  async #steps(
    attempt: Attempt,
    machine: Machine,
    { steps, setUp, services }: Pick<Going, "steps" | "setUp" | "services">,
    durable: WorkflowStep,
  ): Promise<{ conclusion: string; reason: string | null } | null> {
    const ends: StepEnd[] = [];
    let cancelled: Cancel | null = null;
    const phases = [
      ...(setUp ? [{ name: "set up", advance: (slice: Slice) => attempt.setUp(machine, { ends, ...slice }) }] : []),
      ...(services
        ? [{ name: "services", advance: (slice: Slice) => attempt.services(machine, { ends, ...slice }) }]
        : []),
      ...steps.map((step, index) => ({
        name: `step ${step.number}`,
        advance: (slice: Slice) => attempt.step(machine, { index, ends, ...slice }),
      })),
    ];
    for (const { name, advance } of phases) {
      const turn = await follow(durable, name, cancelled, advance);
      if (turn.state === "stale") return null;
      if (turn.state === "lost")
        return await durable.do("lost", SHORT, () => attempt.lose(turn.detail, { stepsStarted: true }));
      cancelled = turn.cancelled;
      ends.push(turn.end);
      if (turn.end.fatal === true) break;
    }
    for (const post of postStepsOf(steps, ends)) {
      const turn = await follow(durable, `post step ${post.number}`, cancelled, (slice) =>
        attempt.post(machine, post, { ends, ...slice }),
      );
      // The job's own steps are done: what becomes of a post phase changes nothing of them.
      if (turn.state === "stale") return null;
      if (turn.state === "lost") break;
      cancelled = turn.cancelled;
      ends.push(turn.end);
    }
    return await durable.do("finish", SHORT, () => attempt.finish(machine, ends, cancelled));
  }
}

type Ended = Exclude<StepTurn, { state: "running" }>;

interface Slice {
  /** From 1. */
  slice: number;
  memo: unknown;
  cancelled: Cancel | null;
}

/** A step in slices, each a durable step of its own, until it has ended. */
async function follow(
  durable: WorkflowStep,
  name: string,
  before: Cancel | null,
  advance: (slice: Slice) => Promise<StepTurn>,
): Promise<Ended> {
  let cancelled = before;
  let memo: unknown = null;
  for (let slice = 1; ; slice += 1) {
    const turn: StepTurn = answered(
      await durable.do(slice === 1 ? name : `${name}, slice ${slice}`, SLICE, () =>
        advance({ slice, memo, cancelled }),
      ),
    );
    if (turn.state !== "running") return turn;
    ({ memo, cancelled } = turn);
  }
}

/** The engine of one machine answers an instance that is being ended with nothing: that is its abort, said in another way. */
function answered<T>(result: T | undefined): T {
  if (result === undefined) throw new Error("Aborting engine: a durable step gave no answer");
  return result;
}

function sayFault(error: unknown): string {
  return `Sandlot failed: ${error instanceof Error ? error.message : String(error)}`;
}
