/**
 * `npm run client`: compiles each script of the pages (src/web/client/NAME.ts) into a text that the Worker serves at
 * /assets/NAME.js (src/web/scripts/NAME.ts). What it makes is committed, so that bundling the Worker needs no step before it; a test
 * compares the two.
 */

import { createHash } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const CLIENT = join(ROOT, "src/web/client");

/** The generated file's text by the name of its script. Only files directly in the folder are scripts; folders hold what they import. */
export async function compileScripts(): Promise<Map<string, string>> {
  const names = (await readdir(CLIENT)).filter((name) => name.endsWith(".ts")).sort();
  const texts = new Map<string, string>();
  for (const file of names) {
    const { outputFiles } = await build({
      entryPoints: [join(CLIENT, file)],
      bundle: true,
      minify: true,
      format: "iife",
      target: "es2022",
      charset: "utf8",
      write: false,
      logLevel: "error",
      tsconfigRaw: {},
    });
    const text = outputFiles[0]?.text ?? "";
    const name = file.replace(/\.ts$/, "");
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
    texts.set(
      name,
      `/** Made by \`npm run client\` from src/web/client/${file}: change that one. */\n\n` +
        `export const ${name}Script = {\n  hash: ${JSON.stringify(hash)},\n  text: ${JSON.stringify(text)},\n};\n`,
    );
  }
  return texts;
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of await compileScripts()) await writeFile(join(ROOT, "src/web/scripts", `${name}.ts`), text);
}
