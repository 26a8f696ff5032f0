/** F6, F26: workerd is killed outright in each phase of a build, and started again on the same state; nothing of it shows. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";

import { killWorker } from "../../bench/kill-worker.ts";
import { type BenchRepository, BenchSandlot } from "../../bench/sandlot.ts";
import type { BuildView } from "../../src/model/api.ts";
import type { Fault } from "../../src/local/github-state.ts";

const INSTALL = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "sandlot-kill-"));
const ledger = join(folder, "ledger");
const stop = new AbortController();
let sandlot: BenchSandlot;
let repository: BenchRepository;
let undisturbed: Outcome;

const once = (name: string) => `echo "$GITHUB_SHA ${name}" >>${ledger}`;
const WORKFLOW = `name: CI
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: ${once("first")}; echo first
      - run: ${once("lines")}; for i in 1 2 3 4 5 6 7; do echo "line $i"; sleep 0.3; done
      - run: mkdir out; for i in $(seq 40); do head -c 100000 /dev/zero | tr '\\0' "a" >out/$i; done; ${once("out")}
      - uses: actions/upload-artifact@v4
        with: { name: out, path: out }
      - run: ${once("last")}; echo last
  side:
    runs-on: ubuntu-latest
    steps: [{ run: '${once("side")}; sleep 1; echo side' }]
  after:
    needs: [build, side]
    runs-on: ubuntu-latest
    steps: [{ run: '${once("after")}; echo after' }]
`;

interface Outcome {
  build: { conclusion: string | null; jobs: { name: string; conclusion: string | null; steps: string[] }[] };
  logs: string[];
  artifacts: { name: string; files: { path: string; sha256: string | null }[] }[];
  ledger: string[];
  status: string;
}

beforeAll(async () => {
  sandlot = await BenchSandlot.start({ install: INSTALL, maxSandboxes: 3 }, stop.signal);
  repository = await sandlot.createRepository("killed", { ".sandlot/workflows/ci.yml": WORKFLOW });
  undisturbed = await outcomeOf(await start());
  expect(undisturbed.build.conclusion).toBe("success");
});

afterAll(async () => {
  stop.abort(new Error("the tests are over"));
  await sandlot[Symbol.asyncDispose]();
  expect(processesNaming(folder)).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

interface Started {
  sha: string;
  deliveryId: string;
}

async function start(): Promise<Started> {
  const sha = await sandlot.commit(repository);
  const { deliveryId, status } = await sandlot.push(repository, sha);
  expect(status).toBe(202);
  return { sha, deliveryId };
}

async function buildOf({ deliveryId }: Started): Promise<BuildView | null> {
  const delivery = await sandlot.api.readDelivery(deliveryId).catch(() => null);
  const id = delivery?.workflows[0]?.buildId ?? null;
  return id === null ? null : await sandlot.api.readBuild(id).catch(() => null);
}

async function until<T>(ask: () => Promise<T>, holds: (value: T) => boolean, what: string): Promise<T> {
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(50)) {
    const value = await ask();
    if (holds(value)) return value;
  }
  throw new Error(`not in time: ${what}`);
}

async function outcomeOf(started: Started): Promise<Outcome> {
  await until(
    () => buildOf(started),
    (build) => build?.status === "completed",
    "the end of the build",
  );
  const status = await sandlot.finalOf(started.sha);
  await sandlot.settled();
  const build = await buildOf(started);
  if (build === null) throw new Error("the build is gone");
  const logs: string[] = [];
  for (const job of build.jobs) logs.push(plain(await logOf(build, job.id)));
  const artifacts: Outcome["artifacts"] = [];
  for (const { name, url } of build.artifacts) {
    const files = await sandlot.api.listArtifactFiles(url);
    artifacts.push({ name, files: files.map(({ path, sha256 }) => ({ path, sha256 })) });
  }
  const lines = existsSync(ledger) ? readFileSync(ledger, "utf8").split("\n") : [];
  return {
    build: {
      conclusion: build.conclusion,
      jobs: build.jobs.map(({ name, conclusion, steps }) => ({
        name,
        conclusion,
        steps: steps.map((step) => `${step.name}: ${step.conclusion}`),
      })),
    },
    logs,
    artifacts,
    ledger: lines.flatMap((line) => (line.startsWith(started.sha) ? [line.slice(41)] : [])).toSorted(),
    status: `${status.state} ${status.context}`,
  };
}

async function logOf(build: BuildView, job: string): Promise<string> {
  const { url, apiToken } = sandlot.facts;
  const answer = await fetch(`${url}/api/builds/${build.id}/jobs/${job}/log`, {
    headers: { authorization: `Bearer ${apiToken}` },
  });
  return await answer.text();
}

/** Without what differs from build to build by its nature. */
function plain(log: string): string {
  return log
    .replaceAll(/^remote: .*\n/gm, "")
    .replaceAll(/\b[0-9a-f]{40}\b|(?<=now at )[0-9a-f]+/g, "SHA")
    .replaceAll(/build-[a-z0-9-]+/g, "SANDBOX")
    .replaceAll(/\/[^ \n"']*\/sandboxes\//g, "/")
    .replaceAll(/[0-9a-z]{16}-[0-9a-z]{8}-\d/g, "ATTEMPT")
    .replaceAll(/\/tmp\/[^ \n]*/g, "PATH");
}

async function fault(given: Fault): Promise<void> {
  const { url, controlToken } = sandlot.facts.github;
  const answer = await fetch(`${url}/_local/faults`, {
    method: "POST",
    headers: { authorization: `Bearer ${controlToken}` },
    body: JSON.stringify(given),
  });
  expect(answer.status).toBe(204);
}

function processesNaming(text: string): string[] {
  const all = execFileSync("ps", ["-axww", "-o", "pid=,args="], { encoding: "utf8" }).split("\n");
  return all.filter((line) => line.includes(text));
}

const log = async (started: Started, text: string): Promise<boolean> => {
  const build = await buildOf(started);
  const job = build?.jobs.find((one) => one.name === "build");
  return build != null && job !== undefined && (await logOf(build, job.id)).includes(text);
};

const PHASES: readonly { phase: string; before?: Fault; reached: (started: Started) => Promise<boolean> }[] = [
  {
    phase: "planning",
    before: { on: "repos/get-content", answers: [{ stallMs: 1500 }] },
    reached: () => sleep(300, true),
  },
  {
    phase: "boot",
    reached: async (started) => (await buildOf(started))?.status === "in_progress",
  },
  {
    phase: "checkout",
    before: { on: "git/upload-pack", answers: [{ stallMs: 1500 }] },
    reached: (started) => log(started, "actions/checkout"),
  },
  { phase: "mid-step", reached: (started) => log(started, "line 2\n") },
  { phase: "between two log chunks", reached: (started) => log(started, "line 6\n") },
  { phase: "uploading", reached: (started) => log(started, "upload-artifact") },
  {
    phase: "finishing",
    reached: async (started) => (await buildOf(started))?.jobs.every((job) => job.status === "completed") === true,
  },
];

it.each(PHASES)("F6: a kill while $phase changes nothing of what comes of the build", async ({ before, reached }) => {
  if (before !== undefined) await fault(before);
  const started = await start();
  await until(() => reached(started), Boolean, "the phase");
  killWorker(sandlot.pid);
  expect(await outcomeOf(started)).toEqual(undisturbed);
});
