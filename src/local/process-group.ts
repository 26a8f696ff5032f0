/** Runs a program in a process group of its own that cannot outlive us: killing only its first process would leave workerd alive. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/**
 * The group's leader. Its standard input is a pipe that only we hold: when we are gone, however that came (SIGKILL too),
 * `cat` ends and the whole group is killed.
 */
const KEEPER = 'exec 3<&0; (cat <&3 >/dev/null; kill -KILL 0) & exec 3<&-; "$@" </dev/null';

/** How long a killed group may take to be gone. */
const GONE_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 10;

export interface ProcessGroup {
  pid: number;
  /** Resolves with the exit code when the program ended by itself or was killed (then 128 + signal, or -1). */
  exited: Promise<number>;
  /** Kills all of the group and waits until nothing of it is left. */
  kill(): Promise<void>;
}

export interface GroupOptions {
  cwd: string;
  env: Record<string, string>;
  /** Takes what the program writes on standard output and error. */
  output: Writable;
}

/** Throws when the program cannot be started. */
export async function startGroup(command: readonly string[], options: GroupOptions): Promise<ProcessGroup> {
  const child = spawn("/bin/sh", ["-c", KEEPER, "sandlot-keeper", ...command], {
    cwd: options.cwd,
    // env.d.ts declares the Worker's variables as if every process had them.
    env: options.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  child.stdout.pipe(options.output, { end: false });
  child.stderr.pipe(options.output, { end: false });
  child.stdin.on("error", () => {
    // The keeper is gone; `exited` says so.
  });
  const exited = once(child, "exit").then(([code]: (number | null)[]) => code ?? -1);
  const kill = async () => {
    signalGroup(pid, "SIGKILL");
    await exited;
    const until = Date.now() + GONE_WITHIN_MS;
    while (Date.now() < until && isAlive(-pid) && (await hasLiveMember(pid))) await sleep(LOOK_EVERY_MS);
  };
  return { pid, exited, kill };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!isNoSuchProcess(error)) throw error;
  }
}

/** What is dead and only waits for its parent's notice (a zombie) counts as gone: it holds no port and no file. */
async function hasLiveMember(group: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pgid=,stat="]);
  return stdout.split("\n").some((line) => {
    const [pgid, state = ""] = line.trim().split(/\s+/);
    return Number(pgid) === group && !state.startsWith("Z");
  });
}

/** Whether there is such a process, or with a negative number such a group. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isNoSuchProcess(error);
  }
}

function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ESRCH";
}
