/** The post phases of actions, in reverse order, after the job's own steps. */

import type { UsesStep } from "../model/workflow.ts";
import { saveCachePost } from "./cache-save.ts";
import type { StepOutline } from "./begin.ts";
import type { Session } from "./session.ts";
import { advanceStep } from "./step.ts";
import type { StepTurnRequest } from "./step.ts";
import type { StepEnd, StepTurn } from "./step-end.ts";
import type { StepWork, WorkResult } from "./work.ts";

/** Which step's post phase it is, and its place in the job. */
export interface PostStep {
  index: number;
  number: number;
}

/** Only steps that ran have one. */
export function postStepsOf(steps: readonly StepOutline[], ends: readonly StepEnd[]): PostStep[] {
  const ran = (number: number): boolean =>
    ends.some((end) => end.number === number && end.ran && end.outcome === "success" && end.post !== false);
  return steps
    .flatMap((step, index) => (step.post && ran(step.number) ? [index] : []))
    .reverse()
    .map((index, place) => ({ index, number: steps.length + 1 + place }));
}

export async function advancePostStep(
  session: Session,
  post: PostStep,
  request: Omit<StepTurnRequest, "step">,
): Promise<StepTurn> {
  const main = session.facts.job.plan.definition.steps[post.index];
  if (main?.kind !== "uses") throw new Error(`step ${post.index} has no post phase`);
  const step: UsesStep = {
    ...main,
    number: post.number,
    id: null,
    name: `Post ${typeof main.name === "string" ? main.name : main.uses}`,
    // A half-made cache under a key that nobody can write again would poison every later build.
    if: "success()",
    // Whatever becomes of a cache, the job has succeeded.
    continueOnError: true,
  };
  return await advanceStep(session, { ...request, step, carryOut: (work) => carryOut(work, step, main.number) });
}

/** An action of the repository may have restored several. Those that were saved are found saved when a slice begins anew. */
async function carryOut(work: StepWork, step: UsesStep, main: number): Promise<WorkResult> {
  const own = `step-${main}`;
  const { saved } = work.session.state;
  const names = Object.keys(saved)
    .filter((name) => name === own || name.startsWith(`${own}-`))
    .reverse();
  const lines: string[] = [];
  for (const [place, name] of names.entries()) {
    const result = await saveCachePost({ ...work, id: `${work.id}-${place}` }, step, name);
    if (result.state !== "succeeded") return result;
    if (names.length === 1) return result;
    lines.push(...(result.lines ?? []));
  }
  return { state: "succeeded", exitCode: null, lines };
}
