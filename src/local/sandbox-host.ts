/** Stands in for Cloudflare's containers on one machine: gives out local sandboxes over HTTP on loopback. No security boundary. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { LOCAL_KEEP_ALIVE_MS } from "../model/limits.ts";
import { SandboxFault, type SandboxFaultKind } from "../sandbox/port.ts";
import { expireBackup, restoreBackup, saveBackup } from "./backups.ts";
import { cleanEnv } from "./clean-env.ts";
import { keepSandboxes } from "./host-keeper.ts";
import { claimRoot, leaveRoot } from "./leftovers.ts";
import { LocalMachine } from "./machine.ts";

export interface SandboxHostOptions {
  /** One live host uses it; what an earlier one left in it is cleared away. Sandboxes are folders in it; short, since sockets in it have at most 108 characters of path. */
  root: string;
  /** Sandboxes at once; as many as there are cores where absent. */
  maxSandboxes?: number;
  /** Where backups are kept; in `root` where absent. */
  backups?: string;
  /** What the sandboxes' clean environment is taken from; our own where absent. */
  env?: Record<string, string | undefined>;
}

export interface SandboxHost extends AsyncDisposable {
  /** Holds a token, so that other programs on this machine cannot use it. */
  url: string;
  started: number;
  destroyed: number;
  /** Destroys what is left and stops. */
  close(): Promise<void>;
}

/** What a test may ask to go wrong, by `POST {url}/sandboxes/{id}/fault`; each happens once. */
export type HostFault =
  /** The machine is replaced by an empty one. */
  | { kind: "lose" }
  | { kind: "hang_destroy" }
  | { kind: "hang_start" }
  | { kind: "no_capacity" }
  /** The next command is carried out and its answer lost. */
  | { kind: "drop_answer" }
  | { kind: "expire_backup"; id: string };

interface Guest {
  machine: LocalMachine;
  destroying: Promise<void> | null;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

class Host {
  started = 0;
  destroyed = 0;
  readonly #guests = new Map<string, Guest>();
  readonly #gone = new Set<string>();
  readonly #faults = new Map<string, Set<HostFault["kind"]>>();
  readonly #options: Required<SandboxHostOptions>;
  /** Begins the names of its machines, and of no other host's. */
  readonly tag = randomUUID().slice(0, 8);
  readonly #env: Record<string, string>;

  constructor(options: Required<SandboxHostOptions>) {
    this.#options = options;
    this.#env = cleanEnv(options.env, import.meta.dirname);
  }

  async start(id: string): Promise<{ folder: string }> {
    if (this.#gone.has(id)) throw new SandboxFault("destroyed", `sandbox ${id} was destroyed`);
    if (this.#take(id, "hang_start")) await new Promise(() => {});
    const guest = this.#guests.get(id);
    if (guest) return { folder: guest.machine.folder };
    if (this.#take(id, "no_capacity") || this.#guests.size >= this.#options.maxSandboxes) {
      throw new SandboxFault("capacity", `all ${this.#options.maxSandboxes} local sandboxes are in use`);
    }
    const machine = new LocalMachine(join(this.#options.root, id), `${this.tag}-${id}`, this.#env);
    this.#guests.set(id, { machine, destroying: null });
    this.started += 1;
    await machine.make();
    return { folder: machine.folder };
  }

  find(id: string): LocalMachine {
    if (this.#gone.has(id)) throw new SandboxFault("destroyed", `sandbox ${id} was destroyed`);
    const guest = this.#guests.get(id);
    if (!guest) throw new SandboxFault("lost", `there is no sandbox ${id} here`);
    return guest.machine;
  }

  async destroy(id: string): Promise<void> {
    if (this.#take(id, "hang_destroy")) await new Promise(() => {});
    this.#gone.add(id);
    const guest = this.#guests.get(id);
    if (!guest) return;
    // A destroy that failed is tried again by the next.
    guest.destroying ??= guest.machine.destroy().then(
      () => {
        this.#guests.delete(id);
        this.destroyed += 1;
      },
      (error: unknown) => {
        guest.destroying = null;
        throw error;
      },
    );
    await guest.destroying;
  }

  async destroyAll(): Promise<void> {
    this.#faults.clear();
    await Promise.all([...this.#guests.keys()].map((id) => this.destroy(id)));
  }

  async fault(id: string, fault: HostFault): Promise<void> {
    if (fault.kind === "expire_backup") return expireBackup(this.#options.backups, fault.id);
    if (fault.kind === "lose") {
      const machine = this.#guests.get(id)?.machine;
      await machine?.destroy();
      await machine?.make();
      return;
    }
    this.#faults.set(id, (this.#faults.get(id) ?? new Set()).add(fault.kind));
  }

  dropsAnswer(id: string): boolean {
    return this.#take(id, "drop_answer");
  }

  save(dir: string, name: string): Promise<string> {
    return saveBackup(this.#options.backups, dir, name);
  }

  restore(backup: string, dir: string): Promise<"hit" | "miss" | "expired"> {
    return restoreBackup(this.#options.backups, backup, dir, YEAR_MS);
  }

  #take(id: string, kind: HostFault["kind"]): boolean {
    return this.#faults.get(id)?.delete(kind) ?? false;
  }
}

export async function startSandboxHost(given: SandboxHostOptions): Promise<SandboxHost> {
  const options = {
    maxSandboxes: availableParallelism(),
    backups: join(given.root, "backups"),
    env: process.env,
    ...given,
  };
  await claimRoot(options.root);
  await mkdir(options.backups, { recursive: true, mode: 0o700 });
  const host = new Host({ ...options, root: join(options.root, "sandboxes") });
  const letGo = keepSandboxes(host.tag);
  const token = randomUUID();
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: LOCAL_KEEP_ALIVE_MS }, (request, response) => {
    answer(host, token, request, response).catch((error: unknown) => refuse(response, error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the local sandbox host has no port");
  const close = async () => {
    await host.destroyAll();
    await leaveRoot(options.root);
    letGo();
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${address.port}/${token}`,
    get started() {
      return host.started;
    },
    get destroyed() {
      return host.destroyed;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const ID = "[a-z0-9][a-z0-9-]{0,62}";

/** What is answered with a small JSON. */
const VERBS: Record<string, (host: Host, id: string, body: Record<string, unknown>) => Promise<unknown>> = {
  start: (host, id) => host.start(id),
  destroy: (host, id) => host.destroy(id),
  fault: (host, id, body) => host.fault(id, body as unknown as HostFault),
  save: async (host, id, { dir, name }) => host.find(id) && { id: await kept(host.save(text(dir), text(name))) },
  restore: async (host, id, { backup, dir }) =>
    host.find(id) && { result: await kept(host.restore(text(backup), text(dir))) },
};

/** A full disk or a folder that is not there is not worth asking again for: the job goes on without its cache. */
async function kept<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new SandboxFault("config", error instanceof Error ? error.message : "the backup failed", { cause: error });
  }
}

async function answer(host: Host, token: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const match = new RegExp(`^/${token}/sandboxes/(${ID})/([a-z]+)$`).exec(url.pathname);
  if (!match) throw new SandboxFault("config", "not an address of this host");
  const [, id = "", verb = ""] = match;
  if (verb === "file") return answerFile(host.find(id), url.searchParams, request, response);
  const body = (await json(request)) as Record<string, unknown>;
  if (verb === "exec") return answerExec(host, id, body as unknown as ExecRequest, response);
  const carryOut = VERBS[verb];
  if (!carryOut) throw new SandboxFault("config", `not something to ask of a sandbox: ${verb}`);
  send(response, (await carryOut(host, id, body)) ?? {});
}

interface ExecRequest {
  text: string;
  env: Record<string, string>;
  timeoutMs: number;
  cwd?: string;
}

/** One line of JSON, then stdout, then stderr. */
async function answerExec(
  host: Host,
  id: string,
  { text, env, timeoutMs, cwd }: ExecRequest,
  response: ServerResponse,
): Promise<void> {
  const { exitCode, stdout, stderr } = await host.find(id).exec(text, env, timeoutMs, cwd);
  if (host.dropsAnswer(id)) {
    response.destroy();
    return;
  }
  response.write(`${JSON.stringify({ exitCode, stdout: stdout.length, stderr: stderr.length })}\n`);
  response.write(stdout);
  response.end(stderr);
}

async function answerFile(
  machine: LocalMachine,
  asked: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = asked.get("path") ?? "";
  if (request.method === "PUT") {
    const mode = Number.parseInt(asked.get("mode") ?? "600", 8);
    await machine.writeFile(path, request, mode);
    return send(response, {});
  }
  const file = await machine.openFile(path);
  if (!file) throw new SandboxFault("missing_file", `no such file: ${path}`);
  response.writeHead(200, { "x-size": String(file.size) });
  file.body.on("error", () => response.destroy()).pipe(response);
}

function send(response: ServerResponse, body: unknown): void {
  response.end(JSON.stringify(body));
}

const STATUS = {
  capacity: 503,
  transport: 500,
  lost: 404,
  config: 400,
  missing_file: 404,
  destroyed: 410,
} as const satisfies Record<SandboxFaultKind, number>;

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const kind = error instanceof SandboxFault ? error.kind : "transport";
  response.writeHead(STATUS[kind], { "content-type": "application/json" });
  send(response, { kind, message: error instanceof Error ? error.message : "the local sandbox host failed" });
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new SandboxFault("config", "a text is missing");
  return value;
}
