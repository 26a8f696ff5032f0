/** Carries out a `uses:` step by the native action of that name. */

import type { NativeAction } from "../../language/native-actions.ts";
import type { UsesStep } from "../../model/workflow.ts";
import { registerPost } from "../posts.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import { downloadArtifact } from "./artifact-download.ts";
import { uploadArtifact } from "./artifact-upload.ts";
import { restoreCacheStep } from "./cache-restore.ts";
import { saveCacheStep } from "./cache-save.ts";
import { checkout } from "./checkout.ts";

const ACTIONS: Record<NativeAction, (work: StepWork, step: UsesStep) => Promise<WorkResult>> = {
  "actions/checkout": checkout,
  "actions/cache": restoreCacheStep,
  "actions/cache/restore": restoreCacheStep,
  "actions/cache/save": saveCacheStep,
  "actions/upload-artifact": uploadArtifact,
  "actions/download-artifact": downloadArtifact,
};

export async function useNative(work: StepWork, step: UsesStep, action: NativeAction): Promise<WorkResult> {
  if (action === "actions/cache") await registerPost(work.session, { kind: "cache", trail: work.trail, id: work.id });
  return await ACTIONS[action](work, step);
}
