/** Backups of local sandboxes: one folder each, which outlives the sandbox and the run. */

import { randomUUID } from "node:crypto";
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { constants } from "node:fs";
import { join } from "node:path";

interface Meta {
  dir: string;
  name: string;
  createdAt: number;
}

const COPY = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE };

/** There only when whole: it is filled under another name. */
export async function saveBackup(backups: string, dir: string, name: string): Promise<string> {
  const id = randomUUID();
  const partial = join(backups, `.partial-${id}`);
  await mkdir(partial, { recursive: true });
  try {
    await cp(dir, join(partial, "data"), COPY);
    const meta: Meta = { dir, name, createdAt: Date.now() };
    await writeFile(join(partial, "meta.json"), JSON.stringify(meta));
    await rename(partial, join(backups, id));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return id;
}

export async function restoreBackup(
  backups: string,
  id: string,
  dir: string,
  maxAgeMs: number,
): Promise<"hit" | "miss" | "expired"> {
  // An id comes back from a database; it is one of ours or a miss.
  if (!/^[0-9a-f-]{36}$/.test(id)) return "miss";
  const text = await readFile(join(backups, id, "meta.json"), "utf8").catch(() => null);
  if (text === null) return "miss";
  const meta = JSON.parse(text) as Meta;
  if (Date.now() > meta.createdAt + maxAgeMs) return "expired";
  await mkdir(dir, { recursive: true });
  await cp(join(backups, id, "data"), dir, { ...COPY, force: true });
  return "hit";
}

/** For tests: as if it had been made in 1970. */
export async function expireBackup(backups: string, id: string): Promise<void> {
  const path = join(backups, id, "meta.json");
  const meta = JSON.parse(await readFile(path, "utf8")) as Meta;
  await writeFile(path, JSON.stringify({ ...meta, createdAt: 0 }));
}
