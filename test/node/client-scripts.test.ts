/** Holds the committed scripts of the pages to their sources. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { compileScripts } from "../../scripts/build-client.ts";

const ROOT = join(import.meta.dirname, "../..");

it("serves what `npm run client` makes of the sources", async () => {
  for (const [name, text] of await compileScripts()) {
    expect(readFileSync(join(ROOT, "src/web/scripts", `${name}.ts`), "utf8"), name).toBe(text);
  }
});
