/** A sandbox as the supervisor's shell makes it out of a machine that can run commands and keep files: what both adapters share. */

import {
  COMMAND_FILES,
  SandboxFault,
  type BackupHandle,
  type Booted,
  type Command,
  type CommandResult,
  type Sandbox,
  type StepId,
  type StepProgress,
  type StepSpec,
} from "./port.ts";
import { fitsInline, launchText, quote, wellFormed } from "./launch.ts";
import { SUPERVISOR } from "./supervisor.ts";

/** What an adapter brings: everything about steps is built on this. Each call throws only `SandboxFault`. */
export interface Machine {
  /** `base64` where output comes back as text. */
  readonly encoding: "raw" | "base64";
  /** Starts the machine if it must. */
  start(): Promise<void>;
  /** Runs constant bash text; what is given travels in `env`. Killed after the time, with exit code 124. */
  exec(text: string, env: Record<string, string>, timeoutMs: number): Promise<Executed>;
  readFile(path: string): Promise<{ size: number; body: ReadableStream<Uint8Array> }>;
  /** Makes parent folders; mode 0600; a pipe that is there stays one. */
  writeFile(path: string, body: string | ReadableStream<Uint8Array>): Promise<void>;
  saveBackup(dir: string, name: string): Promise<BackupHandle>;
  restoreBackup(handle: BackupHandle, dir: string): Promise<"hit" | "miss">;
  destroy(): Promise<void>;
  /** Gives back a machine that a call started by accident, where a call can do that: late ones after `destroy`, or after a loss. */
  discard(): Promise<void>;
}

export interface Executed {
  exitCode: number;
  stdout: Uint8Array;
  stderr: string;
}

const CONTROL = "c=${SANDLOT_CONTROL:-/var/tmp/sandlot}";
/** A machine without the supervisor is another one than we booted, so nothing may run there. */
const LOST = "sandlot: no supervisor";
const CALL = `${CONTROL}; [ -r "$c/supervisor.sh" ] || { echo "${LOST}" >&2; exit 97; }; . "$c/supervisor.sh"`;
const BOOT = `${CONTROL}; umask 077; mkdir -p -- "$c" && printf %s "$SANDLOT_SUPERVISOR" >"$c/supervisor.$$" &&
mv -f -- "$c/supervisor.$$" "$c/supervisor.sh" && unset SANDLOT_SUPERVISOR && . "$c/supervisor.sh" boot`;

/** For an adapter whose own files are made for all to read; what is given is SANDLOT_PATH. */
export const PREPARE = `${CALL} prepare`;

/** For what takes no time of its own. */
const CALL_MS = 30_000;
/** How much longer than the machine's own limit we wait for its answer. */
const GRACE_MS = 15_000;
const CANCEL_MS = 45_000;
const DESTROY_MS = 45_000;
/** Less than the durable step that boots may take, so that it is our word that ends it: an image may have to be pulled first. */
const BOOT_MS = 4 * 60_000;
const BACKUP_MS = 15 * 60_000;
const FILE_MS = 10 * 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
const MAX_WAIT_MS = 20_000;

export interface SupervisedLimits {
  /** How long `destroy` may take. */
  destroyMs?: number;
  /** How long `boot` may take. */
  bootMs?: number;
}

export class SupervisedSandbox implements Sandbox {
  readonly #machine: Machine;
  readonly #destroyMs: number;
  readonly #bootMs: number;
  #destroyed = false;

  constructor(machine: Machine, { destroyMs = DESTROY_MS, bootMs = BOOT_MS }: SupervisedLimits = {}) {
    this.#machine = machine;
    this.#bootMs = bootMs;
    this.#destroyMs = destroyMs;
  }

  boot(): Promise<Booted> {
    return this.#bounded("boot", this.#bootMs, () => this.#boot());
  }

  async #boot(): Promise<Booted> {
    await this.#machine.start();
    const env = { SANDLOT_SUPERVISOR: SUPERVISOR, SANDLOT_BOOT: crypto.randomUUID() };
    const { stdout } = await this.#supervise(BOOT, env, CALL_MS);
    const [bootId, workspace, home, temp, toolCache, control, ...variables] = this.#text(stdout).split("\0");
    if (!bootId || !workspace || !home || !temp || !toolCache || !control) {
      throw new SandboxFault("transport", "the sandbox's answer to boot was cut short");
    }
    const pairs = variables.filter(Boolean).map((text) => splitAt(text, text.indexOf("=")));
    return { bootId, workspace, home, temp, toolCache, control, env: Object.fromEntries(pairs) };
  }

  async run(command: Command): Promise<CommandResult> {
    const settings = Object.entries(command.env ?? {}).map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new SandboxFault("config", `not a variable's name: ${name}`);
      return `export ${name}=${quote(value)}`;
    });
    const { exitCode, stdout, stderr } = await this.#exec(
      `${CALL} run`,
      { SANDLOT_SCRIPT: command.script, SANDLOT_SET: settings.join("\n"), SANDLOT_CWD: command.cwd ?? "" },
      command.timeoutMs,
    );
    return { exitCode, stdout: cut(stdout), stderr: cut(new TextEncoder().encode(stderr)) };
  }

  async startStep(step: StepSpec): Promise<StepProgress> {
    const launch = launchText(step);
    const waitMs = Math.min(step.waitMs, MAX_WAIT_MS);
    const env = { SANDLOT_ID: step.id, SANDLOT_EXTENSION: step.extension, SANDLOT_WAIT: String(waitMs) };
    const payload = fitsInline(launch, step.script)
      ? { SANDLOT_LAUNCH: launch, SANDLOT_SCRIPT: wellFormed(step.script) }
      : await this.#sendPayload(step.id, launch, step.script);
    return this.#progress(`${CALL} start`, { ...env, ...payload }, waitMs + CALL_MS);
  }

  async pollStep(id: StepId, from: number, waitMs: number): Promise<StepProgress> {
    const wait = Math.min(waitMs, MAX_WAIT_MS);
    const env = { SANDLOT_ID: id, SANDLOT_FROM: String(from), SANDLOT_WAIT: String(wait) };
    return this.#progress(`${CALL} poll`, env, wait + CALL_MS);
  }

  async cancelStep(id: StepId): Promise<void> {
    await this.#supervise(`${CALL} cancel`, { SANDLOT_ID: id }, CANCEL_MS);
  }

  async serveGitCredential(serverUrl: string, token: string): Promise<void> {
    const url = new URL(serverUrl);
    const { stdout } = await this.#supervise(`${CALL} credential serve`, { SANDLOT_SERVER: url.origin }, CALL_MS);
    const pipe = new TextDecoder().decode(stdout).trim();
    await this.#bounded("serveGitCredential", CALL_MS, () => this.#machine.writeFile(pipe, `${token}\n`));
  }

  async stopGitCredential(): Promise<void> {
    await this.#supervise(`${CALL} credential stop`, {}, CALL_MS);
  }

  saveBackup(dir: string, name: string): Promise<BackupHandle> {
    return this.#bounded("saveBackup", BACKUP_MS, () => this.#machine.saveBackup(dir, name));
  }

  restoreBackup(handle: BackupHandle, dir: string): Promise<"hit" | "miss"> {
    return this.#bounded("restoreBackup", BACKUP_MS, () => this.#machine.restoreBackup(handle, dir));
  }

  readFile(path: string): Promise<{ size: number; body: ReadableStream<Uint8Array> }> {
    return this.#bounded("readFile", CALL_MS, () => this.#machine.readFile(path));
  }

  writeFile(path: string, body: string | ReadableStream<Uint8Array>): Promise<void> {
    return this.#bounded("writeFile", FILE_MS, () => this.#machine.writeFile(path, body));
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    await bounded("destroy", this.#destroyMs, this.#machine.destroy());
  }

  /** Too long for a variable: through files that are gone before the step runs. */
  async #sendPayload(id: StepId, launch: string, script: string): Promise<Record<string, string>> {
    const { stdout } = await this.#supervise(`${CALL} where`, {}, CALL_MS);
    const name = `${id}-${crypto.randomUUID()}`;
    const path = `${new TextDecoder().decode(stdout)}/incoming/${name}`;
    await this.writeFile(`${path}.script`, script);
    await this.writeFile(`${path}.launch`, launch);
    return { SANDLOT_INCOMING: name };
  }

  async #progress(text: string, env: Record<string, string>, timeoutMs: number): Promise<StepProgress> {
    const { stdout } = await this.#supervise(text, env, timeoutMs);
    const end = stdout.indexOf(10);
    if (end < 0) throw new SandboxFault("transport", "the sandbox's answer about a step was cut short");
    const rest = stdout.subarray(end + 1);
    const body = this.#machine.encoding === "base64" ? fromBase64(rest) : rest;
    return parseProgress(new TextDecoder().decode(stdout.subarray(0, end)), body);
  }

  /** A call whose own failure is ours. */
  async #supervise(text: string, env: Record<string, string>, timeoutMs: number): Promise<Executed> {
    const result = await this.#exec(text, env, timeoutMs);
    if (result.exitCode === 0) return result;
    throw new SandboxFault("transport", `the supervisor ended with ${result.exitCode}: ${result.stderr.slice(-500)}`);
  }

  async #exec(text: string, env: Record<string, string>, timeoutMs: number): Promise<Executed> {
    const all = { ...env, SANDLOT_ENCODING: this.#machine.encoding };
    const result = await this.#bounded("exec", timeoutMs + GRACE_MS, () => this.#machine.exec(text, all, timeoutMs));
    if (!result.stderr.startsWith(LOST)) return result;
    // It is empty, and nobody else would ever end it. Nobody boots one here while another already asks about steps.
    await bounded("discard", this.#destroyMs, this.#machine.discard());
    throw new SandboxFault("lost", "this sandbox was never booted: the machine behind it is another one");
  }

  async #bounded<T>(what: string, timeoutMs: number, call: () => Promise<T>): Promise<T> {
    if (this.#destroyed) throw new SandboxFault("destroyed", `${what} on a sandbox that was destroyed`);
    return bounded(what, timeoutMs, call());
  }

  #text(bytes: Uint8Array): string {
    return new TextDecoder().decode(this.#machine.encoding === "base64" ? fromBase64(bytes) : bytes);
  }
}

/** Rejects when there is no answer in time; the call itself may go on. */
async function bounded<T>(what: string, timeoutMs: number, call: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new SandboxFault("transport", `${what}: no answer from the sandbox in ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

const HEADER = /^sandlot (\S+) (unknown|running|exited|vanished) (\d+|-) ([01]) (\d+) (\d+)((?: \d+)*)$/;
/** As in the supervisor: a larger command file is left to `readFile`. */
const MAX_FILE_BYTES = 64 * 1024;

/** Reads the supervisor's answer about a step. */
function parseProgress(header: string, body: Uint8Array): StepProgress {
  const match = HEADER.exec(header);
  if (!match) throw new SandboxFault("transport", `not an answer about a step: ${header.slice(0, 200)}`);
  const [, bootId = "", state, code, timedOut, size, count, sizes = ""] = match;
  let at = Number(count);
  const bytes = body.subarray(0, at);
  const files: StepProgress["files"] = {};
  for (const [index, word] of sizes.trim().split(" ").filter(Boolean).entries()) {
    const name = COMMAND_FILES[index];
    if (!name) throw new SandboxFault("transport", "more command files than there are names");
    const fileSize = Number(word);
    const inline = fileSize <= MAX_FILE_BYTES;
    files[name] = { size: fileSize, text: inline ? new TextDecoder().decode(body.subarray(at, at + fileSize)) : null };
    if (inline) at += fileSize;
  }
  if (body.length !== at) throw new SandboxFault("transport", `${body.length} bytes came where ${at} were said`);
  return {
    bootId,
    state: state as StepProgress["state"],
    exitCode: code === "-" ? null : Number(code),
    timedOut: timedOut === "1",
    bytes,
    size: Number(size),
    files,
  };
}

function fromBase64(text: Uint8Array): Uint8Array {
  return Buffer.from(new TextDecoder("latin1").decode(text), "base64");
}

function splitAt(text: string, at: number): [string, string] {
  return [text.slice(0, at), text.slice(at + 1)];
}

function cut(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, MAX_OUTPUT_BYTES));
}
