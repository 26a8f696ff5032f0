/**
 * Stands in for the SDK's Durable Object: answers the RPC that its proxy makes, with a local sandbox for a container.
 * Shapes of results and errors are those of @cloudflare/sandbox 0.12.10.
 */

import { DurableObject } from "cloudflare:workers";
import type { HostFault } from "../../src/local/sandbox-host.ts";
import type { SandboxFaultKind } from "../../src/sandbox/port.ts";

const SESSIONLESS = "__DISABLE_SESSION__";
/** The host's folders of a sandbox that stand for the SDK's backup roots; its tool cache, under /opt, is not one. */
const BACKUP_FOLDERS = ["workspace", "home", "temp", "control"];
const TAR = {
  create: 'tar -C "$DIR" -cf "$TAR" .',
  extract: 'mkdir -p "$DIR" && tar -C "$DIR" -xf "$TAR" && rm "$TAR"',
};
const DEFAULT_TTL_SECONDS = 259_200;
const DEFAULT_TIMEOUT_MS = 600_000;
const EXPIRY_BUFFER_MS = 60_000;

interface Container {
  /** Its address at the host. */
  url: string;
  folder: string;
}

interface ExecOptions {
  env?: Record<string, string>;
  cwd?: string;
  timeout?: number;
}

interface Backup {
  id: string;
  dir: string;
  localBucket?: boolean;
}

export class SandboxStandIn extends DurableObject {
  #configured: Record<string, unknown> | null = null;

  async configure(configuration: Record<string, unknown>): Promise<void> {
    this.#configured = configuration;
  }

  /** What the SDK's proxy sent at first. */
  configuration(): Record<string, unknown> | null {
    return this.#configured;
  }

  async execWithSessionToken(command: string, session: string, options: ExecOptions = {}): Promise<object> {
    sessionless(session);
    const startedAt = Date.now();
    const { exitCode, stdout, stderr } = await this.#exec(command, options);
    return {
      success: exitCode === 0,
      exitCode,
      // Like the container server, which makes strings of it.
      stdout: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(stderr),
      command,
      duration: Date.now() - startedAt,
      timestamp: new Date(startedAt).toISOString(),
    };
  }

  async writeFile(
    path: string,
    content: string | ReadableStream<Uint8Array>,
    options: { sessionId?: string } = {},
  ): Promise<object> {
    sessionless(options.sessionId);
    const { url } = await this.#container();
    await ask(`${url}/file?path=${encodeURIComponent(path)}&mode=664`, { method: "PUT", body: content });
    return { success: true, path, timestamp: new Date().toISOString() };
  }

  async readFile(path: string, options: { encoding?: string; sessionId?: string } = {}): Promise<object> {
    sessionless(options.sessionId);
    if (options.encoding !== "none") throw new Error("the stand-in reads files as streams only");
    const { size, body } = await this.#readFile(path);
    return { success: true, path, content: body, size, mimeType: "application/octet-stream" };
  }

  async createBackup(options: { dir: string; name?: string; ttl?: number; localBucket?: boolean }): Promise<Backup> {
    const { dir, name = null, ttl = DEFAULT_TTL_SECONDS, localBucket } = options;
    if (!localBucket) throw invalidBackup("Backup requires R2 presigned URL credentials.");
    await this.#checkBackupDir(dir);
    // oxlint-disable-next-line no-control-regex -- as the SDK does
    if (name !== null && (name.length > 256 || /[\u0000-\u001F\u007F]/.test(name)))
      throw invalidBackup("BackupOptions.name");
    const id = crypto.randomUUID();
    const archive = `${(await this.#container()).folder}/${id}.tar`;
    await this.#must(TAR.create, { DIR: dir, TAR: archive }, "BackupCreateError", "BACKUP_CREATE_FAILED");
    const { size, body } = await this.#readFile(archive);
    const fixed = body.pipeThrough(new FixedLengthStream(size));
    await this.env.BACKUP_BUCKET.put(`backups/${id}/data.sqsh`, fixed);
    const meta = { id, dir, name, sizeBytes: size, ttl, createdAt: new Date().toISOString() };
    await this.env.BACKUP_BUCKET.put(`backups/${id}/meta.json`, JSON.stringify(meta));
    await this.#must('rm "$TAR"', { TAR: archive }, "BackupCreateError", "BACKUP_CREATE_FAILED");
    return { id, dir, localBucket };
  }

  async restoreBackup({ id, dir, localBucket }: Backup): Promise<object> {
    if (!localBucket) throw invalidBackup("Backup requires R2 presigned URL credentials.");
    if (!/^[0-9a-f-]{36}$/.test(id)) throw invalidBackup("Invalid backup: id must be a valid UUID");
    await this.#checkBackupDir(dir);
    const meta = await this.env.BACKUP_BUCKET.get(`backups/${id}/meta.json`);
    const data = await this.env.BACKUP_BUCKET.get(`backups/${id}/data.sqsh`);
    if (!meta || !data) throw sdkError("BackupNotFoundError", "BACKUP_NOT_FOUND", `Backup not found: ${id}`, 404);
    const { createdAt, ttl } = await meta.json<{ createdAt: string; ttl: number }>();
    if (Date.now() + EXPIRY_BUFFER_MS > new Date(createdAt).getTime() + ttl * 1000) {
      throw sdkError("BackupExpiredError", "BACKUP_EXPIRED", `Backup ${id} has expired`, 400);
    }
    const { url, folder } = await this.#container();
    const archive = `${folder}/${id}.tar`;
    await ask(`${url}/file?path=${encodeURIComponent(archive)}`, { method: "PUT", body: data.body });
    await this.#must(TAR.extract, { DIR: dir, TAR: archive }, "BackupRestoreError", "BACKUP_RESTORE_FAILED");
    return { success: true, dir, id };
  }

  /** The same object can start another container afterwards, as the SDK's does. */
  async destroy(): Promise<void> {
    const name = await this.ctx.storage.get<string>("container");
    if (name === undefined) return;
    await ask(`${this.env.TEST_SANDBOX_HOST}/sandboxes/${name}/destroy`, { method: "POST", body: "{}" });
    await this.ctx.storage.delete("container");
  }

  /** For tests: whether a container was started and not destroyed. */
  async isRunning(): Promise<boolean> {
    return (await this.ctx.storage.get<string>("container")) !== undefined;
  }

  /** For tests: what goes wrong behind the SDK. */
  async fault(fault: HostFault): Promise<void> {
    if (fault.kind === "expire_backup") {
      const key = `backups/${fault.id}/meta.json`;
      const meta = await (await this.env.BACKUP_BUCKET.get(key))?.json<object>();
      await this.env.BACKUP_BUCKET.put(key, JSON.stringify({ ...meta, createdAt: new Date(0).toISOString() }));
      return;
    }
    const name = await this.#name();
    const body = JSON.stringify(fault);
    await ask(`${this.env.TEST_SANDBOX_HOST}/sandboxes/${name}/fault`, { method: "POST", body });
  }

  /** Starts one where there is none: any call does, as in the SDK. */
  async #container(): Promise<Container> {
    const url = `${this.env.TEST_SANDBOX_HOST}/sandboxes/${await this.#name()}`;
    const response = await ask(`${url}/start`, { method: "POST", body: "{}" });
    const { folder } = await response.json<{ folder: string }>();
    return { url, folder };
  }

  /** Drawn, since the host gives no name twice. */
  async #name(): Promise<string> {
    const known = await this.ctx.storage.get<string>("container");
    if (known !== undefined) return known;
    const name = `stand-in-${crypto.randomUUID()}`;
    await this.ctx.storage.put("container", name);
    return name;
  }

  async #exec(text: string, { env = {}, cwd = "/", timeout = DEFAULT_TIMEOUT_MS }: ExecOptions) {
    const { url } = await this.#container();
    const body = JSON.stringify({ text, env, cwd, timeoutMs: timeout });
    const response = await ask(`${url}/exec`, { method: "POST", body });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const end = bytes.indexOf(10) + 1;
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as { exitCode: number; stdout: number };
    const stdout = bytes.subarray(end, end + head.stdout);
    return { exitCode: head.exitCode, stdout, stderr: bytes.subarray(end + head.stdout) };
  }

  async #must(text: string, env: Record<string, string>, name: string, code: string): Promise<void> {
    const { exitCode, stderr } = await this.#exec(text, { env });
    if (exitCode !== 0) throw sdkError(name, code, new TextDecoder().decode(stderr), 500);
  }

  async #readFile(path: string): Promise<{ size: number; body: ReadableStream<Uint8Array> }> {
    const { url } = await this.#container();
    const response = await ask(`${url}/file?path=${encodeURIComponent(path)}`, { method: "GET" });
    return { size: Number(response.headers.get("x-size")), body: response.body ?? new Blob([]).stream() };
  }

  async #checkBackupDir(dir: string): Promise<void> {
    const { folder } = await this.#container();
    const allowed = BACKUP_FOLDERS.some((name) => `${dir}/`.startsWith(`${folder}/${name}/`));
    if (!allowed || dir.split("/").includes("..")) {
      throw invalidBackup("BackupOptions.dir must be inside one of the supported backup roots");
    }
  }
}

/** Sandlot never works in a session: its output is not reliable. */
function sessionless(session: string | undefined): void {
  if (session !== SESSIONLESS) throw new Error(`called in session ${session ?? "of the default"}`);
}

const SDK_ERRORS: Record<SandboxFaultKind, readonly [name: string, code: string, status: number]> = {
  capacity: ["ContainerUnavailableError", "CONTAINER_UNAVAILABLE", 503],
  missing_file: ["FileNotFoundError", "FILE_NOT_FOUND", 404],
  transport: ["RPCTransportError", "RPC_TRANSPORT_ERROR", 503],
  lost: ["OperationInterruptedError", "OPERATION_INTERRUPTED", 503],
  destroyed: ["OperationInterruptedError", "OPERATION_INTERRUPTED", 503],
  config: ["Error", "INTERNAL_ERROR", 500],
};
const REASONS: Partial<Record<SandboxFaultKind, string>> = {
  capacity: "max_container_instances_exceeded",
  lost: "runtime_replaced",
  destroyed: "sandbox_lifetime_changed",
};

async function ask(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((error: unknown) => {
    throw sdkError("RPCTransportError", "RPC_TRANSPORT_ERROR", `peer closed: ${String(error)}`, 503);
  });
  if (response.ok) return response;
  const { kind, message } = await response.json<{ kind: SandboxFaultKind; message: string }>();
  const [name, code, status] = SDK_ERRORS[kind];
  throw sdkError(name, code, message, status, { reason: REASONS[kind] });
}

function invalidBackup(message: string): Error {
  return sdkError("InvalidBackupConfigError", "INVALID_BACKUP_CONFIG", message, 400);
}

/** Only own properties come through the RPC. */
function sdkError(name: string, code: string, message: string, httpStatus: number, context: object = {}): Error {
  const errorResponse = { code, message, context, httpStatus, timestamp: new Date().toISOString() };
  return Object.assign(new Error(message), { name, errorResponse });
}
