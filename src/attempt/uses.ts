/** Carries out a `uses:` step by the native action of that name. */

import { nativeAction } from "../language/native-actions.ts";
import type { NativeAction } from "../language/native-actions.ts";
import type { UsesStep } from "../model/workflow.ts";
import { downloadArtifact } from "./artifact-download.ts";
import { uploadArtifact } from "./artifact-upload.ts";
import { restoreCacheStep } from "./cache-restore.ts";
import { saveCacheStep } from "./cache-save.ts";
import { checkout } from "./checkout.ts";
import type { StepWork, WorkResult } from "./work.ts";

const ACTIONS: Record<NativeAction, (work: StepWork, step: UsesStep) => Promise<WorkResult>> = {
  "actions/checkout": checkout,
  "actions/cache": restoreCacheStep,
  "actions/cache/restore": restoreCacheStep,
  "actions/cache/save": saveCacheStep,
  "actions/upload-artifact": uploadArtifact,
  "actions/download-artifact": downloadArtifact,
};

export async function useAction(work: StepWork, step: UsesStep): Promise<WorkResult> {
  const action = nativeAction(step.uses);
  // The plan refuses such a step; a plan made by an older Sandlot may still hold one.
  if (action === null)
    return {
      state: "failed",
      exitCode: null,
      reason: "unsupported",
      detail: `Sandlot does not carry out ${step.uses} yet`,
    };
  return await ACTIONS[action](work, step);
}
