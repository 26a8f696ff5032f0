/** Part d: many webhooks at once. Each is acknowledged soon, becomes one build, and that build runs once. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Bench } from "./bench.ts";
import { median, type Part, percentile } from "./figures.ts";
import { type BenchRepository, BenchSandlot, type Pushed } from "./sandlot.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const WEBHOOKS = 200;
const IN_FLIGHT = 16;
const SANDBOXES = 4;

interface Fate extends Pushed {
  sha: string;
  builds: number;
  /** Statuses that are not pending, and what the last one was. */
  finals: number;
  last: string | null;
  /** How often its step ran. */
  runs: number;
}

export async function measureBurst(bench: Bench, signal: AbortSignal): Promise<Part> {
  await using folder = await temporaryFolder();
  // Each build writes its commit here: nothing else knows how often a step really ran.
  const ledger = join(folder.path, "ledger");
  await using sandlot = await BenchSandlot.start({ install: bench.install, maxSandboxes: SANDBOXES }, signal);
  const repository = await sandlot.createRepository("burst", { ".sandlot/workflows/ci.yml": workflowOf(ledger) });
  const shas: string[] = [];
  while (shas.length < WEBHOOKS) shas.push(await sandlot.commit(repository));
  bench.say(`burst: ${WEBHOOKS} webhooks, ${IN_FLIGHT} in flight`);
  const startedAt = Date.now();
  const pushed = await pushAll(sandlot, repository, shas);
  bench.say("burst: all acknowledged");
  const drained = await drain(sandlot, shas, signal);
  const fates = await tellFates(sandlot, pushed, await readFile(ledger, "utf8").catch(() => ""));
  return describe(fates, { startedAt, drained });
}

function workflowOf(ledger: string): string {
  return `name: CI\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo "$GITHUB_SHA" >>${ledger}\n`;
}

async function pushAll(
  sandlot: BenchSandlot,
  repository: BenchRepository,
  shas: readonly string[],
): Promise<(Pushed & { sha: string })[]> {
  const waiting = [...shas];
  const pushed: (Pushed & { sha: string })[] = [];
  const sender = async () => {
    for (let sha = waiting.shift(); sha !== undefined; sha = waiting.shift()) {
      pushed.push({ sha, ...(await sandlot.push(repository, sha)) });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  return pushed;
}

/** False where the time was over before every commit had its last word. */
async function drain(sandlot: BenchSandlot, shas: readonly string[], signal: AbortSignal): Promise<boolean> {
  try {
    for (const sha of shas) await sandlot.finalOf(sha);
    await sandlot.settled();
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

async function tellFates(
  sandlot: BenchSandlot,
  pushed: readonly (Pushed & { sha: string })[],
  ledger: string,
): Promise<Fate[]> {
  const lines = ledger.split("\n");
  const fates: Fate[] = [];
  for (const one of pushed) {
    const finals = sandlot.statusesOf(one.sha).filter(({ state }) => state !== "pending");
    const { workflows } = await sandlot.api.readDelivery(one.deliveryId);
    fates.push({
      ...one,
      builds: workflows.filter(({ buildId }) => buildId !== null).length,
      finals: finals.length,
      last: finals.at(-1)?.state ?? null,
      runs: lines.filter((line) => line === one.sha).length,
    });
  }
  return fates;
}

function describe(fates: readonly Fate[], { startedAt, drained }: { startedAt: number; drained: boolean }): Part {
  const acks = fates.map(({ ackMs }) => ackMs);
  const lost = fates.filter(({ status, last, runs }) => status !== 202 || last !== "success" || runs === 0);
  const doubled = fates.filter(({ builds, finals, runs }) => builds > 1 || finals > 1 || runs > 1);
  const last = Math.max(...fates.map(({ sentAt, ackMs }) => sentAt + ackMs));
  const count = (what: string, aim: string, value: number, note = "") => ({
    part: "d",
    what,
    aim,
    value,
    unit: "",
    note,
  });
  return {
    figures: [
      {
        part: "d",
        what: `acknowledgement of ${WEBHOOKS} webhooks, ${IN_FLIGHT} in flight, p99`,
        aim: "< 1000 ms",
        value: percentile(acks, 99),
        unit: "ms",
        note: `median ${median(acks).toFixed(0)} ms, slowest ${Math.max(...acks)} ms; all sent in ${((last - startedAt) / 1000).toFixed(1)} s`,
      },
      count("drained", String(WEBHOOKS), fates.length - lost.length, `${SANDBOXES} sandboxes at once`),
      count("lost", "0", lost.length),
      count("doubled", "0", doubled.length, "builds, final statuses or runs of the step"),
    ],
    broken: [
      ...(drained ? [] : ["the burst was not drained within the part's time"]),
      ...(lost.length > 0 ? [`${lost.length} webhooks were lost: ${lost[0]?.deliveryId}, …`] : []),
      ...(doubled.length > 0 ? [`${doubled.length} webhooks were doubled: ${doubled[0]?.deliveryId}, …`] : []),
    ],
    raw: fates,
  };
}
