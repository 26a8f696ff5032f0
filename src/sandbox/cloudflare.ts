/** The sandbox as a Cloudflare container, through `@cloudflare/sandbox` 0.12; nothing of the SDK leaves this file. */

import { getSandbox } from "@cloudflare/sandbox";
import type { SandboxId } from "../model/ids.ts";
import type { SandboxSize } from "../model/job.ts";
import { classifyFault } from "./fault.ts";
import { SandboxFault, type BackupHandle } from "./port.ts";
import { PREPARE, SupervisedSandbox, type Executed, type Machine, type SupervisedLimits } from "./supervised.ts";

export type CloudflareBindings = Pick<
  Env,
  "SANDBOX" | "LARGE_SANDBOX" | "R2_ACCESS_KEY_ID" | "R2_SECRET_ACCESS_KEY" | "CLOUDFLARE_R2_ACCOUNT_ID"
>;

/**
 * The same for every call, since the SDK keeps what the last one said: another `sleepAfter` somewhere else would win.
 * Far longer than the longest pause between two calls; it ends a machine that nobody destroyed.
 */
const OPTIONS = { transport: "rpc", enableDefaultSession: false, sleepAfter: "20m" } as const;

/** Whether a cache is still good is D1's to say; the bucket's lifecycle rule removes it. */
const BACKUP_TTL_SECONDS = 365 * 24 * 60 * 60;
const PREPARE_MS = 30_000;
/** A backup's name holds at most so many characters, none of them control characters. */
const MAX_NAME_CHARS = 256;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type Sdk = ReturnType<typeof getSandbox>;

export function openCloudflareSandbox(
  bindings: CloudflareBindings,
  id: SandboxId,
  size: SandboxSize,
  limits: SupervisedLimits = {},
): SupervisedSandbox {
  const sdk =
    size === "large" ? getSandbox(bindings.LARGE_SANDBOX, id, OPTIONS) : getSandbox(bindings.SANDBOX, id, OPTIONS);
  const { R2_ACCESS_KEY_ID: key, R2_SECRET_ACCESS_KEY: secret, CLOUDFLARE_R2_ACCOUNT_ID: account } = bindings;
  return new SupervisedSandbox(new ContainerMachine(sdk, { localBucket: !(key && secret && account) }), limits);
}

class ContainerMachine implements Machine {
  readonly encoding = "base64";
  readonly #sdk: Sdk;
  /** Without S3 keys a backup goes through the Durable Object to the bucket, which only `wrangler dev` does well. */
  readonly #localBucket: boolean;

  constructor(sdk: Sdk, { localBucket }: { localBucket: boolean }) {
    this.#sdk = sdk;
    this.#localBucket = localBucket;
  }

  /** The first command does. */
  async start(): Promise<void> {}

  async exec(text: string, env: Record<string, string>, timeoutMs: number): Promise<Executed> {
    const { exitCode, stdout, stderr } = await asked(this.#sdk.exec(text, { env, timeout: timeoutMs, cwd: "/" }));
    return { exitCode, stdout: new TextEncoder().encode(stdout), stderr };
  }

  async readFile(path: string): Promise<{ size: number; body: ReadableStream<Uint8Array> }> {
    const { size, content } = await asked(this.#sdk.readFile(path, { encoding: "none" }));
    return { size, body: content };
  }

  async writeFile(path: string, body: string | ReadableStream<Uint8Array>): Promise<void> {
    const { exitCode, stderr } = await this.exec(PREPARE, { SANDLOT_PATH: path }, PREPARE_MS);
    if (exitCode !== 0) throw new SandboxFault("config", `${path} cannot be written: ${stderr.slice(-500)}`);
    await asked(this.#sdk.writeFile(path, body));
  }

  async saveBackup(dir: string, name: string): Promise<BackupHandle> {
    const backup = await asked(
      this.#sdk.createBackup({
        dir,
        // oxlint-disable-next-line no-control-regex -- those are what the SDK refuses
        name: name.replaceAll(/[\u0000-\u001F\u007F]/g, " ").slice(0, MAX_NAME_CHARS),
        ttl: BACKUP_TTL_SECONDS,
        ...(this.#localBucket ? { localBucket: true } : {}),
      }),
    );
    return { ...backup };
  }

  async restoreBackup(handle: BackupHandle, dir: string): Promise<"hit" | "miss"> {
    // Of an id that it cannot have made the SDK says that the configuration is wrong.
    if (!UUID.test(handle.id)) return "miss";
    try {
      await this.#sdk.restoreBackup({ ...handle, dir });
      return "hit";
    } catch (error) {
      const fault = classifyFault(error);
      if (fault === "missing_backup") return "miss";
      throw fault;
    }
  }

  async destroy(): Promise<void> {
    await asked(this.#sdk.destroy());
  }

  /** Any call starts a container where there is none. */
  discard(): Promise<void> {
    return this.destroy();
  }
}

async function asked<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const fault = classifyFault(error);
    throw fault === "missing_backup" ? new SandboxFault("config", "a backup is missing", { cause: error }) : fault;
  }
}
