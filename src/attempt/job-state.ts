/** What steps hand on to later steps: environment, path and outputs. It lies in a file of the sandbox, never in a durable result. */

import type { Booted, Sandbox } from "../sandbox/port.ts";
import { SandboxFault } from "../sandbox/port.ts";
import type { ActionProgress } from "./action-progress.ts";

export interface JobState {
  /** Set by `GITHUB_ENV`. */
  env: Record<string, string>;
  /** Put before PATH by `GITHUB_PATH`, the newest first. */
  path: string[];
  /** By step id. */
  outputs: Record<string, Record<string, string>>;
  /** What an action's main phase leaves to its post phase, by the step's name in the sandbox. */
  saved: Record<string, Record<string, string>>;
  /** How far the steps of the repository's own actions came, by the name in the sandbox of the step that uses one. */
  actions: Record<string, ActionProgress>;
}

export function emptyJobState(): JobState {
  return { env: {}, path: [], outputs: {}, saved: {}, actions: {} };
}

const file = (booted: Booted): string => `${booted.control}/job-state.json`;

/** Read again where a job runner was restarted; the state of a job whose steps handed on nothing was never written. */
export async function readJobState(sandbox: Sandbox, booted: Booted): Promise<JobState> {
  try {
    const { body } = await sandbox.readFile(file(booted));
    return { ...emptyJobState(), ...((await new Response(body).json()) satisfies unknown as Partial<JobState>) };
  } catch (error) {
    if (error instanceof SandboxFault && error.kind === "missing_file") return emptyJobState();
    throw error;
  }
}

export async function writeJobState(sandbox: Sandbox, booted: Booted, state: JobState): Promise<void> {
  await sandbox.writeFile(file(booted), JSON.stringify(state));
}
