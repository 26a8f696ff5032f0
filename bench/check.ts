/** Part f: how long `sandlot check` takes over real workflow files, as `npm run corpus` measures it. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import type { Bench } from "./bench.ts";
import type { Figure, Part } from "./figures.ts";

const MAX_REPORT_BYTES = 16 * 2 ** 20;

interface Report {
  files: { all: number };
  ms: { p50: number; p99: number; max: number };
}

export async function measureCheck(bench: Bench, signal: AbortSignal): Promise<Part> {
  bench.say("check: the files of ../shared/corpus");
  const script = join(bench.install, "scripts/corpus.mjs");
  const options = { cwd: bench.install, signal, maxBuffer: MAX_REPORT_BYTES };
  const { stdout } = await promisify(execFile)(process.execPath, [script, "--json"], options);
  // Where there is no corpus, one sentence says so.
  if (!stdout.startsWith("{")) throw new Error(stdout.trim());
  const { files, ms } = JSON.parse(stdout) as Report;
  const figure = (of: keyof Report["ms"], aim: string | null): Figure => ({
    part: "f",
    what: `reading and planning a workflow file, ${of}`,
    aim,
    value: ms[of],
    unit: "ms",
    note: `${files.all} files`,
  });
  return { figures: [figure("p50", null), figure("p99", "≤ 300 ms"), figure("max", null)], broken: [], raw: ms };
}
