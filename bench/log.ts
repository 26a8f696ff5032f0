/** Part c: a large log from the step that prints it to where it is kept, and back through the API. */

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { ApiError } from "../src/cli/api-client.ts";
import type { BuildView } from "../src/model/api.ts";
import type { Bench } from "./bench.ts";
import { type Figure, median, type Part } from "./figures.ts";
import { runToFile } from "./floor.ts";
import { peakOfTree, resetPeaks } from "./process-tree.ts";
import { BenchSandlot } from "./sandlot.ts";

const MB = 1_000_000;
const SMALL_BYTES = 100 * MB;
const LARGE_BYTES = 1000 * MB;
const MAX_LOG_BYTES = 2 ** 31;
const MAX_ROUNDS = 3;
const LINE = `${"all work and no play makes a log of one hundred bytes in a line, ".repeat(2).slice(0, 99)}\n`;
/** Sandlot's own words on a step end here. */
const HEADER_END = "##[endgroup]\n";
const LOOK_EVERY_MS = 50;

interface Passed {
  bytes: number;
  /** From the step's start until its log is in the LogStream, and until it is in R2. */
  streamedMs: number;
  storedMs: number;
  readMs: number;
  isSame: boolean;
  /** How often the API had to be asked again: the connection broke, or the answer was a 5xx. */
  lostAnswers: number;
}

interface Measured {
  rounds: { floorMs: number; small: Passed }[];
  large: Passed | null;
  /** Bytes; from a fresh start each, and after a warm-up. */
  peaks: { small: number; large: number | null };
}

export async function measureLog(bench: Bench, signal: AbortSignal): Promise<Part> {
  const { rounds, small } = await passSmall(bench, signal);
  const measured: Measured = { rounds, large: null, peaks: { small, large: null } };
  let stopped = "";
  try {
    const passed = await passLarge(bench, signal);
    measured.large = passed.log;
    measured.peaks.large = passed.peak;
  } catch (error) {
    if (!signal.aborted) throw error;
    stopped = "1 GB did not pass within the part's time";
  }
  return { figures: figuresOf(measured), broken: brokenIn(measured, stopped), raw: measured };
}

async function passSmall(bench: Bench, signal: AbortSignal): Promise<{ rounds: Measured["rounds"]; small: number }> {
  await using sandlot = await startWarm(bench, signal);
  const rounds: Measured["rounds"] = [];
  let peak = 0;
  const wanted = Math.min(bench.rounds, MAX_ROUNDS);
  for (let round = 1; round <= wanted; round += 1) {
    const floor = await runToFile(scriptOf(SMALL_BYTES), signal);
    rounds.push({ floorMs: floor.wallMs, small: await passLog(sandlot, SMALL_BYTES, signal) });
    // Only the first has a fresh start, as the large one has.
    if (round === 1) peak = peakOfTree(sandlot.pid);
    bench.say(`log: 100 MB, round ${round} of ${wanted}`);
  }
  return { rounds, small: peak };
}

async function passLarge(bench: Bench, signal: AbortSignal): Promise<{ log: Passed; peak: number }> {
  await using sandlot = await startWarm(bench, signal);
  const log = await passLog(sandlot, LARGE_BYTES, signal);
  bench.say("log: 1 GB");
  return { log, peak: peakOfTree(sandlot.pid) };
}

/** What bundling and starting took of memory is not counted. */
async function startWarm({ install }: Bench, signal: AbortSignal): Promise<BenchSandlot> {
  const sandlot = await BenchSandlot.start({ install, maxSandboxes: 1, maxLogBytes: MAX_LOG_BYTES }, signal);
  try {
    await passLog(sandlot, MB, signal);
    resetPeaks(sandlot.pid);
    return sandlot;
  } catch (error) {
    await sandlot[Symbol.asyncDispose]();
    throw error;
  }
}

function scriptOf(bytes: number): string {
  return `yes '${LINE.trimEnd()}' | head -c ${bytes}`;
}

async function passLog(sandlot: BenchSandlot, bytes: number, signal: AbortSignal): Promise<Passed> {
  const name = `log-${Math.random().toString(36).slice(2)}`;
  const workflow = `name: CI\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ${scriptOf(bytes)}\n`;
  const repository = await sandlot.createRepository(name, { ".sandlot/workflows/ci.yml": workflow });
  const sha = await sandlot.commit(repository);
  const { deliveryId } = await sandlot.push(repository, sha);
  await sandlot.succeeded(sha);
  const patience = new Patience(signal);
  const { workflows } = await patience.until(() => sandlot.api.readDelivery(deliveryId));
  const build = await patience.until(() => sandlot.api.readBuild(workflows[0]?.buildId ?? ""));
  const { path, step } = onlyStep(build);
  const storedAt = await waitUntilStored(sandlot, path, patience);
  const readFrom = performance.now();
  const isSame = await isLogOf(bytes, readLog(sandlot, path, step.logFrom, patience));
  return {
    bytes,
    streamedMs: (step.completedAt ?? Number.NaN) - step.startedAt,
    storedMs: storedAt - step.startedAt,
    readMs: performance.now() - readFrom,
    isSame,
    lostAnswers: patience.lost,
  };
}

/** Asks again where no answer comes, as a client has to, and counts it. */
class Patience {
  lost = 0;
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  async until<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (this.signal.aborted || (error instanceof ApiError && error.status < 500)) throw error;
        this.lost += 1;
        await sleep(LOOK_EVERY_MS, undefined, { signal: this.signal });
      }
    }
  }
}

function onlyStep(build: BuildView): { path: string; step: BuildView["jobs"][number]["steps"][number] } {
  const [job] = build.jobs;
  const [step] = job?.steps ?? [];
  if (job === undefined || step === undefined) throw new Error(`build ${build.id} has no step`);
  return { path: `/api/builds/${build.id}/jobs/${job.id}/log`, step };
}

/** Throws where the answer is none. */
async function ask(sandlot: BenchSandlot, path: string, signal: AbortSignal, headers = {}): Promise<Response> {
  const authorization = `Bearer ${sandlot.facts.apiToken}`;
  const answer = await fetch(new URL(path, sandlot.facts.url), { headers: { authorization, ...headers }, signal });
  if (!answer.ok) throw new ApiError(answer.status, await answer.text());
  return answer;
}

/** Only what is archived is served in ranges. */
async function waitUntilStored(sandlot: BenchSandlot, path: string, patience: Patience): Promise<number> {
  for (;;) {
    const status = await patience.until(async () => {
      const answer = await ask(sandlot, path, patience.signal, { range: "bytes=0-0" });
      await answer.body?.cancel();
      return answer.status;
    });
    if (status === 206) return Date.now();
    await sleep(LOOK_EVERY_MS, undefined, { signal: patience.signal });
  }
}

/** From a byte on to the end; where the connection breaks it goes on from there, and that is counted. */
async function* readLog(
  sandlot: BenchSandlot,
  path: string,
  from: number,
  patience: Patience,
): AsyncGenerator<Uint8Array> {
  for (let at = from; ;) {
    const answer = await patience.until(() => ask(sandlot, `${path}?from=${at}`, patience.signal));
    try {
      for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
        at += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (patience.signal.aborted) throw error;
      patience.lost += 1;
    }
  }
}

/** Whether what is read is Sandlot's header and then, to the last byte, what the step printed. */
async function isLogOf(bytes: number, log: AsyncIterable<Uint8Array>): Promise<boolean> {
  const hash = createHash("sha256");
  let header = Buffer.alloc(0);
  let inHeader = true;
  let length = 0;
  for await (const chunk of log) {
    let printed = Buffer.from(chunk);
    if (inHeader) {
      header = Buffer.concat([header, printed]);
      const end = header.indexOf(HEADER_END);
      if (end < 0) continue;
      printed = header.subarray(end + HEADER_END.length);
      inHeader = false;
    }
    hash.update(printed);
    length += printed.length;
  }
  return length === bytes && hash.digest("hex") === printedHash(bytes);
}

function printedHash(bytes: number): string {
  const hash = createHash("sha256");
  const block = Buffer.from(LINE.repeat(MB / LINE.length));
  for (let at = 0; at < bytes; at += block.length) hash.update(block.subarray(0, bytes - at));
  return hash.digest("hex");
}

function figuresOf({ rounds, large, peaks }: Measured): Figure[] {
  const mid = (pick: (round: Measured["rounds"][number]) => number) => median(rounds.map(pick));
  const speed = ({ bytes, storedMs }: Passed) => bytes / MB / (storedMs / 1000);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const figures: Figure[] = [
    {
      part: "c",
      what: "100 MB of log, from the step's start to stored in R2",
      aim: "≥ 15 MB/s",
      value: mid((round) => speed(round.small)),
      unit: "MB/s",
      note: `${seconds(mid((round) => round.small.streamedMs))} to the LogStream, ${seconds(mid((round) => round.small.storedMs))} to R2, ${seconds(mid((round) => round.small.readMs))} to read it back; n = ${rounds.length}`,
    },
    {
      part: "c",
      what: "the same ÷ bash > file",
      aim: null,
      value: mid((round) => round.small.storedMs / round.floorMs),
      unit: "×",
      note: `${seconds(mid((round) => round.floorMs))} for the file`,
    },
  ];
  const lost = [...rounds.map((round) => round.small), ...(large === null ? [] : [large])];
  figures.push({
    part: "c",
    what: "API answers lost meanwhile",
    aim: "0",
    value: lost.reduce((sum, { lostAnswers }) => sum + lostAnswers, 0),
    unit: "",
    note: "",
  });
  if (large === null || peaks.large === null) return figures;
  const gb = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
  return [
    ...figures,
    {
      part: "c",
      what: "peak memory of our processes, 1 GB of log ÷ 100 MB",
      aim: "≤ 1.2",
      value: peaks.large / peaks.small,
      unit: "×",
      note: `${gb(peaks.large)} ÷ ${gb(peaks.small)}; 1 GB at ${speed(large).toFixed(1)} MB/s; n = 1`,
    },
  ];
}

function brokenIn({ rounds, large }: Measured, stopped: string): string[] {
  const passed = [...rounds.map((round) => round.small), ...(large === null ? [] : [large])];
  const differ = passed
    .filter(({ isSame }) => !isSame)
    .map(({ bytes }) => `a log of ${bytes / MB} MB differs when read`);
  return stopped === "" ? differ : [...differ, stopped];
}
