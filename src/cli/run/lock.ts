/** One living process for a state folder: who has it is written in the folder, and whoever died in it is cleaned up after. */

import { link, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { killHousehold, startOf } from "../../local/processes.ts";

/** `started` tells two processes of one number apart. */
interface Lock {
  pid: number;
  started: string;
  /** The holder's own temporary folder. */
  scratch: string;
}

const NAME = "lock";
const KILL_MS = 5_000;

/** `taken_over`: from one that was killed; what it left running is ended, its temporary folder is gone. */
export async function takeLock(folder: string, scratch: string): Promise<"taken" | "taken_over" | "held"> {
  const file = join(folder, NAME);
  const own: Lock = { pid: process.pid, started: await startOf(process.pid), scratch };
  let result: "taken" | "taken_over" = "taken";
  while (!(await claim(file, own))) {
    const holder = await readLock(file);
    if (holder !== null && (await isAlive(holder))) return "held";
    if (holder !== null) await endLeftovers(holder);
    await moveStaleAway(file, join(folder, `${NAME}.stale.${process.pid}`));
    result = "taken_over";
  }
  return result;
}

export async function releaseLock(folder: string): Promise<void> {
  await rm(join(folder, NAME), { force: true });
}

/** True where the folder's holder was dead: what it left running is ended. */
export async function endDeadHolder(folder: string): Promise<boolean> {
  const holder = await readLock(join(folder, NAME));
  if (holder === null || (await isAlive(holder))) return false;
  await endLeftovers(holder);
  return true;
}

/** Steps outlive a process that was killed outright; the Worker does not. */
async function endLeftovers({ scratch }: Lock): Promise<void> {
  const sandboxes = join(scratch, "s", "sandboxes");
  for (const name of await readdir(sandboxes).catch((): string[] => [])) {
    const folder = join(sandboxes, name);
    await killHousehold({ name: folder, folder, steps: join(folder, "control/steps") }, KILL_MS);
  }
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
}

async function isAlive({ pid, started }: Lock): Promise<boolean> {
  return started !== "" && (await startOf(pid)) === started;
}

/** Never seen half-written: the name comes with the content. */
async function claim(file: string, own: Lock): Promise<boolean> {
  const near = `${file}.${process.pid}`;
  await writeFile(near, JSON.stringify(own));
  try {
    await link(near, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(near, { force: true });
  }
}

/** Of several that see the same dead holder one moves its lock; another may get hold of a living one's, and puts it back. */
async function moveStaleAway(file: string, aside: string): Promise<void> {
  await rename(file, aside).catch(() => {});
  const moved = await readLock(aside);
  if (moved !== null && (await isAlive(moved))) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

/** Null where there is none, or nothing that can be read as one. */
async function readLock(file: string): Promise<Lock | null> {
  try {
    const { pid, started, scratch } = JSON.parse(await readFile(file, "utf8")) as Partial<Lock>;
    return typeof pid === "number" && typeof started === "string" && typeof scratch === "string"
      ? { pid, started, scratch }
      : null;
  } catch {
    return null;
  }
}
