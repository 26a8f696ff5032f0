// Reads the real workflows in ../shared/corpus and prints what share of their jobs would run: see scripts/corpus.ts.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const CORPUS = join(ROOT, "../shared/corpus");

const out = await mkdtemp(join(tmpdir(), "sandlot-corpus-"));
try {
  const outfile = join(out, "corpus.mjs");
  await build({
    entryPoints: [join(ROOT, "scripts/corpus.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
    // CommonJS packages in the bundle ask for `require`.
    banner: {
      js: 'import { createRequire as $require } from "node:module"; const require = $require(import.meta.url);',
    },
  });
  const { printCorpus } = await import(pathToFileURL(outfile).href);
  await printCorpus(CORPUS, process.argv.includes("--json"));
} finally {
  await rm(out, { recursive: true, force: true });
}
