/** Bundles the tests' own action with GitHub's toolkit. */

import { join } from "node:path";
import { build } from "esbuild";

export async function bundleToolkit(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "toolkit-action.ts")],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node20",
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}
