/** One attempt as its job runner holds it: the session is opened once and found again after a restart. */

import { asAttemptId } from "../model/ids.ts";
import type { AttemptId } from "../model/ids.ts";
import type { Booted } from "../sandbox/port.ts";
import { concludeAttempt } from "../store/conclude.ts";
import { beginAttempt } from "./begin.ts";
import type { Begun } from "./begin.ts";
import type { AttemptBindings } from "./bindings.ts";
import { bootSandbox } from "./boot.ts";
import type { Boot } from "./boot.ts";
import { closeAttempt, destroySandbox } from "./close.ts";
import { readFacts } from "./facts.ts";
import { finishAttempt, loseSandbox } from "./finish.ts";
import type { JobEnd } from "./finish.ts";
import { advancePostStep } from "./post-step.ts";
import type { PostStep } from "./post-step.ts";
import { advanceServices } from "./services/start.ts";
import { openSession } from "./session.ts";
import type { Session } from "./session.ts";
import { advanceSetUp } from "./set-up.ts";
import type { Cancel, StepEnd, StepTurn } from "./step/end.ts";
import { advanceStep } from "./step/step.ts";
import type { StepTurnRequest } from "./step/step.ts";

export interface Machine {
  booted: Booted;
  deadline: number;
}

export class Attempt {
  readonly #env: AttemptBindings;
  readonly #id: AttemptId;
  #session: Promise<Session> | null = null;
  /** True while no step can have run, so that nothing has to be found again. */
  #fresh = false;

  constructor(env: AttemptBindings, id: string) {
    this.#env = env;
    this.#id = asAttemptId(id);
  }

  async begin(): Promise<Begun> {
    return await beginAttempt(this.#env, this.#id, Date.now());
  }

  async boot(begun: { startedAt: number; deadline: number }): Promise<Boot> {
    this.#fresh = true;
    return await bootSandbox(this.#env, this.#id, begun);
  }

  /** Before the first step. */
  async setUp(machine: Machine, request: Omit<StepTurnRequest, "step">): Promise<StepTurn> {
    return await advanceSetUp(await this.#open(machine), request, { untouched: this.#fresh });
  }

  /** After the set-up. */
  async services(machine: Machine, request: Omit<StepTurnRequest, "step">): Promise<StepTurn> {
    return await advanceServices(await this.#open(machine), request);
  }

  async step(machine: Machine, request: Omit<StepTurnRequest, "step"> & { index: number }): Promise<StepTurn> {
    const session = await this.#open(machine);
    const step = session.facts.job.plan.definition.steps[request.index];
    if (!step) throw new Error(`attempt ${this.#id} has no step ${request.index}`);
    return await advanceStep(session, { ...request, step });
  }

  async post(machine: Machine, post: PostStep, request: Omit<StepTurnRequest, "step">): Promise<StepTurn> {
    return await advancePostStep(await this.#open(machine), post, request);
  }

  async finish(machine: Machine, ends: readonly StepEnd[], cancelled: Cancel | null): Promise<JobEnd> {
    return await finishAttempt(await this.#open(machine), ends, cancelled);
  }

  /** For an attempt that never had a machine to speak of. */
  async fail(end: JobEnd): Promise<JobEnd> {
    const { job, attempt } = await readFacts(this.#env, this.#id);
    const at = Date.now();
    await this.#env.DB.batch(
      concludeAttempt(this.#env.DB, { ...job, attemptId: attempt.id }, { ...end, at, outputs: {} }),
    );
    await this.#env.JOBS.send({ buildId: attempt.buildId });
    return end;
  }

  async lose(detail: string, options: { stepsStarted: boolean }): Promise<JobEnd> {
    return await loseSandbox(this.#env, await readFacts(this.#env, this.#id), detail, options);
  }

  async close(): Promise<void> {
    await closeAttempt(this.#env, this.#id);
  }

  async destroy(): Promise<void> {
    await destroySandbox(this.#env, this.#id);
  }

  async #open({ booted, deadline }: Machine): Promise<Session> {
    this.#session ??= openSession(this.#env, this.#id, { booted, deadline, fresh: this.#fresh });
    try {
      return await this.#session;
    } catch (error) {
      this.#session = null;
      throw error;
    }
  }
}
