/** What steps hand on to later steps: environment, path and outputs. It lies in a file of the sandbox, never in a durable result. */

import { SandboxFault } from "../sandbox/port.ts";
import type { Booted, Sandbox } from "../sandbox/port.ts";
import type { ActionProgress } from "./actions/progress.ts";

export interface JobState {
  /** Set by `GITHUB_ENV`. */
  env: Record<string, string>;
  /** Put before PATH by `GITHUB_PATH`, the newest first. */
  path: string[];
  /** By step id. */
  outputs: Record<string, Record<string, string>>;
  /** What an action's main phase leaves to its post phase, by the step's name in the sandbox. */
  saved: Record<string, Record<string, string>>;
  /** How far the steps of composite actions came, by the name in the sandbox of the step that uses one. */
  actions: Record<string, ActionProgress>;
  /** Where actions of other repositories lie, by `referenceKey`. */
  fetched: Record<string, FetchedAction>;
  /** What phases of an action hand on by `GITHUB_STATE`, by where its step is: `3-2`. */
  phases: Record<string, Record<string, string>>;
  /** What is left to be done after the job's steps, in the order in which it was begun. */
  posts: PostPhase[];
  /** Null before they were looked for. */
  nodes: NodeRuntime[] | null;
  /** By their ids in the workflow. */
  services: Record<string, RunningService>;
}

interface FetchedAction {
  sha: string;
  folder: string;
}

export interface PostPhase {
  kind: "cache" | "javascript";
  /** The step of the job, then of the action that it uses, and so on. */
  trail: number[];
  /** The name in the sandbox of what left it. */
  id: string;
}

/** A program that runs JavaScript. */
export interface NodeRuntime {
  major: number;
  version: string;
  path: string;
}

/** A service as `job.services` shows it; ports by what they are in its container. */
interface RunningService {
  id: string;
  network: string;
  ports: Record<string, string>;
}

export function emptyJobState(): JobState {
  return {
    env: {},
    path: [],
    outputs: {},
    saved: {},
    actions: {},
    fetched: {},
    phases: {},
    posts: [],
    nodes: null,
    services: {},
  };
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
