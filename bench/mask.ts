/** What masking costs a log: 50 secrets against none, in the code that every byte passes, as a ratio on this machine. */

import { setImmediate } from "node:timers/promises";

import { createMask } from "../src/logs/mask.ts";
import { processLog } from "../src/logs/process.ts";
import type { LogCarry } from "../src/logs/stream.ts";
import type { Bench } from "./bench.ts";
import { median, type Figure, type Part } from "./figures.ts";

const MB = 1_000_000;
const BYTES = 48 * MB;
/** As much as one poll of a sandbox brings. */
const CHUNK_BYTES = 4 * 1024 * 1024;
const SECRETS = 50;

const PLAIN = "2026-11-22T07:00:00.000Z info  GET /api/items?page=17 200 in 12 ms, 4,711 rows of 8,192 looked at\n";
const COLOURED =
  "\u001B[2m07:00:00\u001B[0m \u001B[32minfo\u001B[39m  GET \u001B[1m/api/items\u001B[22m 200 in 12 ms\n";

export async function measureMask(bench: Bench, signal: AbortSignal): Promise<Part> {
  const figures: Figure[] = [];
  const raw: Record<string, { none: number; many: number }[]> = {};
  for (const [what, line] of [
    ["plain", PLAIN],
    ["coloured", COLOURED],
  ] as const) {
    const log = Buffer.from(line.repeat(Math.ceil(BYTES / line.length))).subarray(0, BYTES);
    const pairs: { none: number; many: number }[] = [];
    for (let round = 0; round < bench.rounds && !signal.aborted; round += 1) {
      pairs.push({ none: passMs(log, 0), many: passMs(log, SECRETS) });
      await setImmediate();
    }
    raw[what] = pairs;
    const ratio = median(pairs.map(({ none, many }) => none / many));
    const speed = (ms: number) => `${(BYTES / MB / (ms / 1000)).toFixed(0)} MB/s`;
    figures.push({
      part: "i",
      what: `throughput of a ${what} log, ${SECRETS} secrets ÷ none`,
      aim: what === "plain" ? "≥ 0.5" : null,
      value: ratio,
      unit: "×",
      note: `${speed(median(pairs.map(({ many }) => many)))} and ${speed(median(pairs.map(({ none }) => none)))}; n = ${pairs.length}`,
    });
    bench.say(`mask: ${what}, ${ratio.toFixed(2)}`);
  }
  return { figures, broken: [], raw };
}

/** Everything between a sandbox and the stored log that happens in our own code. */
function passMs(log: Uint8Array, secrets: number): number {
  const masks = createMask(Array.from({ length: secrets }, (_, index) => secretOf(index)));
  const startedAt = performance.now();
  let carry: LogCarry | null = null;
  for (let at = 0; at < log.length;) {
    const to = Math.min(log.length, at + CHUNK_BYTES);
    const done = processLog({ bytes: log.subarray(at, to), final: to === log.length, masks, carry });
    carry = done.carry;
    at += done.consumed;
  }
  return performance.now() - startedAt;
}

/** Of the length of GitHub's tokens, and never the same letters twice in a row. */
function secretOf(index: number): string {
  return Array.from({ length: 40 }, (_, at) =>
    ((((index + 1) * (at + 7) * 2_654_435_761) % 36) >>> 0).toString(36),
  ).join("");
}
