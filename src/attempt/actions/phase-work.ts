/** Finds the work of an action that is used somewhere in a step of the job, so that its `pre` or `post` phase can be carried out. */

import type { StepDefinition, UsesStep } from "../../model/workflow.ts";
import type { StepWork } from "../step/work.ts";
import type { FetchProblem } from "./fetch.ts";
import { innerWork } from "./inner-step.ts";
import { openAction } from "./inputs.ts";
import type { Phase } from "./javascript.ts";
import { locateAction } from "./locate.ts";
import type { LocatedAction } from "./locate.ts";

const GONE: FetchProblem = { reason: "step_failed", detail: "The action is no longer what it was when it began" };

export interface PhaseWork {
  work: StepWork;
  step: UsesStep;
  phase: Phase;
}

/**
 * `top` is the work of the job's step as its main phase has it; `trail` leads from its action to the one that is meant. An
 * action of the repository may be gone by then, or be another. Throws ExpressionError.
 */
export async function findPhase(
  top: StepWork,
  step: StepDefinition,
  trail: readonly number[],
  stage: Phase["stage"],
): Promise<PhaseWork | FetchProblem> {
  if (step.kind !== "uses") return GONE;
  const located = await locateAction(top, step);
  if (located === null) throw new Error(`${step.uses} would have to be fetched again`);
  if ("detail" in located) return located;
  const [next, ...rest] = trail;
  if (next === undefined) {
    const { javascript } = located.action;
    return javascript?.[stage] == null ? GONE : { work: top, step, phase: { located, javascript, stage } };
  }
  const inner = located.action.steps[next - 1];
  if (inner === undefined) return GONE;
  return await findPhase(await enter(top, step, located, inner), inner, rest, stage);
}

/** What a composite action's steps came to is known where its main phase ran. */
async function enter(
  work: StepWork,
  step: UsesStep,
  { action, folder, reference }: LocatedAction,
  inner: StepDefinition,
): Promise<StepWork> {
  const open = await openAction(work, step, action);
  const progress = work.session.state.actions[work.id] ?? { startedAt: Date.now(), base: 0, ends: [], summary: "" };
  const running = { open, action, progress, folder, reference, deadline: work.deadline };
  return await innerWork(work, running, inner, work.values.functions);
}
