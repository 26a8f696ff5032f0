/** Stands in for Cloudflare's containers on one machine: gives out local sandboxes over HTTP on loopback. No security boundary. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import type { SandboxFaultKind } from "../sandbox/port.ts";
import { expireBackup, restoreBackup, saveBackup } from "./backups.ts";
import { cleanEnv } from "./clean-env.ts";
import { LocalMachine } from "./machine.ts";

export interface SandboxHostOptions {
  /** Sandboxes are folders in it; short, since sockets in it have at most 108 characters of path. */
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
  | { kind: "no_capacity" }
  /** The next command is carried out and its answer lost. */
  | { kind: "drop_answer" }
  | { kind: "expire_backup"; id: string };

interface Refusal {
  status: number;
  kind: SandboxFaultKind;
  message: string;
}

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
  readonly #tag = randomUUID().slice(0, 8);
  readonly #env: Record<string, string>;

  constructor(options: Required<SandboxHostOptions>) {
    this.#options = options;
    this.#env = cleanEnv(options.env, import.meta.dirname);
  }

  async start(id: string): Promise<Refusal | null> {
    if (this.#gone.has(id)) return { status: 410, kind: "destroyed", message: `sandbox ${id} was destroyed` };
    if (this.#guests.has(id)) return null;
    if (this.#take(id, "no_capacity") || this.#guests.size >= this.#options.maxSandboxes) {
      return { status: 503, kind: "capacity", message: `all ${this.#options.maxSandboxes} local sandboxes are in use` };
    }
    const machine = new LocalMachine(join(this.#options.root, id), `${this.#tag}-${id}`, this.#env);
    this.#guests.set(id, { machine, destroying: null });
    this.started += 1;
    await machine.make();
    return null;
  }

  find(id: string): LocalMachine | Refusal {
    if (this.#gone.has(id)) return { status: 410, kind: "destroyed", message: `sandbox ${id} was destroyed` };
    const guest = this.#guests.get(id);
    return guest?.machine ?? { status: 404, kind: "lost", message: `there is no sandbox ${id} here` };
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
  await mkdir(options.root, { recursive: true, mode: 0o700 });
  await mkdir(options.backups, { recursive: true, mode: 0o700 });
  const host = new Host({ ...options, root: join(options.root, "sandboxes") });
  const token = randomUUID();
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    answer(host, token, request, response).catch((error: unknown) => fail(response, error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the local sandbox host has no port");
  const close = async () => {
    await host.destroyAll();
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

async function answer(host: Host, token: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const match = new RegExp(`^/${token}/sandboxes/(${ID})/([a-z]+)$`).exec(url.pathname);
  if (!match) return refuse(response, { status: 404, kind: "config", message: "not an address of this host" });
  const [, id = "", verb = ""] = match;
  if (verb === "file") return answerFile(host, id, url.searchParams.get("path") ?? "", request, response);
  const body = (await json(request)) as Record<string, unknown>;
  switch (verb) {
    case "start": {
      const refusal = await host.start(id);
      return refusal ? refuse(response, refusal) : send(response, {});
    }
    case "destroy":
      await host.destroy(id);
      return send(response, {});
    case "fault":
      await host.fault(id, body as unknown as HostFault);
      return send(response, {});
  }
  const machine = host.find(id);
  if (!(machine instanceof LocalMachine)) return refuse(response, machine);
  switch (verb) {
    case "exec":
      return answerExec(host, id, machine, body as unknown as ExecRequest, response);
    case "save":
      return send(response, { id: await host.save(String(body["dir"]), String(body["name"])) });
    case "restore":
      return send(response, { result: await host.restore(String(body["id"]), String(body["dir"])) });
    default:
      return refuse(response, { status: 404, kind: "config", message: `not something to ask of a sandbox: ${verb}` });
  }
}

interface ExecRequest {
  text: string;
  env: Record<string, string>;
  timeoutMs: number;
}

/** One line of JSON, then stdout, then stderr. */
async function answerExec(
  host: Host,
  id: string,
  machine: LocalMachine,
  { text, env, timeoutMs }: ExecRequest,
  response: ServerResponse,
): Promise<void> {
  const { exitCode, stdout, stderr } = await machine.exec(text, env, timeoutMs);
  if (host.dropsAnswer(id)) {
    response.destroy();
    return;
  }
  response.write(`${JSON.stringify({ exitCode, stdout: stdout.length, stderr: stderr.length })}\n`);
  response.write(stdout);
  response.end(stderr);
}

async function answerFile(
  host: Host,
  id: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const machine = host.find(id);
  if (!(machine instanceof LocalMachine)) return refuse(response, machine);
  if (request.method === "PUT") {
    await machine.writeFile(path, request);
    return send(response, {});
  }
  const file = await machine.openFile(path);
  if (!file) return refuse(response, { status: 404, kind: "missing_file", message: `no such file: ${path}` });
  response.writeHead(200, { "x-size": String(file.size) });
  file.body.on("error", () => response.destroy()).pipe(response);
}

function send(response: ServerResponse, body: unknown): void {
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, { status, kind, message }: Refusal): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ kind, message }));
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else
    refuse(response, {
      status: 500,
      kind: "transport",
      message: error instanceof Error ? error.message : String(error),
    });
}
