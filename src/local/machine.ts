/** One local sandbox: a folder, a HOME, process sessions of its own. No security boundary: its processes are the user's. */

import { spawn } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { killHousehold, MARKER, type Household } from "./processes.ts";

export interface Executed {
  exitCode: number;
  stdout: Buffer;
  stderr: Buffer;
}

/** What the SDK's RPC could carry back; our own answers are far below. */
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;
const TERM_GRACE_MS = 5000;
const KILL_MS = 20_000;
const TIMED_OUT = 124;
const NAME_FILE = "name";

export class LocalMachine {
  readonly folder: string;
  readonly #household: Household;
  readonly #env: Record<string, string>;

  /** `name` is unique among all that ran on this computer. */
  constructor(folder: string, name: string, env: Record<string, string>) {
    this.folder = folder;
    const at = (part: string) => join(folder, part);
    const outer = process.env[MARKER];
    this.#household = { name, folder, steps: at("control/steps") };
    this.#env = {
      ...env,
      [MARKER]: outer ? `${outer}/${name}` : name,
      SANDLOT_CONTROL: at("control"),
      SANDLOT_WORKSPACE: at("workspace"),
      SANDLOT_HOME: at("home"),
      SANDLOT_TEMP: at("temp"),
      SANDLOT_TOOLS: at("tools"),
      HOME: at("home"),
    };
  }

  /** What a host that is gone made in a folder; only to be destroyed. */
  static async leftIn(folder: string): Promise<LocalMachine> {
    const name = await readFile(join(folder, NAME_FILE), "utf8").catch(() => "");
    // Without a name it is found by folder and sessions alone.
    return new LocalMachine(folder, name || "unknown", {});
  }

  async make(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writeFile(join(this.folder, NAME_FILE), this.#household.name);
  }

  /** Runs bash text until its output ends; TERM and KILL go to its process group after the time. */
  exec(text: string, env: Record<string, string>, timeoutMs: number, cwd = this.folder): Promise<Executed> {
    const child = spawn("bash", ["-c", text], {
      cwd,
      // The generated types ask every environment for the Worker's own variables.
      env: { ...this.#env, ...env } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    return new Promise((resolve, reject) => {
      let timedOut = false;
      const timers = [
        setTimeout(() => {
          timedOut = true;
          signalGroup(child.pid, "SIGTERM");
        }, timeoutMs),
        setTimeout(() => {
          signalGroup(child.pid, "SIGKILL");
          // Something that left the group may hold the pipes for ever.
          child.stdout.destroy();
          child.stderr.destroy();
        }, timeoutMs + TERM_GRACE_MS),
      ];
      const settle = () => timers.forEach(clearTimeout);
      child.once("error", (error) => {
        settle();
        reject(error);
      });
      child.once("close", (code, signal) => {
        settle();
        const ended = code ?? (signal === "SIGTERM" ? 143 : 137);
        resolve({
          exitCode: timedOut ? TIMED_OUT : ended,
          stdout: Buffer.concat(stdout),
          stderr: Buffer.concat(stderr),
        });
      });
    });
  }

  /** Null where there is no such file. */
  async openFile(path: string): Promise<{ size: number; body: Readable } | null> {
    const found = await stat(path).catch(() => null);
    return found?.isFile() ? { size: found.size, body: createReadStream(path) } : null;
  }

  /** `mode` is for a file that is not there yet. */
  async writeFile(path: string, body: Readable, mode: number): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await pipeline(body, createWriteStream(path, { mode }));
  }

  /** Ends every process and removes every file. The machine can be made again, as empty as a new container. */
  async destroy(): Promise<void> {
    await killHousehold(this.#household, KILL_MS);
    // A process may have written on between the two; what it left is removed with the rest.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function collect(stream: Readable): Buffer[] {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_OUTPUT_BYTES) chunks.push(chunk);
  });
  return chunks;
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
