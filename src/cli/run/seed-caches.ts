/** Gives a state the caches of another, and nothing of its builds: of one that another process uses, or that was left half done. */

import { copyFile, link, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type * as sqliteModule from "node:sqlite";

const DATABASES = "v3/d1/miniflare-D1DatabaseObject";
/** Names the migrations that the database has; src/local/worker.ts writes it. */
const MIGRATED = "worker/migrations";
type Sqlite = typeof sqliteModule;
/** Builds of the other process are none of ours. */
const KEPT_TABLES = new Set(["caches", "d1_migrations"]);

/** `to` holds afterwards a database with the caches alone, and the same backups as hard links: removing one side keeps the other. */
export async function seedCaches(from: string, to: string): Promise<void> {
  await linkFolder(join(from, "backups"), join(to, "backups"));
  if (!(await seedDatabase(join(from, "persist"), join(to, "persist")))) return;
  await mkdir(join(to, "worker"), { recursive: true, mode: 0o700 });
  await copyFile(join(from, MIGRATED), join(to, MIGRATED)).catch(ignoreGone);
}

/** The database with the caches alone. False where there is none yet, or no means to read it: then `to` is not made. */
export async function seedDatabase(from: string, to: string): Promise<boolean> {
  const names = await readdir(join(from, DATABASES)).catch((): string[] => []);
  const databases = names.filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
  // Older versions of Node have no SQLite: then the caches are not found again.
  const sqlite = await import("node:sqlite").catch(() => null);
  if (databases.length === 0 || sqlite === null) return false;
  await mkdir(join(to, DATABASES), { recursive: true });
  for (const name of databases) copyCaches(sqlite, join(from, DATABASES, name), join(to, DATABASES, name));
  return true;
}

async function linkFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true }).catch(() => [])) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkFolder(source, target);
    else if (entry.isFile()) await link(source, target).catch(ignoreGone);
  }
}

/** A snapshot that is whole although the other process writes on. */
function copyCaches({ DatabaseSync }: Sqlite, from: string, to: string): void {
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    source.prepare("VACUUM INTO ?").run(to);
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(to);
  try {
    const tables = copy
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all();
    for (const { name } of tables) {
      const table = String(name);
      if (!KEPT_TABLES.has(table) && !table.startsWith("_cf_")) copy.exec(`DELETE FROM "${table}"`);
    }
  } finally {
    copy.close();
  }
}

/** The other process may remove an old cache just now. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
