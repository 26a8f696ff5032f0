/** The table of faults is true: each row has tests that exist, and what would be taken out of the source is there. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { INSTALL, readTable } from "../faults/tables.ts";
import { NOT_ONE_PLACE, WITHOUT_THREATS } from "../faults/without-threats.ts";
import { NOT_OURS, WITHOUT } from "../faults/without.ts";

const rows = readTable("faults");
const read = (file: string) => readFileSync(join(INSTALL, file), "utf8");

describe("the table of faults", () => {
  it("has every row from F1 to F30, each with tests that exist", () => {
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 30 }, (_, index) => `F${index + 1}`));
    for (const { row, proofs } of rows) {
      expect(proofs.length, row).toBeGreaterThan(0);
      for (const { file, name } of proofs) expect(read(file), row).toContain(name);
    }
  });

  it("says of each row what to take out, or why there is nothing", () => {
    const removed = { ...WITHOUT, ...WITHOUT_THREATS };
    const kept = { ...NOT_OURS, ...NOT_ONE_PLACE };
    for (const { row } of [...rows, ...readTable("threats")]) expect(row in removed !== row in kept, row).toBe(true);
    for (const [row, removals] of Object.entries(removed)) {
      for (const { file, search } of removals) expect(read(file).split(search).length, `${row}: ${search}`).toBe(2);
    }
  });

  it("reads the table of threats too", () => {
    const threats = readTable("threats");
    expect(threats.length).toBeGreaterThanOrEqual(28);
    for (const { row, proofs } of threats) {
      expect(proofs.length, row).toBeGreaterThan(0);
      for (const { file, name } of proofs) expect(read(file), row).toContain(name.split(" > ").at(-1));
    }
  });
});
