/** Reads the tables of faults and threats out of their pages: what they promise is what is run. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Proof {
  file: string;
  /** Part of the test's full name. */
  name: string;
}

export interface Row {
  /** `F1`, `T1` */
  row: string;
  what: string;
  proofs: Proof[];
}

export const INSTALL = join(import.meta.dirname, "../..");

export function readTable(page: "faults" | "threats"): Row[] {
  const text = readFileSync(join(INSTALL, "docs", `${page}.md`), "utf8");
  return text.split("\n").flatMap((line) => {
    const [row, what, , proved = ""] = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (row === undefined || what === undefined || !/^[FT]\d+$/.test(row)) return [];
    const proofs = [...proved.matchAll(/`([^`]+\.test\.tsx?)`: (.*?)(?=(?:,? and |<br>)`[^`]+\.test\.|$)/g)];
    return [{ row, what, proofs: proofs.map(([, file = "", name = ""]) => ({ file, name: name.trim() })) }];
  });
}
