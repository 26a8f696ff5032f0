/** What `sandlot run` and `sandlot dev` were asked for, checked. */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../usage-error.ts";
import { EVENTS, type EventName } from "./deliver-event.ts";

/** As commander hands them over. */
export interface GivenOptions {
  event?: string;
  input: string[];
  job: string;
  workflow: string;
  secret: string[];
  ref?: string;
  artifacts?: string;
  actions?: string;
  native?: boolean;
  state?: string;
  maxSandboxes?: string;
  json: boolean;
  yes: boolean;
  verbose: boolean;
}

export interface RunOptions {
  event: EventName;
  inputs: Record<string, string>;
  /** Empty for all. */
  job: string;
  workflow: string;
  secrets: string[];
  /** Null for the files as they are. */
  ref: string | null;
  /** Where artifacts are saved; null for nowhere. */
  artifacts: string | null;
  /** Absolute; where actions of other repositories are looked for first; null for nowhere. */
  actions: string | null;
  /** False: no action is carried out by Sandlot itself. */
  native: boolean;
  /** Null for the user's cache folder. */
  state: string | null;
  maxSandboxes: number | null;
  json: boolean;
  yes: boolean;
  verbose: boolean;
}

const MAX_SANDBOXES = 100;

/** Throws `UsageError`. */
export function readRunOptions(given: GivenOptions): RunOptions {
  const inputs = readInputs(given.input);
  // Inputs belong to a dispatch alone: whoever gives one means that.
  const event = readEvent(given.event ?? (given.input.length > 0 ? "workflow_dispatch" : "push"));
  if (event !== "workflow_dispatch" && given.input.length > 0) {
    throw new UsageError(`--input goes with --event workflow_dispatch, not with ${event}.`);
  }
  const { job, workflow, json, yes, verbose, native = true } = given;
  return {
    native,
    event,
    inputs,
    job,
    workflow,
    json,
    yes,
    verbose,
    secrets: given.secret.map(readSecretName),
    ref: given.ref ?? null,
    artifacts: given.artifacts ?? null,
    actions: readFolder("--actions", given.actions),
    state: given.state ?? null,
    maxSandboxes: given.maxSandboxes === undefined ? null : readCount(given.maxSandboxes),
  };
}

/** Absolute; null where none is given. */
function readFolder(option: string, path: string | undefined): string | null {
  if (path === undefined) return null;
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return resolve(path);
  throw new UsageError(`${option} ${path}: there is no such folder.`);
}

function readEvent(text: string): EventName {
  const event = EVENTS.find((name) => name === text);
  if (event !== undefined) return event;
  throw new UsageError(`--event ${text} is not one that can be delivered here.`, [`--event ${EVENTS.join(" | ")}`]);
}

function readInputs(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`--input ${pair} is not NAME=VALUE.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** The value is never among the arguments: every user of the machine can read those. */
function readSecretName(text: string): string {
  if (/^(?!GITHUB_)[A-Z_][A-Z0-9_]{0,127}$/i.test(text)) return text.toUpperCase();
  const shown = text.split("=", 1)[0] ?? "";
  if (text.includes("=")) {
    throw new UsageError(`--secret takes a name alone; the value is read from the environment variable ${shown}.`, [
      `export ${shown}=…   # or leave it unset and be asked for it`,
      `sandlot run --secret ${shown}`,
    ]);
  }
  throw new UsageError(
    `${text} cannot be a secret's name: letters, digits and _, not starting with a digit or GITHUB_.`,
  );
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_SANDBOXES) return count;
  throw new UsageError(`--max-sandboxes takes a whole number from 1 to ${MAX_SANDBOXES}, not ${text}.`);
}
