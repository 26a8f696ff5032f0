/** What a case of the sandbox contract is, and what cases are made of. No test framework: a Worker beside a real container runs them too. */

import assert from "node:assert/strict";
import {
  MAX_POLL_BYTES,
  SandboxFault,
  type Booted,
  type Sandbox,
  type SandboxFaultKind,
  type StepProgress,
  type StepSpec,
} from "../../src/sandbox/port.ts";
import type { HostFault } from "../../src/local/sandbox-host.ts";

export interface Opened {
  sandbox: Sandbox;
  /** Another object for the same sandbox: a caller that took over. */
  again: () => Sandbox;
  /** Another that gives a destroy half a second only. */
  impatient: () => Sandbox;
  /** Makes something go wrong behind the sandbox; null where nobody can, as with a real container. */
  fault: ((fault: HostFault) => Promise<void>) | null;
}

export interface Case {
  name: string;
  /** It needs `Opened.fault`. */
  faulty?: true;
  run: (opened: Opened) => Promise<void>;
}

export const STEP_MS = 30_000;

export function stepOf(booted: Booted, script: string, more: Partial<StepSpec> = {}): StepSpec {
  return {
    id: "step",
    script,
    extension: "sh",
    command: ["bash", "-eo", "pipefail", "{0}"],
    env: booted.env,
    cwd: booted.workspace,
    timeoutMs: STEP_MS,
    waitMs: 10_000,
    ...more,
  };
}

interface Watched extends StepProgress {
  log: Uint8Array;
  text: string;
}

/** Follows a step until it is over and its log is whole. */
export async function follow(sandbox: Sandbox, id: string, from = 0): Promise<Watched> {
  const chunks: Uint8Array[] = [];
  for (let at = from; ;) {
    const progress = await sandbox.pollStep(id, at, 5000);
    assert.ok(progress.bytes.length <= MAX_POLL_BYTES);
    chunks.push(progress.bytes);
    at += progress.bytes.length;
    if (progress.state === "running" || at < progress.size) continue;
    const log = new Uint8Array(Buffer.concat(chunks));
    return { ...progress, log, text: new TextDecoder().decode(log) };
  }
}

export const decode = (progress: StepProgress) => new TextDecoder().decode(progress.bytes);

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never: ${what}`);
}

export async function refuses(call: Promise<unknown>, kind: SandboxFaultKind): Promise<void> {
  const error = await call.then(
    () => assert.fail(`no fault where ${kind} was due`),
    (error: unknown) => error,
  );
  assert.ok(error instanceof SandboxFault, String(error));
  assert.equal(error.kind, kind, error.message);
}

export async function isAlive(sandbox: Sandbox, pid: string): Promise<boolean> {
  assert.match(pid, /^\d+$/);
  // A zombie is dead, though it answers kill -0.
  const script = 'read -r _ _ state _ <"/proc/$PID/stat" && [ "$state" != Z ]';
  return (await sandbox.run({ script, env: { PID: pid }, timeoutMs: STEP_MS })).exitCode === 0;
}

export async function fileText(sandbox: Sandbox, path: string): Promise<string> {
  return new Response((await sandbox.readFile(path)).body).text();
}
