// Writes the tables of docs/workflows.md anew from src/language (npm run docs), leaving the words around them as they are.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const PAGE = join(ROOT, "docs/workflows.md");

const out = await mkdtemp(join(tmpdir(), "sandlot-tables-"));
try {
  const outfile = join(out, "tables.mjs");
  const entryPoints = [join(ROOT, "scripts/workflow-tables.ts")];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" });
  const { writeTables } = await import(pathToFileURL(outfile).href);
  await writeFile(PAGE, writeTables(await readFile(PAGE, "utf8")));
  await promisify(execFile)(join(ROOT, "node_modules/.bin/oxfmt"), [PAGE]);
} finally {
  await rm(out, { recursive: true, force: true });
}
