/** The floor: what a shell takes for the same steps, with neither webhook, sandbox, log nor status. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { cpuOfEndedChildren } from "./process-tree.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Floor {
  wallMs: number;
  cpuMs: number;
}

/** One file for each step's output, as the cheapest thing that keeps them apart. */
const RUN =
  'git clone --quiet "$URL" work && cd work && for step in ../steps/*; do bash -e "$step" >"../logs/${step##*/}" 2>&1; done';

/** `git clone` and each script by `bash -e`. */
export async function runFloor(cloneUrl: string, scripts: readonly string[], signal: AbortSignal): Promise<Floor> {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "steps"));
  await mkdir(join(folder.path, "logs"));
  for (const [index, script] of scripts.entries()) {
    await writeFile(join(folder.path, "steps", String(index).padStart(4, "0")), script);
  }
  return await timeShell(RUN, folder.path, { URL: cloneUrl }, signal);
}

/** `bash -e` with its output in a file. */
export async function runToFile(script: string, signal: AbortSignal): Promise<Floor> {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "step"), script);
  return await timeShell("bash -e step >log 2>&1", folder.path, {}, signal);
}

async function timeShell(
  command: string,
  cwd: string,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<Floor> {
  const cpuBefore = cpuOfEndedChildren();
  const startedAt = performance.now();
  const child = spawn("sh", ["-ec", command], {
    cwd,
    // env.d.ts declares the Worker's variables as if every process had them.
    env: { ...process.env, ...env } as NodeJS.ProcessEnv,
    stdio: ["ignore", "ignore", "inherit"],
    signal,
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`the floor's shell ended with ${code}`);
  return { wallMs: performance.now() - startedAt, cpuMs: cpuOfEndedChildren() - cpuBefore };
}
