/** Reads the real workflow files that lie beside the repository on the founders' machine; none is copied into it. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../../../shared/corpus");

/** Empty where the folder is missing, and says so. */
export function readCorpus(): { name: string; text: string }[] {
  if (!existsSync(FOLDER)) {
    console.warn(`${FOLDER} is not here: the tests over real workflow files find none`);
    return [];
  }
  return readdirSync(FOLDER)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(FOLDER, name), "utf8") }));
}
