/** Part k: what an empty JavaScript action costs, beside a step that runs `node -e 0` and a shell that does. */

import type { Bench } from "./bench.ts";
import { type Figure, median, type Part } from "./figures.ts";
import { runFloor } from "./floor.ts";
import { type BenchRepository, BenchSandlot } from "./sandlot.ts";

const STEPS = 20;
const SCRIPT = "node -e 0";

const KINDS = {
  action: "uses: ./.github/actions/empty",
  run: `run: ${SCRIPT}`,
} as const;
type Kind = keyof typeof KINDS;

/** ms of a whole build of so many steps. */
interface Round {
  action: number;
  run: number;
  floor: number;
}

export async function measureActions(bench: Bench, signal: AbortSignal): Promise<Part> {
  await using sandlot = await BenchSandlot.start({ install: bench.install, maxSandboxes: 1 }, signal);
  const action = await sandlot.createRepository("actions-action", filesOf("action"));
  const run = await sandlot.createRepository("actions-run", filesOf("run"));
  const rounds: Round[] = [];
  for (let round = 0; round <= bench.rounds; round += 1) {
    const measured = {
      action: await timeBuild(sandlot, action),
      run: await timeBuild(sandlot, run),
      floor: (await runFloor(run.cloneUrl, Array<string>(STEPS).fill(SCRIPT), signal)).wallMs,
    };
    // The first is not counted: nothing is compiled or in memory yet.
    if (round > 0) rounds.push(measured);
    bench.say(`actions: round ${round} of ${bench.rounds}`);
  }
  return { figures: [figureOf(rounds, "run"), figureOf(rounds, "floor")], broken: [], raw: rounds };
}

const WORDS = { run: `a step of \`${SCRIPT}\``, floor: `\`${SCRIPT}\` in a shell` } as const;

function figureOf(rounds: readonly Round[], beside: keyof typeof WORDS): Figure {
  const mid = (of: keyof Round) => `${(median(rounds.map((round) => round[of])) / STEPS).toFixed(0)} ms`;
  return {
    part: "k",
    what: `an empty JavaScript action ÷ ${WORDS[beside]}`,
    aim: null,
    value: median(rounds.map((round) => round.action / round[beside])),
    unit: "×",
    note: `${mid("action")} ÷ ${mid(beside)} a step, in builds of ${STEPS}; n = ${rounds.length}`,
  };
}

async function timeBuild(sandlot: BenchSandlot, repository: BenchRepository): Promise<number> {
  const sha = await sandlot.commit(repository);
  const { sentAt } = await sandlot.push(repository, sha);
  const { at } = await sandlot.succeeded(sha);
  await sandlot.settled();
  return at - sentAt;
}

function filesOf(kind: Kind): Record<string, string> {
  const steps = ["uses: actions/checkout@v4", ...Array<string>(STEPS).fill(KINDS[kind])];
  const lines = steps.map((step) => `      - ${step}\n`).join("");
  return {
    ".github/actions/empty/action.yml": "name: Empty\nruns:\n  using: node24\n  main: index.js\n",
    ".github/actions/empty/index.js": "",
    ".sandlot/workflows/ci.yml": `on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n${lines}`,
  };
}
