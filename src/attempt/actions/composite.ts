/** Carries out a composite action: its steps, one after another, shown as the one step that uses it. */

import { evaluateTemplate } from "../../language/expression.ts";
import type { Contexts } from "../../language/expression.ts";
import type { ActionFile, UsesStep } from "../../model/workflow.ts";
import { timeLeft } from "../step/environment.ts";
import { openLog } from "../step/work.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import { attemptInner } from "./inner-step.ts";
import { beginProgress, concludeInner, runInner } from "./inner-turn.ts";
import { innerContexts } from "./inner-values.ts";
import { openAction } from "./inputs.ts";
import type { OpenAction } from "./inputs.ts";
import type { LocatedAction } from "./locate.ts";
import type { ActionProgress } from "./progress.ts";

export interface Running extends Pick<LocatedAction, "folder" | "reference"> {
  open: OpenAction;
  action: ActionFile;
  progress: ActionProgress;
  /** When the time of the step that uses it is over (ms, UTC). */
  deadline: number;
}

export async function runComposite(work: StepWork, step: UsesStep, located: LocatedAction): Promise<WorkResult> {
  const { action, folder, reference } = located;
  const open = await openAction(work, step, action);
  await openLog(work, [...header(step, open), ...located.lines]);
  const progress = await beginProgress(work);
  const deadline = progress.startedAt + timeLeft(work, step, progress.startedAt);
  const running: Running = { open, action, progress, folder, reference, deadline };
  const ran = await runInner(work, progress, {
    count: action.steps.length,
    deadline,
    attempt: async (index, given) => {
      const inner = action.steps[index];
      return inner === undefined ? null : await attemptInner(work, running, inner, given);
    },
  });
  if (ran.state === "late") return { state: "failed", exitCode: null, reason: "step_timed_out", detail: LATE };
  if (ran.state === "running") return ran;
  const outputs = outputsOf(running, innerContexts(work, running, { token: "" }));
  return await concludeInner(work, progress, ran.cancelled, outputs);
}

const LATE = "The step ran longer than its timeout-minutes.";

function outputsOf({ action }: Running, contexts: Contexts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(action.outputs).map(([name, value]) => [name, evaluateTemplate(value, contexts)]),
  );
}

function header({ uses }: UsesStep, { inputs, unexpected, missing }: OpenAction): string[] {
  const given = Object.entries(inputs).map(([name, value]) => `  ${name}: ${value}`);
  return [
    `##[group]Run ${uses}`,
    ...(given.length > 0 ? ["with:", ...given] : []),
    "##[endgroup]",
    ...inputWarnings({ unexpected, missing }),
  ];
}

export function inputWarnings({ unexpected, missing }: Pick<OpenAction, "unexpected" | "missing">): string[] {
  return [
    ...unexpected.map((name) => `##[warning]Unexpected input: ${name}`),
    ...missing.map((name) => `##[warning]Input required and not supplied: ${name}`),
  ];
}
