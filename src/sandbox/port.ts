/** The sandbox as everything above it sees it: one machine for one attempt, whether a Cloudflare container or a process tree on a laptop. */

/** Where things are inside a sandbox; the folders differ per adapter, so nobody writes one down. */
export interface Booted {
  /** Drawn at first boot and kept inside; a different one later means that the machine was lost. */
  bootId: string;
  /** Parent of the checkout: `GITHUB_WORKSPACE` is a folder in it. */
  workspace: string;
  home: string;
  /** `RUNNER_TEMP`. */
  temp: string;
  /** `RUNNER_TOOL_CACHE`. */
  toolCache: string;
  /** Sandlot's own folder, outside workspace and temp: supervisor, steps, state. */
  control: string;
  /** The environment every command starts from: PATH, HOME, LANG and what the adapter lets through. Holds no secret. */
  env: Record<string, string>;
}

/** A short command with small output (stdout and stderr at most 64 KiB each, cut there). Data goes in by `env`, never into `script`. */
export interface Command {
  /** POSIX shell text; constant, so that nothing given is ever parsed as shell. */
  script: string;
  /** Added to `Booted.env`. */
  env?: Record<string, string>;
  cwd?: string;
  timeoutMs: number;
}

export interface CommandResult {
  /** 124 when it ran out of time and was killed. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** `[a-z0-9-]{1,40}`, unique in the sandbox. */
export type StepId = string;

/** GitHub's command files: each step gets empty ones of its own, at `{control}/steps/{id}/{name}`. */
export const COMMAND_FILES = ["output", "env", "path", "summary", "state"] as const;
export type CommandFile = (typeof COMMAND_FILES)[number];

export interface StepSpec {
  id: StepId;
  /** The text to run; written to a file whose path replaces `{0}` in `command`. */
  script: string;
  /** Name of that file's extension, without a dot: `sh`, `py`, `js`. */
  extension: string;
  /** For example `["bash", "-e", "{0}"]`. The first word is looked up in the step's own PATH. */
  command: string[];
  /** The whole environment: nothing else is inherited. Names may be any without `=` and NUL. */
  env: Record<string, string>;
  cwd: string;
  /** TERM is sent after it, KILL 10 s later; then `timedOut`. */
  timeoutMs: number;
  /** How long the call may wait for the end before it answers; 0 to answer at once. */
  waitMs: number;
}

export interface StepProgress {
  bootId: string;
  /**
   * `unknown`: never started here. `vanished`: its supervisor is gone and left no exit code (killed, out of memory).
   * Nothing is concluded from the end of a stream: `exited` means that the exit file is there.
   */
  state: "unknown" | "running" | "exited" | "vanished";
  /** Only when `exited`: 0 to 255, 128 + n after signal n. */
  exitCode: number | null;
  timedOut: boolean;
  /** Raw log bytes from the asked offset on, at most `MAX_POLL_BYTES`. */
  bytes: Uint8Array;
  /** Size of the whole raw log by now. More may come while `running`; all is there once `exited` and `from + bytes.length === size`. */
  size: number;
  /** Only when `exited`: the command files. `text` is null where a file is over 64 KiB: read it with `readFile`. */
  files: Partial<Record<CommandFile, { size: number; text: string | null }>>;
}

/** When behind, a poll takes up to this many log bytes. */
export const MAX_POLL_BYTES = 4 * 1024 * 1024;

/** What D1 keeps of a saved backup; opaque outside the adapter, plain JSON. */
export interface BackupHandle {
  id: string;
  dir: string;
  [key: string]: unknown;
}

export interface Sandbox {
  /** Starts the machine if it must and writes or reads the boot marker. Throws `SandboxFault` (`capacity` when there is none free). */
  boot(): Promise<Booted>;
  run(command: Command): Promise<CommandResult>;
  /** Idempotent by `step.id`: a second start finds the first and reports on it, from log offset 0. */
  startStep(step: StepSpec): Promise<StepProgress>;
  /** Long poll: returns as soon as there is news after `from`, else after `waitMs` (at most 20,000). */
  pollStep(id: StepId, from: number, waitMs: number): Promise<StepProgress>;
  /** INT, TERM 7.5 s later, KILL 2.5 s later, to the step's whole session. Returns when nothing of it is left. Harmless when it ended. */
  cancelStep(id: StepId): Promise<void>;
  /**
   * From now on `git` in steps and commands reads `serverUrl` with this token (user `x-access-token`), which is in the memory of one
   * process of the sandbox only. Again replaces the token.
   */
  serveGitCredential(serverUrl: string, token: string): Promise<void>;
  stopGitCredential(): Promise<void>;
  /** Saves one folder; `name` is for people. */
  saveBackup(dir: string, name: string): Promise<BackupHandle>;
  /** `miss` when the backup is gone or expired. */
  restoreBackup(handle: BackupHandle, dir: string): Promise<"hit" | "miss">;
  /** Rejects with `SandboxFault` kind `missing_file` where there is none. */
  readFile(path: string): Promise<{ size: number; body: ReadableStream<Uint8Array> }>;
  /** Makes parent folders; mode 0600. */
  writeFile(path: string, body: string | ReadableStream<Uint8Array>): Promise<void>;
  /** Idempotent, bounded in time; after it this object refuses every call. */
  destroy(): Promise<void>;
}

export type SandboxFaultKind =
  /** No machine free: wait and try again. */
  | "capacity"
  /** The call was lost, not the machine: ask again. What was asked may have been done. */
  | "transport"
  /** The machine is gone. */
  | "lost"
  /** Trying again cannot help. */
  | "config"
  | "missing_file"
  /** Called after `destroy`. */
  | "destroyed";

/** Every way a sandbox fails us; what the user's code does is never one. */
export class SandboxFault extends Error {
  override readonly name = "SandboxFault";
  readonly kind: SandboxFaultKind;
  constructor(kind: SandboxFaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
