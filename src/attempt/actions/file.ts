/** Finds the file of `uses: ./folder` in the workspace of the sandbox. */

import { actionPaths } from "../../language/read-action.ts";
import { MAX_WORKFLOW_BYTES } from "../../model/limits.ts";
import type { UsesStep } from "../../model/workflow.ts";
import { SandboxFault } from "../../sandbox/port.ts";
import type { StepWork } from "../step/work.ts";

export interface FoundAction {
  /** From the workspace. */
  path: string;
  text: string;
  /** Where it lies in the sandbox: `github.action_path`. */
  folder: string;
}

export async function findAction({ session }: StepWork, step: UsesStep): Promise<FoundAction | { missing: string }> {
  const paths = actionPaths(step.uses);
  if (paths === null) return { missing: `${step.uses} lies outside of the workspace` };
  for (const path of paths) {
    const full = `${session.workspace}/${path}`;
    const text = await readActionFile(session, full);
    if (text === "too large") return { missing: `${path} is larger than ${MAX_WORKFLOW_BYTES} bytes` };
    if (text !== null) return { path, text: text.text, folder: full.slice(0, full.lastIndexOf("/")) };
  }
  return {
    missing: `There is no ${paths.join(" or ")} in the workspace: a step with actions/checkout must come before`,
  };
}

/** Null where there is none. */
export async function readActionFile(
  { sandbox }: StepWork["session"],
  path: string,
): Promise<{ text: string } | "too large" | null> {
  try {
    const { size, body } = await sandbox.readFile(path);
    if (size > MAX_WORKFLOW_BYTES) {
      await body.cancel();
      return "too large";
    }
    return { text: await new Response(body).text() };
  } catch (error) {
    if (error instanceof SandboxFault && error.kind === "missing_file") return null;
    throw error;
  }
}
