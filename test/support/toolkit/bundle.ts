/** The action of action.ts as a repository holds it: bundled with the toolkit's own packages, as published actions are. */

import { build } from "esbuild";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What bundled code of two kinds of modules expects to find. */
const BANNER =
  'import { createRequire } from "node:module"; import { dirname } from "node:path"; import { fileURLToPath } from "node:url";' +
  "const require = createRequire(import.meta.url); const __filename = fileURLToPath(import.meta.url); const __dirname = dirname(__filename);";

const ACTION = `name: Toolkit
inputs: { do: {}, path: {}, key: {}, restore-keys: {}, name: {}, overwrite: {}, retention-days: { default: "0" } }
runs: { using: node24, main: main.mjs }
`;

export async function bundleToolkit(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "action.yml"), ACTION);
  await build({
    entryPoints: [join(import.meta.dirname, "action.ts")],
    outfile: join(folder, "main.mjs"),
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: { js: BANNER },
    logLevel: "error",
  });
}
