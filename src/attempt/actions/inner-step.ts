/** Carries out one step of a composite action, or a slice of it. */

import { ExpressionError, evaluateCondition } from "../../language/expression.ts";
import type { FileHashes } from "../../language/expression.ts";
import type { StepDefinition } from "../../model/workflow.ts";
import { mayFail } from "../step/environment.ts";
import { withFileHashes } from "../step/hash-files.ts";
import { stepName } from "../step/name.ts";
import { innerId } from "../step/work.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import type { Running } from "./composite.ts";
import type { InnerGiven, InnerTried } from "./inner-turn.ts";
import { innerContexts, innerFunctions, innerValues } from "./inner-values.ts";
import { tokenNamedIn } from "./inputs.ts";

/** Null where its condition is false. */
export async function attemptInner(
  outer: StepWork,
  running: Running,
  step: StepDefinition,
  given: InnerGiven,
): Promise<InnerTried | null> {
  try {
    return await withFileHashes(outer.session, (files) => carryOut(outer, running, step, { ...given, files }));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { at } = step;
    const detail = `${at.file}:${at.line}:${at.column}: ${error.message}`;
    const result: WorkResult = { state: "failed", exitCode: null, reason: "workflow_invalid", detail };
    return { result, name: stepName(step, null), id: step.id, allowed: step.continueOnError === true };
  }
}

async function carryOut(
  outer: StepWork,
  running: Running,
  step: StepDefinition,
  given: InnerGiven & { files: FileHashes },
): Promise<InnerTried | null> {
  const { started, memo, follow, files } = given;
  const functions = { ...innerFunctions(running, given.cancelled), files };
  const blind = innerContexts(outer, running, { token: "" });
  if (!started && !evaluateCondition(step.if, innerValues(blind, step, functions).contexts, functions)) return null;
  const work = { ...(await innerWork(outer, running, step, functions)), follow, memo };
  const result = await outer.carryOut(work, step);
  if (result.state !== "running" && result.outputs !== undefined && step.id !== null)
    outer.session.state.outputs[`${outer.id}/${step.id}`] = result.outputs;
  const { values } = work;
  const allowed = result.state === "failed" && mayFail(step, values);
  return { result, name: stepName(step, values), id: step.id, allowed };
}

/** The work of a step within the action that `outer` uses. Throws ExpressionError. */
export async function innerWork(
  outer: StepWork,
  running: Running,
  step: StepDefinition,
  functions: StepWork["values"]["functions"],
): Promise<StepWork> {
  const own = step.kind === "run" ? [step.run, step.shell, step.workingDirectory] : [step.with];
  const { name, env, timeoutMinutes, continueOnError } = step;
  const token = await tokenNamedIn(outer, [name, env, timeoutMinutes, continueOnError, ...own]);
  return {
    ...outer,
    id: innerId(outer.id, step.number),
    trail: [...outer.trail, step.number],
    scope: `${outer.id}/`,
    depth: outer.depth + 1,
    deadline: running.deadline,
    defaults: { shell: null, workingDirectory: null },
    values: innerValues(innerContexts(outer, running, { token }), step, functions),
    memo: null,
  };
}
