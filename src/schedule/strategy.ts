/** Which statements about a job can be read without a machine: its strategy, its labels, whether its failure is allowed. */

import {
  ExpressionError,
  evaluateBoolean,
  evaluateCondition,
  evaluateData,
  evaluateNumber,
} from "../language/expression.ts";
import type { Contexts } from "../language/expression.ts";
import { runnerLabels, sandboxFor } from "../language/runs-on.ts";
import type { Job, SandboxSize } from "../model/job.ts";
import type { StatusFunction } from "./needs.ts";

/** Throws ExpressionError. */
export function strategyOf(
  job: Pick<Job, "plan">,
  contexts: Contexts,
): { failFast: boolean; maxParallel: number | null } {
  const { failFast, maxParallel } = job.plan.definition.strategy;
  const limit = maxParallel === null ? null : evaluateNumber(maxParallel, contexts);
  if (limit !== null && limit < 1)
    throw new ExpressionError(`max-parallel is ${limit}: no job could start`, "strategy");
  return { failFast: evaluateBoolean(failFast, contexts), maxParallel: limit };
}

/** Throws ExpressionError. */
export function conditionOf(
  job: Pick<Job, "plan">,
  contexts: Contexts,
  functions: Record<StatusFunction, boolean>,
): boolean {
  return evaluateCondition(job.plan.definition.if, contexts, functions);
}

/** Throws ExpressionError. */
export function machineOf(job: Job, contexts: Contexts): { size: SandboxSize } | { unsupported: string } {
  const labels = runnerLabels(evaluateData(job.plan.definition.runsOn, contexts));
  return sandboxFor(labels);
}

/** The contexts `matrix` and `strategy` of one leg. */
export function legContexts(job: Pick<Job, "plan">): Contexts {
  const { leg, matrix, definition } = job.plan;
  return {
    matrix: matrix ?? {},
    strategy: {
      "job-index": leg.index,
      "job-total": leg.total,
      "fail-fast": definition.strategy.failFast === true,
      ...(typeof definition.strategy.maxParallel === "number" && { "max-parallel": definition.strategy.maxParallel }),
    },
  };
}
