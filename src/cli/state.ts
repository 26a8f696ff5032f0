/** The folder where one repository's caches and builds live from run to run, held by one process at a time. */

import { execFileSync } from "node:child_process";
import { generateKeyPair, randomBytes } from "node:crypto";
import { link, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

import { digest } from "../model/ids.ts";
import { seedCaches } from "./seed-caches.ts";

export interface Keys {
  appId: string;
  /** PKCS#1, as GitHub's is downloaded. */
  privateKey: string;
  publicKey: string;
  webhookSecret: string;
  apiToken: string;
  masterKey: string;
}

export interface State {
  folder: string;
  /** Saved caches. */
  backups: string;
  keys: Keys;
  /** Sandboxes and what else lives as long as this process; its path is short, since sockets' paths have to be. */
  scratch: string;
  /** Another process has the lasting folder: this one is thrown away at the end. */
  isTemporary: boolean;
  /** Somebody agreed to run this repository on this machine. */
  isAgreed: boolean;
  agree(): Promise<void>;
  /** Removes what does not last and lets the folder go. */
  release(): Promise<void>;
}

/** `~/.cache/sandlot/<name>-<hash>`, by the XDG rules; on macOS `~/Library/Caches`. */
export function defaultStateFolder(root: string, env: Record<string, string | undefined>): string {
  const caches =
    env["XDG_CACHE_HOME"] ||
    (process.platform === "darwin" ? join(homedir(), "Library/Caches") : join(homedir(), ".cache"));
  const slug = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 30);
  return join(caches, "sandlot", `${slug}-${digest(root, 10)}`);
}

/** Takes the folder, or where another process has it one beside it with the same caches. */
export async function openState(wanted: string): Promise<State> {
  await mkdir(wanted, { recursive: true, mode: 0o700 });
  await sweepLeftovers(wanted);
  const scratch = await mkdtemp(join(tmpdir(), "sandlot-"));
  const isTemporary = !(await takeLock(wanted, scratch));
  const folder = isTemporary ? await makeSecond(wanted, scratch) : wanted;
  const keys = await readKeys(wanted);
  const backups = join(folder, "backups");
  await mkdir(backups, { recursive: true, mode: 0o700 });
  const agreed = join(wanted, "agreed");
  return {
    folder,
    backups,
    keys,
    scratch,
    isTemporary,
    isAgreed: await exists(agreed),
    agree: () => writeFile(agreed, `${new Date().toISOString()}\n`),
    release: async () => {
      await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
      if (isTemporary) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      else await rm(join(folder, "lock"), { force: true });
    },
  };
}

/** What the holder wrote into `lock`; `started` tells two processes of one number apart. */
interface Lock {
  pid: number;
  started: string;
  scratch: string;
}

/** False where a living process has it. */
async function takeLock(folder: string, scratch: string): Promise<boolean> {
  const file = join(folder, "lock");
  const own: Lock = { pid: process.pid, started: startOf(process.pid), scratch };
  while (!(await claim(file, own))) {
    const holder = await readLock(file);
    if (holder === null) continue;
    if (startOf(holder.pid) === holder.started) return false;
    await rm(holder.scratch, { recursive: true, force: true });
    await moveStaleAway(file, join(folder, `lock.stale.${process.pid}`));
  }
  return true;
}

/** Never seen half-written: the name comes with the content. */
async function claim(file: string, own: Lock): Promise<boolean> {
  const near = `${file}.${process.pid}`;
  await writeFile(near, JSON.stringify(own));
  try {
    await link(near, file);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(near, { force: true });
  }
}

/** Of several that see the same dead holder one moves its lock; another may get hold of a living one's, and puts it back. */
async function moveStaleAway(file: string, aside: string): Promise<void> {
  await rename(file, aside).catch(() => {});
  const moved = await readLock(aside);
  if (moved !== null && startOf(moved.pid) === moved.started) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

async function readLock(file: string): Promise<Lock | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Lock;
  } catch {
    return null;
  }
}

/** When a process started, as `ps` says it; empty where there is none. */
function startOf(pid: number): string {
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}

const SECOND = ".second-";

async function makeSecond(wanted: string, scratch: string): Promise<string> {
  const folder = await mkdtemp(`${wanted}${SECOND}`);
  await takeLock(folder, scratch);
  await seedCaches(wanted, folder);
  return folder;
}

/** Second folders whose process was killed before it could remove them. */
async function sweepLeftovers(wanted: string): Promise<void> {
  const parent = dirname(wanted);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(wanted)}${SECOND}`)) continue;
    const holder = await readLock(join(parent, name, "lock"));
    if (holder === null || startOf(holder.pid) === holder.started) continue;
    await rm(holder.scratch, { recursive: true, force: true });
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

/** Made once for a folder: what is sealed there has to open in the next run. */
async function readKeys(folder: string): Promise<Keys> {
  const file = join(folder, "keys.json");
  const known = await readFile(file, "utf8").catch(() => null);
  if (known !== null) return JSON.parse(known) as Keys;
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const draw = () => Buffer.from(randomBytes(32)).toString("base64url");
  const keys = { appId: "1", privateKey, publicKey, webhookSecret: draw(), apiToken: draw(), masterKey: draw() };
  await writeFile(`${file}.${process.pid}`, JSON.stringify(keys), { mode: 0o600 });
  await rename(`${file}.${process.pid}`, file);
  return keys;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
