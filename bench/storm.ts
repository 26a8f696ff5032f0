/** Part j: a thousand webhooks while earlier ones build, and the Worker killed midway. None is lost, none is built twice. */

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Bench } from "./bench.ts";
import { median, type Part, percentile } from "./figures.ts";
import { killWorker, residentOf } from "./kill-worker.ts";
import { type BenchRepository, BenchSandlot } from "./sandlot.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const IN_FLIGHT = 16;
const SANDBOXES = 4;
/** When memory is first looked at, and what it may grow by until the end. */
const EARLY = 100;
const MAX_GROWTH = 1.2;
const RETRY_MS = 500;
const MIB = 1024 * 1024;

interface Sent {
  sha: string;
  deliveryId: string;
  /** Of the try that was answered with 202. */
  ackMs: number;
  tries: number;
}

interface Fate extends Sent {
  builds: number;
  last: string | null;
  runs: number;
}

interface Memory {
  own: number;
  workerd: number;
}

export async function measureStorm(bench: Bench, signal: AbortSignal, webhooks = 1000): Promise<Part> {
  await using folder = await temporaryFolder();
  const ledger = join(folder.path, "ledger");
  await using sandlot = await BenchSandlot.start({ install: bench.install, maxSandboxes: SANDBOXES }, signal);
  const step = `name: CI\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo "$GITHUB_SHA" >>${ledger}\n`;
  const repository = await sandlot.createRepository("storm", { ".sandlot/workflows/ci.yml": step });
  const shas: string[] = [];
  while (shas.length < webhooks) shas.push(await sandlot.commit(repository));
  bench.say(`storm: ${webhooks} webhooks, ${IN_FLIGHT} in flight, one kill -9 midway`);
  const early = watchMemory(sandlot, shas, Math.min(EARLY, webhooks / 2));
  const sent = await sendAll(sandlot, repository, shas);
  bench.say("storm: all acknowledged");
  for (const [index, sha] of shas.entries()) {
    await sandlot.finalOf(sha);
    if (index % 100 === 99) bench.say(`storm: ${index + 1} have their last word`);
  }
  await sandlot.settled();
  const memory = { early: await early, late: residentOf(sandlot.pid) };
  return describe(await tellFates(sandlot, sent, await readFile(ledger, "utf8")), memory);
}

/** Once so many commits have their last word. */
async function watchMemory(sandlot: BenchSandlot, shas: readonly string[], count: number): Promise<Memory> {
  for (const sha of shas.slice(0, count)) await sandlot.finalOf(sha);
  return residentOf(sandlot.pid);
}

async function sendAll(sandlot: BenchSandlot, repository: BenchRepository, shas: readonly string[]): Promise<Sent[]> {
  const waiting = [...shas];
  const sent: Sent[] = [];
  let killed = false;
  const sender = async () => {
    for (let sha = waiting.shift(); sha !== undefined; sha = waiting.shift()) {
      sent.push(await send(sandlot, repository, sha));
      if (killed || sent.length < shas.length / 2) continue;
      killed = true;
      killWorker(sandlot.pid);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  return sent;
}

/** What nobody took is sent again under the same id, as GitHub does when the sweep asks for it. */
async function send(sandlot: BenchSandlot, repository: BenchRepository, sha: string): Promise<Sent> {
  const deliveryId = randomUUID();
  for (let tries = 1; ; tries += 1) {
    const pushed = await sandlot.push(repository, sha, deliveryId).catch(() => null);
    if (pushed?.status === 202) return { sha, deliveryId, ackMs: pushed.ackMs, tries };
    await sleep(RETRY_MS);
  }
}

async function tellFates(sandlot: BenchSandlot, sent: readonly Sent[], ledger: string): Promise<Fate[]> {
  const runs = new Map<string, number>();
  for (const line of ledger.split("\n")) runs.set(line, (runs.get(line) ?? 0) + 1);
  const fates: Fate[] = [];
  for (const one of sent) {
    const { workflows } = await sandlot.api.readDelivery(one.deliveryId);
    fates.push({
      ...one,
      builds: workflows.filter(({ buildId }) => buildId !== null).length,
      last: sandlot.statusesOf(one.sha).at(-1)?.state ?? null,
      runs: runs.get(one.sha) ?? 0,
    });
  }
  return fates;
}

function describe(fates: readonly Fate[], memory: { early: Memory; late: Memory }): Part {
  const acks = fates.map(({ ackMs }) => ackMs);
  const lost = fates.filter(({ last, runs }) => last !== "success" || runs === 0);
  const doubled = fates.filter(({ builds, runs }) => builds !== 1 || runs > 1);
  const growth = memory.late.own / memory.early.own;
  const again = fates.filter(({ tries }) => tries > 1).length;
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;
  const figure = (what: string, aim: string, value: number, unit: string, note: string) => ({
    part: "j",
    what,
    aim,
    value,
    unit,
    note,
  });
  return {
    figures: [
      figure(
        `acknowledgement of ${fates.length} webhooks, p99`,
        "< 1000 ms",
        percentile(acks, 99),
        "ms",
        `median ${median(acks).toFixed(0)} ms; ${again} were sent again after the kill`,
      ),
      figure("builds with their right last word", String(fates.length), fates.length - lost.length, "", ""),
      figure("lost", "0", lost.length, "", ""),
      figure("doubled", "0", doubled.length, "", "builds or runs of the step"),
      figure(
        "our own memory, at the end to early",
        `<= ${MAX_GROWTH}`,
        growth,
        "x",
        `${mib(memory.early.own)}, then ${mib(memory.late.own)}; workerd ${mib(memory.early.workerd)}, then ${mib(memory.late.workerd)}`,
      ),
    ],
    broken: [
      ...(lost.length > 0 ? [`${lost.length} webhooks were lost: ${lost[0]?.deliveryId}, …`] : []),
      ...(doubled.length > 0 ? [`${doubled.length} webhooks were doubled: ${doubled[0]?.deliveryId}, …`] : []),
    ],
    raw: { fates, memory },
  };
}
