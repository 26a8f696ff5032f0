/** Starts the real Worker on this machine, under `wrangler dev`, with everything it keeps in one folder. */

import { createWriteStream } from "node:fs";
import { copyFile, cp, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { startGroup } from "./process-group.ts";
import { type Launched, WorkerWatch } from "./worker-watch.ts";

export interface WorkerOptions {
  /** The folder where Sandlot is installed. */
  install: string;
  /** Holds what the Worker keeps from run to run, and its own configuration (0600: it has secrets). */
  state: string;
  /** Variables and secrets; they go in by a file, never by an argument. */
  vars: (url: string) => Record<string, string>;
  /** Takes each piece that wrangler writes; it is in `{state}/worker/wrangler.log` in any case. */
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

const READY_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 25;
const LAST_LINES = 20;
/** One for every request: they say nothing of a fault. */
const REQUEST_LINE = /^\[wrangler:info\] (GET|POST|QUEUE) /;
const MAX_TAIL_CHARS = 16_384;
/** wrangler numbers them; the last one in sight counts. */
const CRASH_LINE =
  /Workers runtime crashed unexpectedly and is being restarted \(crash #(\d+)\)(?![^]*Workers runtime crashed)/;
/** A free port is found by binding it; somebody else may take it before wrangler does. */
const PORT_TRIES = 3;

/** Throws when it does not answer within two minutes, with the last lines of its log. */
export async function startWorker(options: WorkerOptions): Promise<LocalWorker> {
  const folder = join(options.state, "worker");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await prepareDatabase(options, folder);
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await writeConfig(options, folder, url);
    const started = await launch(options, folder, port);
    try {
      await waitUntilReady(url, started, options.signal);
      return running(options, folder, { port, url, started });
    } catch (error) {
      await started.group.kill();
      if (tries >= PORT_TRIES || !/address already in use|EADDRINUSE/i.test(String(error))) throw error;
    }
  }
}

/** What wrangler inherits: no account of the user's, and nothing that leaves this machine. */
function wranglerEnv(folder: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return {
    ...env,
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(folder, "logs"),
    WRANGLER_REGISTRY_PATH: join(folder, "registry"),
    WRANGLER_CACHE_DIR: join(folder, "cache"),
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
    NO_COLOR: "1",
    CI: "1",
  };
}

function wranglerCommand(install: string, ...args: string[]): string[] {
  return [process.execPath, join(install, "node_modules/wrangler/bin/wrangler.js"), ...args];
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
  if (isNew) {
    await cp(join(options.install, "dist", "state"), persist, { recursive: true });
  } else {
    await writeConfig(options, folder, "");
    const args = ["d1", "migrations", "apply", "sandlot", "--local", "--persist-to", persist];
    const config = ["-c", join(folder, "wrangler.json")];
    const started = await launchCommand(options, folder, wranglerCommand(options.install, ...args, ...config));
    const code = await started.group.exited;
    await started.group.kill();
    if (code !== 0) throw new Error(`The database in ${persist} could not be migrated:\n${started.lastLines()}`);
  }
  await writeFile(stampFile, wanted);
}

/** The configuration of wrangler.jsonc with the bundle, our variables and no containers. */
async function writeConfig(options: WorkerOptions, folder: string, url: string): Promise<void> {
  const built = join(options.install, "dist", "worker");
  const config: Record<string, unknown> = JSON.parse(await readFile(join(built, "wrangler.json"), "utf8"));
  const { $schema: _schema, containers: _containers, observability: _observability, ...kept } = config;
  // A copy, since dist may be replaced while we run; in a folder of its own, since wrangler watches that for changes.
  await mkdir(join(folder, "bundle"), { recursive: true });
  await copyFile(join(built, "index.js"), join(folder, "bundle", "index.js"));
  const local = {
    ...kept,
    main: "bundle/index.js",
    no_bundle: true,
    find_additional_modules: false,
    d1_databases: databasesWith(kept["d1_databases"], join(options.install, "migrations")),
    vars: { ...recordOf(kept["vars"]), ...options.vars(url) },
  };
  const file = join(folder, "wrangler.json");
  await rm(file, { force: true });
  await writeFile(file, JSON.stringify(local, null, 2), { mode: 0o600 });
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function databasesWith(databases: unknown, migrations: string): unknown[] {
  return Array.isArray(databases)
    ? databases.map((database: unknown) => ({ ...recordOf(database), migrations_dir: migrations }))
    : [];
}

function launch(options: WorkerOptions, folder: string, port: number): Promise<Launched> {
  const args = ["dev", "-c", join(folder, "wrangler.json"), "--ip", "127.0.0.1", "--port", String(port)];
  const quiet = ["--inspector-port", "0", "--show-interactive-dev-session=false", "--enable-containers=false"];
  const persist = ["--persist-to", join(options.state, "persist")];
  return launchCommand(options, folder, wranglerCommand(options.install, ...args, ...quiet, ...persist));
}

async function launchCommand(options: WorkerOptions, folder: string, command: string[]): Promise<Launched> {
  await rm(join(folder, ".wrangler"), { recursive: true, force: true });
  const file = createWriteStream(join(folder, "wrangler.log"), { mode: 0o600 });
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
  const group = await startGroup(command, { cwd: folder, env: wranglerEnv(folder), output });
  void group.exited.then(() => file.end());
  const lastLines = () => {
    const lines = tail.trimEnd().split("\n");
    return lines
      .filter((line) => !REQUEST_LINE.test(line))
      .slice(-LAST_LINES)
      .join("\n");
  };
  return { group, lastLines, onCrash: (call) => (react = call) };
}

async function waitUntilReady(url: string, started: Launched, signal?: AbortSignal): Promise<void> {
  const end: { code?: number } = {};
  void started.group.exited.then((code) => (end.code = code));
  for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until; await sleep(LOOK_EVERY_MS)) {
    signal?.throwIfAborted();
    if (end.code !== undefined)
      throw new Error(`wrangler dev ended with exit code ${end.code}:\n${started.lastLines()}`);
    const response = await fetch(`${url}/healthz`).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok) return;
  }
  throw new Error(`The Worker did not answer within ${READY_WITHIN_MS / 1000} s:\n${started.lastLines()}`);
}

function running(
  options: WorkerOptions,
  folder: string,
  { port, url, started }: { port: number; url: string; started: Launched },
): LocalWorker {
  const watch = new WorkerWatch({
    url,
    first: started,
    launch: async () => {
      const again = await launch(options, folder, port);
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
