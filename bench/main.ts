/** `npm run bench [-- a b c …] [--json FILE] [--rounds N]`: measures Sandlot on this machine and says what was aimed at. Asserts no time. */

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";

import { measureActions } from "./actions.ts";
import type { Bench } from "./bench.ts";
import { measureBill } from "./bill.ts";
import { measureBurst } from "./burst.ts";
import { measureCaches } from "./caches.ts";
import { measureCheck } from "./check.ts";
import { describeMachine, drawTable, type Part } from "./figures.ts";
import { measureLog } from "./log.ts";
import { measureMask } from "./mask.ts";
import { measureLogPage } from "./log-page.ts";
import { measureStorm } from "./storm.ts";
import { cpuOfSteps, measureSteps, timeOfSteps } from "./steps.ts";

const MINUTE = 60_000;
const DEFAULT_ROUNDS = 5;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

interface Measure {
  /** Those of `a` to `k` that it answers. */
  parts: readonly string[];
  limitMs: number;
  measure: (bench: Bench, signal: AbortSignal) => Promise<Record<string, Part>>;
}

const MEASURES: readonly Measure[] = [
  {
    parts: ["a", "b"],
    limitMs: 10 * MINUTE,
    measure: async (bench, signal) => {
      const measured = await measureSteps(bench, signal);
      return { a: timeOfSteps(measured), b: cpuOfSteps(measured) };
    },
  },
  { parts: ["c"], limitMs: 15 * MINUTE, measure: async (bench, signal) => ({ c: await measureLog(bench, signal) }) },
  { parts: ["d"], limitMs: 10 * MINUTE, measure: async (bench, signal) => ({ d: await measureBurst(bench, signal) }) },
  { parts: ["e"], limitMs: 3 * MINUTE, measure: async (bench, signal) => ({ e: await measureBill(bench, signal) }) },
  { parts: ["f"], limitMs: 3 * MINUTE, measure: async (bench, signal) => ({ f: await measureCheck(bench, signal) }) },
  { parts: ["g"], limitMs: 10 * MINUTE, measure: async (bench, signal) => ({ g: await measureCaches(bench, signal) }) },
  {
    parts: ["h"],
    limitMs: 10 * MINUTE,
    measure: async (bench, signal) => ({ h: await measureLogPage(bench, signal) }),
  },
  { parts: ["j"], limitMs: 30 * MINUTE, measure: async (bench, signal) => ({ j: await measureStorm(bench, signal) }) },
  { parts: ["i"], limitMs: 3 * MINUTE, measure: async (bench, signal) => ({ i: await measureMask(bench, signal) }) },
  { parts: ["k"], limitMs: 5 * MINUTE, measure: async (bench, signal) => ({ k: await measureActions(bench, signal) }) },
];

interface Options {
  parts: string[];
  json: string | null;
  rounds: number;
}

/** Throws where the words make no sense. */
function readOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "string" }, rounds: { type: "string", default: String(DEFAULT_ROUNDS) } },
  });
  const known = MEASURES.flatMap(({ parts }) => parts);
  const unknown = positionals.find((part) => !known.includes(part));
  if (unknown !== undefined) throw new Error(`There is no part ${unknown}: ${known.join(", ")}`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number from 1`);
  return { parts: positionals.length === 0 ? known : positionals, json: values.json ?? null, rounds };
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

async function run({ parts, json, rounds }: Options, stop: AbortSignal): Promise<number> {
  const install = join(import.meta.dirname, "..");
  say("bundling what changed …");
  await promisify(execFile)(process.execPath, [join(install, "scripts/build-cli.mjs")]);
  const before = describeMachine();
  const done: Record<string, Part> = {};
  const broken: string[] = [];
  for (const { measure, limitMs, parts: own } of MEASURES) {
    if (!own.some((part) => parts.includes(part)) || stop.aborted) continue;
    try {
      Object.assign(
        done,
        await measure({ install, rounds, say }, AbortSignal.any([stop, AbortSignal.timeout(limitMs)])),
      );
    } catch (error) {
      broken.push(`${own.join(", ")}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const asked = parts.toSorted().flatMap((part) => done[part] ?? []);
  broken.push(...asked.flatMap((part) => part.broken));
  const machine = { ...before, loadAfter: describeMachine()["load"] };
  console.log(drawTable(asked.flatMap((part) => part.figures)));
  console.log(
    `\n${Object.entries(machine)
      .map(([key, value]) => `${key}: ${value}`)
      .join(", ")}`,
  );
  console.log("On a machine that others use too, trust the ratios: absolute times are noise.");
  for (const problem of broken) console.log(`BROKEN ${problem}`);
  if (json !== null)
    await writeFile(json, `${JSON.stringify({ at: Date.now(), machine, rounds, broken, parts: done }, null, 2)}\n`);
  if (stop.aborted) return EXIT_INTERRUPTED;
  return broken.length > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  if (process.platform !== "linux") throw new Error("The bench reads /proc: it needs Linux.");
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => interrupted.abort(new Error("interrupted")));
  return await run(readOptions(process.argv.slice(2)), interrupted.signal);
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = EXIT_USAGE;
}
