/** Part e: what a build costs, as the test counts it that holds us to it. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Bench } from "./bench.ts";
import type { Figure, Part } from "./figures.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const TEST = "test/worker/river/bill.test.ts";

const NAMES = {
  d1RowsWritten: "D1 rows written by a build of one step",
  r2ClassA: "R2 class A operations",
  r2ClassB: "R2 class B operations",
  queueMessages: "queue messages",
} as const;

interface Report {
  testResults: { assertionResults: { meta: { spent?: Counted; budget?: Partial<Counted> } }[] }[];
}
type Counted = Record<keyof typeof NAMES, number>;

export async function measureBill({ install }: Bench, signal: AbortSignal): Promise<Part> {
  await using folder = await temporaryFolder();
  const report = join(folder.path, "report.json");
  const args = ["run", "--project", "worker", "--reporter=json", `--outputFile=${report}`, TEST];
  const vitest = spawn(process.execPath, [join(install, "node_modules/vitest/vitest.mjs"), ...args], {
    cwd: install,
    stdio: "ignore",
    signal,
  });
  // It ends with 1 where the budget is exceeded: that is a figure, too.
  await once(vitest, "exit");
  const { testResults } = JSON.parse(await readFile(report, "utf8")) as Report;
  const [meta] = testResults.flatMap((file) => file.assertionResults.map((test) => test.meta));
  const { spent, budget = {} } = meta ?? {};
  if (spent === undefined) throw new Error(`${TEST} counted nothing: run it by itself`);
  const figures = Object.entries(NAMES).map(([key, what]): Figure => {
    const kind = key as keyof Counted;
    const aim = budget[kind] === undefined ? null : `≤ ${budget[kind]}`;
    return { part: "e", what, aim, value: spent[kind], unit: "", note: "" };
  });
  return { figures, broken: [], raw: { spent, budget } };
}
