/** What comes before a job's first step where it uses actions of other repositories: these are fetched, and their pre phases run. */

import { ExpressionError, evaluateCondition } from "../language/expression.ts";
import type { Annotation } from "../model/step.ts";
import type { StepDefinition, RunStep, UsesStep } from "../model/workflow.ts";
import { openInnerLog } from "./actions/inner-log.ts";
import { beginProgress, concludeInner, runInner } from "./actions/inner-turn.ts";
import type { InnerGiven, InnerTried } from "./actions/inner-turn.ts";
import { runJavaScript } from "./actions/javascript.ts";
import { findNode } from "./actions/node-runtime.ts";
import { findPhase } from "./actions/phase-work.ts";
import { readyActions } from "./actions/set-up.ts";
import { writeJobState } from "./job-state.ts";
import type { Session } from "./session.ts";
import type { StepTurn } from "./step/end.ts";
import { readStepValues } from "./step/environment.ts";
import { advanceStep } from "./step/step.ts";
import type { StepTurnRequest } from "./step/step.ts";
import type { StepWork, WorkResult } from "./step/work.ts";

/** Its part of the log is that of the boot. */
const SET_UP = {
  kind: "run",
  number: 0,
  id: null,
  name: "Set up job",
  if: "success()",
  env: {},
  continueOnError: false,
  timeoutMinutes: null,
  run: "",
  shell: null,
  workingDirectory: null,
} as const satisfies Omit<RunStep, "at">;

/** `untouched`: no code of a user can have run in this sandbox. */
export async function advanceSetUp(
  session: Session,
  request: Omit<StepTurnRequest, "step">,
  options: { untouched: boolean },
): Promise<StepTurn> {
  const step: RunStep = { ...SET_UP, at: session.facts.job.plan.definition.at };
  return await advanceStep(session, { ...request, step, carryOut: (work) => carryOut(work, options) });
}

async function carryOut(work: StepWork, { untouched }: { untouched: boolean }): Promise<WorkResult> {
  const { session } = work;
  const steps = session.facts.job.plan.definition.steps;
  const progress = await beginProgress(work);
  const ready = await readyActions(work, steps, { keep: untouched && progress.ends.length === 0 });
  if (ready === null) return { state: "running", memo: null, cancelled: null };
  if ("detail" in ready) return { state: "failed", exitCode: null, ...ready, fatal: true };
  await say(work, progress.base, ready.lines);
  if (progress.base === 0) await prepare(work, progress);
  const { phases } = ready;
  const ran = await runInner(work, progress, {
    count: phases.length,
    deadline: work.deadline,
    attempt: async (index, given) => await attemptPre(work, steps, phases[index] ?? [], given),
  });
  if (ran.state === "late") throw new Error("the set-up of a job has no time of its own");
  if (ran.state === "running") return ran;
  const end = await concludeInner(work, progress, ran.cancelled);
  const annotations: Annotation[] = [...ready.annotations, ...(end.notes?.annotations ?? [])];
  return { ...end, notes: { ...end.notes, ...(annotations.length > 0 && { annotations }) } };
}

/** Once: at the start of what the attempt's own part of the log holds. */
async function say({ session }: StepWork, base: number, lines: readonly string[]): Promise<void> {
  if (base !== 0 || lines.length === 0) return;
  await openInnerLog(session, 0, 0, lines.map((line) => `${line}\n`).join(""));
}

/** Nothing of a user ran yet: the Node that is found now is the machine's own. */
async function prepare(work: StepWork, progress: { base: number }): Promise<void> {
  const { session } = work;
  await findNode(session, 0);
  progress.base = (await session.logs.segment(0))?.raw ?? 0;
  await writeJobState(session.sandbox, session.booted, session.state);
}

/** Null where `pre-if` is false. */
async function attemptPre(
  work: StepWork,
  steps: readonly StepDefinition[],
  [number = 0, ...trail]: readonly number[],
  given: InnerGiven,
): Promise<InnerTried | null> {
  const main = steps[number - 1];
  if (main?.kind !== "uses") throw new Error(`step ${number} has no pre phase`);
  try {
    return await runPre(work, main, trail, given);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { at } = main;
    const detail = `${at.file}:${at.line}:${at.column}: ${error.message}`;
    const result: WorkResult = { state: "failed", exitCode: null, reason: "workflow_invalid", detail };
    return { result, name: `Pre ${main.uses}`, id: null, allowed: false };
  }
}

async function runPre(work: StepWork, main: UsesStep, trail: readonly number[], given: InnerGiven) {
  const { session, past, values } = work;
  const top: StepWork = {
    ...work,
    // What is evaluated now is not what the step itself will see.
    id: `pre-${main.number}`,
    trail: [main.number],
    values: await readStepValues(session, main, past, values.functions),
  };
  const name = `Pre ${main.uses}`;
  const found = await findPhase(top, main, trail, "pre");
  if ("detail" in found)
    return { result: { state: "failed" as const, exitCode: null, ...found }, name, id: null, allowed: false };
  const { phase, step } = found;
  const { contexts, functions } = found.work.values;
  if (!given.started && !evaluateCondition(phase.javascript.preIf, contexts, functions)) return null;
  const own: StepWork = { ...found.work, depth: 0, deadline: work.deadline, follow: given.follow, memo: given.memo };
  const unlimited: UsesStep = { ...step, id: null, timeoutMinutes: null };
  const result = await runJavaScript(own, unlimited, phase);
  return { result, name: `Pre ${step.uses}`, id: null, allowed: false };
}
