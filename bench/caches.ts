/** Part g: 100 MB saved and restored by the toolkit's own cache client over the Results service, beside the native cache. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { bundleToolkit } from "../test/support/toolkit/bundle.ts";
import type { Bench } from "./bench.ts";
import { type Figure, median, type Part } from "./figures.ts";
import { type BenchRepository, BenchSandlot } from "./sandlot.ts";

const BYTES = 100_000_000;

const ACTIONS = {
  native: { save: { uses: "actions/cache/save@v4" }, restore: { uses: "actions/cache/restore@v4" } },
  results: {
    save: { uses: "./.github/actions/toolkit", with: { do: "save" } },
    restore: { uses: "./.github/actions/toolkit", with: { do: "restore" } },
  },
} as const;

type Kind = keyof typeof ACTIONS;
type Doing = "save" | "restore";
const KINDS = ["native", "results"] as const;
const DOINGS = ["save", "restore"] as const;

/** ms by `native save` and the like. */
type Round = Record<string, number>;

export async function measureCaches(bench: Bench, signal: AbortSignal): Promise<Part> {
  await using sandlot = await BenchSandlot.start({ install: bench.install, maxSandboxes: 1 }, signal);
  const repository = await sandlot.createRepository("caches", await filesOf());
  const rounds: Round[] = [];
  const broken: string[] = [];
  for (let round = 0; round <= bench.rounds; round += 1) {
    const measured = await measureRound(sandlot, repository, broken);
    // The first is not counted: nothing is compiled or in memory yet.
    if (round > 0) rounds.push(measured);
    bench.say(`caches: round ${round} of ${bench.rounds}`);
  }
  return { figures: DOINGS.map((doing) => figureOf(rounds, doing)), broken, raw: rounds };
}

function figureOf(rounds: readonly Round[], doing: Doing): Figure {
  const of = (kind: Kind) => rounds.map((round) => round[`${kind} ${doing}`] ?? Number.NaN);
  const [native, results] = [median(of("native")), median(of("results"))];
  return {
    part: "g",
    what: `${doing} of 100 MB, Results cache ÷ native cache`,
    aim: null,
    value: median(of("results").map((ms, index) => ms / (of("native")[index] ?? Number.NaN))),
    unit: "×",
    note: `${results.toFixed(0)} ms ÷ ${native.toFixed(0)} ms; n = ${rounds.length}`,
  };
}

async function measureRound(sandlot: BenchSandlot, repository: BenchRepository, broken: string[]): Promise<Round> {
  const sha = await sandlot.commit(repository);
  const { deliveryId } = await sandlot.push(repository, sha);
  await sandlot.succeeded(sha);
  await sandlot.settled();
  const { api } = sandlot;
  const id = (await api.readDelivery(deliveryId)).workflows[0]?.buildId;
  if (!id) throw new Error(`there is no build of ${sha}`);
  const [job] = (await api.readBuild(id)).jobs;
  const round: Round = {};
  for (const step of job?.steps ?? []) {
    if (step.completedAt !== null) round[step.name] = step.completedAt - step.startedAt;
    if (step.conclusion !== "success") broken.push(`${step.name}: ${step.detail}`);
  }
  return round;
}

/** Bytes that no packer makes smaller; what was restored is compared with what was saved. */
async function filesOf(): Promise<Record<string, string>> {
  const steps: unknown[] = [{ uses: "actions/checkout@v4" }, { run: `head -c ${BYTES} /dev/urandom > big` }];
  steps.push({ run: "mkdir kept && mv big kept/ && sha256sum kept/big > sum" });
  for (const kind of KINDS) {
    for (const doing of DOINGS) {
      const action: { uses: string; with?: Record<string, string> } = ACTIONS[kind][doing];
      const given = { ...action.with, path: "kept", key: `${kind}-\${{ github.sha }}` };
      steps.push({ name: `${kind} ${doing}`, uses: action.uses, with: given });
      steps.push({ run: doing === "save" ? "rm kept/big" : "sha256sum -c sum" });
    }
  }
  const lines = steps.map((step) => `      - ${JSON.stringify(step)}\n`).join("");
  const workflow = `name: CI\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n${lines}`;
  return { ".sandlot/workflows/ci.yml": workflow, ...(await toolkitFiles()) };
}

async function toolkitFiles(): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "toolkit-"));
  try {
    await bundleToolkit(folder);
    const read = async (name: string) => [
      `.github/actions/toolkit/${name}`,
      await readFile(join(folder, name), "utf8"),
    ];
    return Object.fromEntries(await Promise.all(["action.yml", "main.mjs"].map(read))) as Record<string, string>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
