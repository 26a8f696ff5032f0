/** Starts the real Worker on this machine, in workerd by Miniflare, with everything it keeps in one folder. */

import { createWriteStream } from "node:fs";
import { copyFile, cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { startGroup } from "./process-group.ts";
import type { ServeOptions } from "./worker-settings.ts";
import { type Launched, WorkerWatch } from "./worker-watch.ts";

export interface WorkerOptions {
  /** The folder where Sandlot is installed. */
  install: string;
  /** Holds what the Worker keeps from run to run, and its own settings. */
  state: string;
  /** Variables and secrets; they go in by the environment, never by an argument or a file. */
  vars: (url: string) => Record<string, string>;
  /** Takes each piece that the Worker writes; it is in `{state}/worker/worker.log` in any case. */
  onOutput?: (text: string) => void;
  /** Gives up the start. */
  signal?: AbortSignal;
  /** Told why it had to be started again: it goes on with what it was at. */
  onRestart?: (why: string) => void;
}

export interface LocalWorker {
  url: string;
  /** Rejects, with the last lines of its log, when it ends before `close` and starting it again does not help. */
  failed: Promise<never>;
  /** Kills it and all it started. */
  close(): Promise<void>;
}

/** In the Worker's folder; what `serve-worker.ts` reads. */
const SETTINGS = "settings.json";
const READY_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 25;
const LAST_LINES = 20;
const MAX_TAIL_CHARS = 16_384;
/** Miniflare numbers them; the last one in sight counts. */
const CRASH_LINE =
  /Workers runtime crashed unexpectedly and is being restarted \(crash #(\d+)\)(?![^]*Workers runtime crashed)/;
/** A free port is found by binding it; somebody else may take it before workerd does. */
const PORT_TRIES = 3;

/** Throws when it does not answer within two minutes, with the last lines of its log. */
export async function startWorker(options: WorkerOptions): Promise<LocalWorker> {
  const folder = join(options.state, "worker");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await prepareDatabase(options, folder);
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await writeSettings(options, folder, port);
    const started = await launch(options, folder, url);
    try {
      await waitUntilReady(url, started, options.signal);
      return running(options, folder, { url, started });
    } catch (error) {
      await started.group.kill();
      if (tries >= PORT_TRIES || !/address already in use|EADDRINUSE/i.test(String(error))) throw error;
    }
  }
}

/** What it inherits: no account of the user's, and nothing that leaves this machine. */
function workerEnv(folder: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, TMPDIR: join(folder, "tmp"), NO_COLOR: "1" };
}

/** Migrations are wrangler's. */
function migrationEnv(folder: string): Record<string, string> {
  return {
    ...workerEnv(folder),
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(folder, "tmp", "logs"),
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
    CI: "1",
  };
}

/** A new state gets a copy of a migrated database; one of another version is migrated. */
async function prepareDatabase(options: WorkerOptions, folder: string): Promise<void> {
  const persist = join(options.state, "persist");
  const stampFile = join(folder, "migrations");
  const wanted = (await readdir(join(options.install, "migrations")))
    .filter((name) => name.endsWith(".sql"))
    .join("\n");
  if ((await readFile(stampFile, "utf8").catch(() => null)) === wanted) return;
  const isNew = await stat(persist).then(
    () => false,
    () => true,
  );
  if (isNew) await cp(join(options.install, "dist", "state"), persist, { recursive: true });
  else await migrateDatabase(options, folder, persist);
  await writeFile(stampFile, wanted);
}

async function migrateDatabase(options: WorkerOptions, folder: string, persist: string): Promise<void> {
  const { install } = options;
  const wrangler = [process.execPath, join(install, "node_modules/wrangler/bin/wrangler.js")];
  const args = ["d1", "migrations", "apply", "sandlot", "--local", "--persist-to", persist];
  const command = [...wrangler, ...args, "-c", join(install, "wrangler.jsonc")];
  const started = await launchCommand(options, folder, { command, env: migrationEnv(folder) });
  const code = await started.group.exited;
  await started.group.kill();
  if (code !== 0) throw new Error(`The database in ${persist} could not be migrated:\n${started.lastLines()}`);
}

/** Copies, since dist may be replaced while we run. */
async function writeSettings(options: WorkerOptions, folder: string, port: number): Promise<void> {
  const built = join(options.install, "dist", "worker");
  const script = join(folder, "index.js");
  await copyFile(join(built, "index.js"), script);
  const settings: ServeOptions = {
    script,
    worker: JSON.parse(await readFile(join(built, "miniflare.json"), "utf8")) as ServeOptions["worker"],
    // Where `wrangler d1 migrations apply --persist-to` has them.
    persist: join(options.state, "persist", "v3"),
    port,
  };
  // Never seen half-written.
  await writeFile(join(folder, `${SETTINGS}.new`), JSON.stringify(settings, null, 2), { mode: 0o600 });
  await rename(join(folder, `${SETTINGS}.new`), join(folder, SETTINGS));
}

function launch(options: WorkerOptions, folder: string, url: string): Promise<Launched> {
  const command = [process.execPath, join(options.install, "dist", "serve-worker.mjs"), join(folder, SETTINGS)];
  const env = { ...workerEnv(folder), SANDLOT_WORKER_VARS: JSON.stringify(options.vars(url)) };
  return launchCommand(options, folder, { command, env });
}

async function launchCommand(
  options: WorkerOptions,
  folder: string,
  { command, env }: { command: string[]; env: Record<string, string> },
): Promise<Launched> {
  // Nobody tidies up after what is killed.
  await rm(join(folder, "tmp"), { recursive: true, force: true });
  await mkdir(join(folder, "tmp"), { mode: 0o700 });
  const file = createWriteStream(join(folder, "worker.log"), { mode: 0o600 });
  file.on("error", () => {
    // A full disk must not end the run for the sake of this log.
  });
  let tail = "";
  let crashes = 0;
  let react = () => {};
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const text = chunk.toString();
      tail = (tail + text).slice(-MAX_TAIL_CHARS);
      const crash = Number(CRASH_LINE.exec(tail)?.[1] ?? crashes);
      if (crash !== crashes) react();
      crashes = crash;
      options.onOutput?.(text);
      file.write(chunk);
      done();
    },
  });
  const group = await startGroup(command, { cwd: folder, env, output });
  void group.exited.then(() => file.end());
  const lastLines = () => tail.trimEnd().split("\n").slice(-LAST_LINES).join("\n");
  return { group, lastLines, onCrash: (call) => (react = call) };
}

async function waitUntilReady(url: string, started: Launched, signal?: AbortSignal): Promise<void> {
  const end: { code?: number } = {};
  void started.group.exited.then((code) => (end.code = code));
  for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until; await sleep(LOOK_EVERY_MS)) {
    signal?.throwIfAborted();
    if (end.code !== undefined) throw new Error(`The Worker ended with exit code ${end.code}:\n${started.lastLines()}`);
    const response = await fetch(`${url}/healthz`).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok) return;
  }
  throw new Error(`The Worker did not answer within ${READY_WITHIN_MS / 1000} s:\n${started.lastLines()}`);
}

function running(
  options: WorkerOptions,
  folder: string,
  { url, started }: { url: string; started: Launched },
): LocalWorker {
  const watch = new WorkerWatch({
    url,
    first: started,
    launch: async () => {
      const again = await launch(options, folder, url);
      try {
        await waitUntilReady(url, again);
        return again;
      } catch (error) {
        await again.group.kill();
        throw error;
      }
    },
    onRestart: (why) => options.onRestart?.(why),
  });
  return { url, failed: watch.failed, close: () => watch.close() };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No free port on 127.0.0.1");
  return address.port;
}
