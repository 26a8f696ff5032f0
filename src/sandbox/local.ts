/** The sandbox as a process tree on this machine: speaks to the local sandbox host over loopback. */

import { SandboxFault, type BackupHandle, type SandboxFaultKind } from "./port.ts";
import { SupervisedSandbox, type Executed, type Machine, type SupervisedLimits } from "./supervised.ts";
import type { SandboxId } from "../model/ids.ts";

/** `hostUrl` is `SandboxHost.url`, with its token. */
export function openLocalSandbox(hostUrl: string, id: SandboxId, limits: SupervisedLimits = {}): SupervisedSandbox {
  return new SupervisedSandbox(new HostMachine(`${hostUrl}/sandboxes/${id}`), limits);
}

class HostMachine implements Machine {
  readonly encoding = "raw";
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async start(): Promise<void> {
    await this.#post("start", {});
  }

  async exec(text: string, env: Record<string, string>, timeoutMs: number): Promise<Executed> {
    const response = await this.#post("exec", { text, env, timeoutMs });
    const bytes = new Uint8Array(await transported(response.arrayBuffer()));
    const end = bytes.indexOf(10);
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as Record<"exitCode" | "stdout", number>;
    const stdout = bytes.subarray(end + 1, end + 1 + head.stdout);
    return { exitCode: head.exitCode, stdout, stderr: new TextDecoder().decode(bytes.subarray(end + 1 + head.stdout)) };
  }

  async readFile(path: string): Promise<{ size: number; body: ReadableStream<Uint8Array> }> {
    const response = await this.#fetch(`file?path=${encodeURIComponent(path)}`, { method: "GET" });
    // An empty file has no body.
    return { size: Number(response.headers.get("x-size")), body: response.body ?? new Blob([]).stream() };
  }

  async writeFile(path: string, body: string | ReadableStream<Uint8Array>): Promise<void> {
    await this.#fetch(`file?path=${encodeURIComponent(path)}`, { method: "PUT", body });
  }

  async saveBackup(dir: string, name: string): Promise<BackupHandle> {
    const response = await this.#post("save", { dir, name });
    const { id } = await response.json<{ id: string }>();
    return { id, dir };
  }

  async restoreBackup(handle: BackupHandle, dir: string): Promise<"hit" | "miss"> {
    const response = await this.#post("restore", { backup: handle.id, dir });
    const { result } = await response.json<{ result: "hit" | "miss" | "expired" }>();
    return result === "hit" ? "hit" : "miss";
  }

  async destroy(): Promise<void> {
    await this.#post("destroy", {});
  }

  /** The host starts nothing by accident. */
  async discard(): Promise<void> {}

  #post(verb: string, body: unknown): Promise<Response> {
    return this.#fetch(verb, { method: "POST", body: JSON.stringify(body) });
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const response = await transported(fetch(`${this.#url}/${path}`, init));
    if (response.ok) return response;
    const { kind, message } = await transported(response.json<{ kind: SandboxFaultKind; message: string }>());
    throw new SandboxFault(kind, message);
  }
}

/** No answer, or half of one: the call was lost, and what was asked may have been done. */
async function transported<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new SandboxFault("transport", "the local sandbox host did not answer", { cause: error });
  }
}
