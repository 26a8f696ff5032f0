/** What the steps of a composite action see: its inputs and its own steps, no secrets and no needs. */

import type { Contexts, StatusFunctions } from "../../language/expression.ts";
import type { StepDefinition } from "../../model/workflow.ts";
import { evaluateMap } from "../step/environment.ts";
import type { StepValues } from "../step/environment.ts";
import type { StepWork } from "../step/work.ts";
import type { Running } from "./composite.ts";
import { actionNames } from "./names.ts";

/** Of what the job's steps see, an action's see this. https://docs.github.com/actions/reference/workflows-and-actions/contexts#context-availability */
const SEEN = ["runner", "job", "strategy", "matrix"] as const;

/** `work` is that of the step that uses the action. */
export function innerContexts(work: StepWork, running: Running, { token }: { token: string }): Contexts {
  const { session, values } = work;
  const { open, progress, folder, reference } = running;
  const steps: Record<string, unknown> = {};
  for (const { id, outcome, conclusion } of progress.ends) {
    if (id !== null) steps[id] = { outputs: session.state.outputs[`${work.id}/${id}`] ?? {}, outcome, conclusion };
  }
  return {
    ...Object.fromEntries(SEEN.map((name) => [name, values.contexts[name]])),
    github: {
      ...(values.contexts["github"] as object),
      token,
      action: innerName(running),
      action_path: folder,
      action_repository: reference?.name ?? "",
      action_ref: reference?.ref ?? "",
      action_status: actionStatus(running),
    },
    env: baseEnv(work, running),
    inputs: open.inputs,
    steps,
  };
}

/** Of the step that is next. */
function innerName({ action, progress }: Running): string {
  return actionNames(action.steps)[progress.ends.length] ?? "";
}

/** An action starts well, whatever became of the job before. */
function actionStatus({ progress }: Running): "success" | "failure" {
  return progress.ends.some((end) => end.conclusion === "failure") ? "failure" : "success";
}

export function innerFunctions(running: Running, cancelled: boolean): StatusFunctions {
  const status = actionStatus(running);
  return { cancelled, success: !cancelled && status === "success", failure: !cancelled && status === "failure" };
}

export function innerValues(contexts: Contexts, step: StepDefinition, functions: StatusFunctions): StepValues {
  const outer = contexts["env"] as Record<string, string>;
  const env = { ...outer, ...evaluateMap(step.env, contexts, functions) };
  return { contexts: { ...contexts, env }, env, functions };
}

function baseEnv({ session, values }: StepWork, { open }: Running): Record<string, string> {
  const changed = Object.entries(session.state.env).filter(([name, value]) => open.envBefore[name] !== value);
  return { ...values.env, ...Object.fromEntries(changed) };
}
