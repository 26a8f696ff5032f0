/** Carries out a `uses:` step: by a native action, or by what the action's own file says. */

import { isLocalAction } from "../../language/native-actions.ts";
import type { UsesStep } from "../../model/workflow.ts";
import { useNative } from "../native/uses.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import { runComposite } from "./composite.ts";
import { runJavaScript } from "./javascript.ts";
import { locateAction } from "./locate.ts";
import { nativeFor } from "./policy.ts";

export async function useAction(work: StepWork, step: UsesStep): Promise<WorkResult> {
  const native = isLocalAction(step.uses) ? null : nativeFor(work.session.env, step);
  if (native !== null) return await useNative(work, step, native);
  const located = await locateAction(work, step);
  if (located === null) return { state: "running", memo: null, cancelled: null };
  if ("detail" in located) return { state: "failed", exitCode: null, ...located };
  const { javascript } = located.action;
  if (javascript === null) return await runComposite(work, step, located);
  return await runJavaScript(work, step, { located, javascript, stage: "main" });
}
