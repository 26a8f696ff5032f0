/** The folder where one repository's caches and builds live from run to run, held by one process at a time. */

import { generateKeyPair, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

import { digest } from "../../model/ids.ts";
import { endDeadHolder, releaseLock, takeLock } from "./lock.ts";
import { seedCaches, seedDatabase } from "./seed-caches.ts";

interface Keys {
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
  /** Removes what does not last and lets the folder go. `isFinished`: no build was left half done. */
  release(how: { isFinished: boolean }): Promise<void>;
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
  await sweepSeconds(wanted);
  const scratch = await mkdtemp(join(tmpdir(), "sandlot-"));
  const taken = await takeLock(wanted, scratch);
  const isTemporary = taken === "held";
  const folder = isTemporary ? await makeSecond(wanted, scratch) : wanted;
  const unfinished = join(folder, "unfinished");
  if (taken === "taken_over" || (!isTemporary && (await exists(unfinished)))) await keepCachesOnly(folder);
  await rm(unfinished, { force: true });
  const backups = join(folder, "backups");
  await mkdir(backups, { recursive: true, mode: 0o700 });
  const agreed = join(wanted, "agreed");
  return {
    folder,
    backups,
    keys: await readKeys(wanted),
    scratch,
    isTemporary,
    isAgreed: await exists(agreed),
    agree: () => writeFile(agreed, `${new Date().toISOString()}\n`),
    release: async ({ isFinished }) => {
      if (!isFinished) await writeFile(unfinished, "");
      await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
      if (isTemporary) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      else await releaseLock(folder);
    },
  };
}

/** After a run that was killed: its builds would wait for their end, and take the place of the next ones. */
async function keepCachesOnly(folder: string): Promise<void> {
  const persist = join(folder, "persist");
  const old = `${persist}.old`;
  await rm(old, { recursive: true, force: true });
  if (!(await exists(persist))) return;
  await rename(persist, old);
  await seedDatabase(old, persist);
  await rm(old, { recursive: true, force: true });
}

const SECOND = ".second-";

async function makeSecond(wanted: string, scratch: string): Promise<string> {
  const folder = await mkdtemp(`${wanted}${SECOND}`);
  await takeLock(folder, scratch);
  await seedCaches(wanted, folder);
  return folder;
}

/** Second folders whose process was killed before it could remove them. */
async function sweepSeconds(wanted: string): Promise<void> {
  const parent = dirname(wanted);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(wanted)}${SECOND}`)) continue;
    if (await endDeadHolder(join(parent, name))) await rm(join(parent, name), { recursive: true, force: true });
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
