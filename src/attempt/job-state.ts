/** What steps hand on to later steps: environment, path and outputs. It lies in a file of the sandbox, never in a durable result. */

import type { Booted, Sandbox } from "../sandbox/port.ts";
import { SandboxFault } from "../sandbox/port.ts";

export interface JobState {
  /** Set by `GITHUB_ENV`. */
  env: Record<string, string>;
  /** Put before PATH by `GITHUB_PATH`, the newest first. */
  path: string[];
  /** By step id. */
  outputs: Record<string, Record<string, string>>;
  /** What an action's main phase leaves to its post phase, by step number. */
  saved: Record<string, Record<string, string>>;
}

export function emptyJobState(): JobState {
  return { env: {}, path: [], outputs: {}, saved: {} };
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
