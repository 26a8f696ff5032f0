/** What the keys of any job may look at: `needs`, `inputs`, `matrix`, …, also across calls of other workflows. */

import { callInputs } from "../language/call-inputs.ts";
import { chainOf, legUnder } from "../language/chain.ts";
import { evaluateTemplate, ExpressionError } from "../language/expression.ts";
import type { Contexts } from "../language/expression.ts";
import type { Job } from "../model/job.ts";
import type { PlannedCall, PlannedJob, Scalar } from "../model/workflow.ts";
import { legsOf, resultOfLegs } from "./needs.ts";
import { legContexts } from "./strategy.ts";

export interface Surroundings {
  /** All jobs of the build, as they stand; none while it is planned. */
  jobs: readonly Job[];
  github: Record<string, unknown>;
  vars: Record<string, unknown>;
  /** Of the build itself. */
  inputs: Record<string, Scalar> | null;
}

type Inputs = Record<string, Scalar>;
type Outputs = Record<string, string>;

/** Gives the contexts of a job, or of a job that calls others. What it gives throws `ExpressionError`. */
export function contextsIn(surroundings: Surroundings): (job: PlannedJob) => Contexts {
  const reader = new CallReader(surroundings);
  return (job) => reader.contextsOf(job);
}

/** Keeps what was computed: calls that need each other would ask for their inputs and outputs again and again. */
class CallReader {
  readonly #given: Surroundings;
  readonly #inputs = new Map<string, Inputs>();
  readonly #outputs = new Map<string, Outputs>();

  constructor(given: Surroundings) {
    this.#given = given;
  }

  contextsOf(job: PlannedJob): Contexts {
    const { github, vars, inputs } = this.#given;
    return {
      github,
      vars,
      needs: this.#resultsOf(job.definition.needs, job),
      inputs: job.call === undefined ? (inputs ?? {}) : this.#inputsOf(job.call),
      ...legContexts({ plan: job }),
    };
  }

  #inputsOf(call: PlannedCall): Inputs {
    return once(this.#inputs, call.caller.key, () => callInputs(call, this.contextsOf(call.caller)));
  }

  /** Null where they cannot be computed: for that its jobs failed, and whoever needs it sees that. */
  #inputsIfWell(call: PlannedCall): Inputs | null {
    try {
      return this.#inputsOf(call);
    } catch (error) {
      if (error instanceof ExpressionError) return null;
      throw error;
    }
  }

  /** `{ result, outputs }` of job ids as `of` names them. */
  #resultsOf(ids: readonly string[], of: PlannedJob): Record<string, unknown> {
    return Object.fromEntries(
      ids.map((id) => {
        const legs = legsOf(this.#given.jobs, id, of);
        return [id, { result: resultOfLegs(legs) ?? "", outputs: this.#outputsOf(legs, id, of) }];
      }),
    );
  }

  /** Among legs the last writer of an output wins, as on GitHub. */
  #outputsOf(legs: readonly Job[], id: string, of: PlannedJob): Outputs {
    const found: Outputs = {};
    for (const leg of legs) {
      const under = calledUnder(leg.plan, id, of);
      Object.assign(found, under?.call === undefined ? leg.outputs : this.#outputsOfCall(under.call, under));
    }
    return found;
  }

  /** `under` is any job of the called workflow. */
  #outputsOfCall(call: PlannedCall, under: PlannedJob): Outputs {
    return once(this.#outputs, call.caller.key, () => {
      const inputs = this.#inputsIfWell(call);
      if (inputs === null) return {};
      const { github, vars, jobs } = this.#given;
      const ids = new Set(jobs.flatMap(({ plan }) => jobWithin(plan, call)?.definition.id ?? []));
      const contexts = { github, vars, inputs, jobs: this.#resultsOf([...ids], under) };
      return Object.fromEntries(
        Object.entries(call.contract.outputs).map(([name, value]) => [name, evaluateTemplate(value, contexts)]),
      );
    });
  }
}

/** What of `job`'s chain stands in the file that `call` calls. */
function jobWithin(job: PlannedJob, call: PlannedCall): PlannedJob | undefined {
  return chainOf(job).find((one) => one.call?.caller.key === call.caller.key);
}

/** Where the job id `id` calls a workflow: what of `job`'s chain stands in it. Undefined where `job` is a leg of `id` itself. */
function calledUnder(job: PlannedJob, id: string, of: PlannedJob): PlannedJob | undefined {
  const caller = legUnder(job, id, of);
  return chainOf(job).find((one) => one.call !== undefined && one.call.caller === caller);
}

function once<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
