/** Parts a and b: what a build and each of its steps cost, beside a shell that does the same. */

import { setTimeout as sleep } from "node:timers/promises";

import type { Bench } from "./bench.ts";
import { type Figure, median, type Part } from "./figures.ts";
import { type Floor, runFloor } from "./floor.ts";
import { cpuOfTree } from "./process-tree.ts";
import { type BenchRepository, BenchSandlot } from "./sandlot.ts";

const STEPS = [1, 10, 50] as const;
type Steps = (typeof STEPS)[number];

/** After the last sandbox is gone: the log's archive, the token's end, the last rows. */
const CALM_MS = 400;

interface Round {
  steps: Steps;
  floor: Floor;
  sandlot: { finalMs: number; pendingMs: number; ackMs: number; cpuMs: number };
}

export interface StepsMeasured {
  rounds: Round[];
  idleCpuMsPerSecond: number;
}

/** Stops early, with what it has, when its time is over. Throws where that is nothing. */
export async function measureSteps(bench: Bench, signal: AbortSignal): Promise<StepsMeasured> {
  const { install, rounds } = bench;
  await using sandlot = await BenchSandlot.start({ install, maxSandboxes: 2 }, signal);
  const repositories = new Map<Steps, BenchRepository>();
  for (const steps of STEPS) {
    repositories.set(steps, await sandlot.createRepository(`steps-${steps}`, filesWith(scriptsOf(steps))));
  }
  const measured: StepsMeasured = { rounds: [], idleCpuMsPerSecond: await measureIdle(sandlot) };
  try {
    // The first is not counted: nothing is compiled or in memory yet.
    for (let round = 0; round <= rounds; round += 1) {
      for (const [steps, repository] of repositories) {
        const one = await measureRound(sandlot, { steps, repository, floorFirst: round % 2 === 0 }, signal);
        if (round > 0) measured.rounds.push(one);
      }
      bench.say(`steps: round ${round} of ${rounds}`);
    }
  } catch (error) {
    if (!signal.aborted || measured.rounds.length < STEPS.length) throw error;
  }
  return measured;
}

async function measureIdle(sandlot: BenchSandlot): Promise<number> {
  const windowMs = 2000;
  const before = cpuOfTree(sandlot.pid);
  await sleep(windowMs);
  return ((cpuOfTree(sandlot.pid) - before) * 1000) / windowMs;
}

async function measureRound(
  sandlot: BenchSandlot,
  { steps, repository, floorFirst }: { steps: Steps; repository: BenchRepository; floorFirst: boolean },
  signal: AbortSignal,
): Promise<Round> {
  const sha = await sandlot.commit(repository);
  const floor = () => runFloor(repository.cloneUrl, scriptsOf(steps), signal);
  const before = floorFirst ? await floor() : null;
  const built = await measureBuild(sandlot, repository, sha);
  return { steps, floor: before ?? (await floor()), sandlot: built };
}

async function measureBuild(
  sandlot: BenchSandlot,
  repository: BenchRepository,
  sha: string,
): Promise<Round["sandlot"]> {
  const cpuBefore = cpuOfTree(sandlot.pid);
  const { sentAt, ackMs } = await sandlot.push(repository, sha);
  const final = await sandlot.succeeded(sha);
  await sandlot.settled();
  await sleep(CALM_MS);
  const pendingAt = sandlot.statusesOf(sha)[0]?.at ?? Number.NaN;
  const cpuMs = cpuOfTree(sandlot.pid) - cpuBefore;
  return { finalMs: final.at - sentAt, pendingMs: pendingAt - sentAt, ackMs, cpuMs };
}

function scriptsOf(steps: number): string[] {
  return Array.from({ length: steps }, (_, index) => `echo "step ${index + 1} of ${steps}"`);
}

function filesWith(scripts: readonly string[]): Record<string, string> {
  const steps = ["- uses: actions/checkout@v4", ...scripts.map((script) => `- run: ${script}`)];
  const lines = steps.map((step) => `      ${step}\n`).join("");
  return {
    "README.md": "# Bench\n",
    ".sandlot/workflows/ci.yml": `name: CI\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n${lines}`,
  };
}

const of = (measured: StepsMeasured, steps: Steps) => measured.rounds.filter((round) => round.steps === steps);

export function timeOfSteps(measured: StepsMeasured): Part {
  const figures = STEPS.flatMap((steps): Figure[] => {
    const rounds = of(measured, steps);
    const mid = (pick: (round: Round) => number) => median(rounds.map(pick));
    const ms = (pick: (round: Round) => number) => `${mid(pick).toFixed(0)} ms`;
    return [
      {
        part: "a",
        what: `webhook to final status ÷ git clone and bash -e, ${steps} step${steps === 1 ? "" : "s"}`,
        aim: steps === 10 ? "≤ 1.25" : null,
        value: mid((round) => round.sandlot.finalMs / round.floor.wallMs),
        unit: "×",
        note: `${ms((round) => round.sandlot.finalMs)} ÷ ${ms((round) => round.floor.wallMs)}; acknowledged after ${ms((round) => round.sandlot.ackMs)}, pending after ${ms((round) => round.sandlot.pendingMs)}; n = ${rounds.length}`,
      },
    ];
  });
  return { figures: [...figures, wallOfStep(measured)], broken: [], raw: measured };
}

/** From the longest build and the shortest of the same round. */
function perStep(measured: StepsMeasured, pick: (round: Round) => number): number {
  const [few, many] = [of(measured, 1), of(measured, 50)];
  return median(many.flatMap((round, index) => (few[index] ? [(pick(round) - pick(few[index])) / 49] : [])));
}

function wallOfStep(measured: StepsMeasured): Figure {
  const own = perStep(measured, (round) => round.sandlot.finalMs);
  const floor = perStep(measured, (round) => round.floor.wallMs);
  const note = `${own.toFixed(1)} ms − ${floor.toFixed(1)} ms, from 1 to 50 steps`;
  return { part: "a", what: "time added per step", aim: null, value: own - floor, unit: "ms", note };
}

export function cpuOfSteps(measured: StepsMeasured): Part {
  const own = perStep(measured, (round) => round.sandlot.cpuMs);
  const floor = perStep(measured, (round) => round.floor.cpuMs);
  const build = median(of(measured, 1).map((round) => round.sandlot.cpuMs));
  const idle = `${measured.idleCpuMsPerSecond.toFixed(0)} ms a second when idle`;
  const figures: Figure[] = [
    {
      part: "b",
      what: "CPU added per step, of all our processes",
      aim: "≤ 30 ms, later 10",
      value: own - floor,
      unit: "ms",
      note: `${own.toFixed(1)} ms − ${floor.toFixed(1)} ms, from 1 to 50 steps; n = ${of(measured, 50).length}`,
    },
    { part: "b", what: "CPU of a build of one step, with checkout", aim: null, value: build, unit: "ms", note: idle },
  ];
  return { figures, broken: [], raw: measured };
}
