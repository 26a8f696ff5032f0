/** Asks the person at the terminal: for leave to run a repository for the first time, and for the values of secrets. */

import { createInterface } from "node:readline";
import { Writable } from "node:stream";

import { readWorkflow } from "../language/read-workflow.ts";
import type { JobDefinition, StepDefinition } from "../model/workflow.ts";
import { readWorkflowFiles, type Source } from "./source.ts";
import { UsageError } from "./usage-error.ts";

export const NO_BOUNDARY =
  "Jobs run as processes of your own user, with your files in reach: this is no sandbox against hostile code.";

/** True for yes; false where there is nobody to ask. Questions go to standard error, so that standard output stays clean. */
export async function askToRun(source: Source, signal: AbortSignal): Promise<boolean> {
  process.stderr.write(`${source.root} was not run before. It would run:\n\n`);
  for (const file of await readWorkflowFiles(source)) {
    const { workflow } = await readWorkflow(file.path, file.text);
    process.stderr.write(`  ${file.path}\n${workflow?.jobs.map(describeJob).join("") ?? "    (cannot be read)\n"}`);
  }
  const answer = await ask(`\n${NO_BOUNDARY}\nRun it? [y/N] `, { echo: true, signal });
  return /^y(es)?$/i.test(answer.trim());
}

const MAX_SHOWN_CHARS = 100;

function describeJob(job: JobDefinition): string {
  return `    ${job.id}\n${job.steps.map((step) => `      ${describeStep(step)}\n`).join("")}`;
}

function describeStep(step: StepDefinition): string {
  const text = step.kind === "uses" ? step.uses : textOf(step.run);
  const [first = "", ...more] = text.trim().split("\n");
  const shown = first.length > MAX_SHOWN_CHARS ? `${first.slice(0, MAX_SHOWN_CHARS)}…` : first;
  return more.length > 0 ? `${shown} … (${more.length + 1} lines)` : shown;
}

function textOf(run: string | { expression: string }): string {
  return typeof run === "string" ? run : run.expression;
}

/** Each value from the environment variable of that name, else typed in unseen. Throws `UsageError` where neither can be. */
export async function readSecrets(names: readonly string[], signal: AbortSignal): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const name of names) {
    const known = process.env[name];
    if (known === undefined && !canAsk()) {
      throw new UsageError(`The value of --secret ${name} is not known.`, [`Set the environment variable ${name}.`]);
    }
    values.set(name, known ?? (await ask(`Value of ${name}: `, { echo: false, signal })));
  }
  return values;
}

export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Typed in unseen. */
export async function askValue(question: string, signal: AbortSignal): Promise<string> {
  return await ask(question, { echo: false, signal });
}

async function ask(question: string, { echo, signal }: { echo: boolean; signal: AbortSignal }): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: echo ? process.stderr : nowhere, terminal: true });
  try {
    return await new Promise((resolve, reject) => {
      reader.once("line", resolve);
      reader.once("SIGINT", () => reject(new Interrupted("SIGINT")));
      // A signal that came another way.
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      if (signal.aborted) reject(signal.reason as Error);
      reader.once("close", () => resolve(""));
    });
  } finally {
    reader.close();
    if (!echo) process.stderr.write("\n");
  }
}

/** Somebody stopped us; not an error of anything. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signal: NodeJS.Signals;
  constructor(signal: NodeJS.Signals) {
    super(`Stopped by ${signal}`);
    this.signal = signal;
  }
}
