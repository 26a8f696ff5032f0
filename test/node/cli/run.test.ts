/** `sandlot run` from end to end: a real repository through the real Worker, in processes of their own. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";

import type { RunEvent, Summary } from "../../../src/cli/events.ts";

const ROOT = join(import.meta.dirname, "../../..");
let home = "";
let repository = "";

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "sandlot-test-"));
  repository = join(home, "repository");
  mkdirSync(repository);
  git("init", "-q", "-b", "main");
});
beforeEach(() => {
  rmSync(join(home, "tmp"), { recursive: true, force: true });
  mkdirSync(join(home, "tmp"));
});
// One that hangs fails its test and must not outlive it.
const running = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of running) {
    child.kill("SIGTERM");
    await once(child, "close");
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function git(...args: string[]): void {
  const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  execFileSync("git", [...who, ...args], { cwd: repository, stdio: "pipe" });
}

function commitWorkflow(workflow: string): void {
  mkdirSync(join(repository, ".sandlot/workflows"), { recursive: true });
  writeFileSync(join(repository, ".sandlot/workflows/ci.yml"), workflow);
  git("add", "--all");
  git("commit", "-q", "--allow-empty", "-m", "Change");
}

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Temporary folders are made in one of ours, so that what is left behind shows. */
function start(args: string[], options: { until?: RegExp; signal?: NodeJS.Signals } = {}): Promise<Ran> {
  const env = { ...process.env, TMPDIR: join(home, "tmp"), XDG_CACHE_HOME: join(home, "cache"), NO_COLOR: "1" };
  const child = spawn(process.execPath, [join(ROOT, "bin/sandlot.mjs"), "run", ...args], {
    cwd: repository,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  let seen = "";
  child.stdout.on("data", (chunk: Buffer) => {
    seen += String(chunk);
    if (options.until?.test(seen)) child.kill(options.signal);
  });
  return Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]).then(([out, err, [code]]) => ({
    out,
    err,
    code: Number(code),
  }));
}

function summaryOf({ out, err }: Ran): Summary {
  const events = out
    .trim()
    .split("\n")
    .map((line): RunEvent => JSON.parse(line));
  const last = events.at(-1);
  if (last?.type !== "summary") throw new Error(`no summary in:\n${out}\n${err}`);
  return last.summary;
}

/** Neither a folder nor a process of ours: each sandbox and the Worker carry the temporary folder's path. */
function expectNothingLeft(): void {
  expect(readdirSync(join(home, "tmp"))).toEqual([]);
  const processes = execFileSync("ps", ["-axww", "-o", "args="], { encoding: "utf8" });
  expect(processes.split("\n").filter((line) => line.includes(home))).toEqual([]);
}

it("builds the example, and finds its cache in the second run", async () => {
  const example = join(home, "node-app");
  cpSync(join(ROOT, "examples/node-app"), example, { recursive: true });
  const artifacts = join(home, "artifacts");
  const first = summaryOf(await start([example, "--json", "--artifacts", artifacts]));
  expect(first).toMatchObject({ exitCode: 0, failures: [] });
  expect(first.statuses).toMatchObject([{ context: "sandlot / CI", state: "success" }]);
  expect(first.builds[0]?.jobs.map((job) => job.conclusion)).toEqual(["success", "success", "success"]);
  expect(readdirSync(join(artifacts, "package"))).toEqual(["short-links-1.0.0.tgz"]);
  expectNothingLeft();
  const second = summaryOf(await start([example, "--json"]));
  expect(second.exitCode).toBe(0);
  const restored = second.builds[0]?.jobs.flatMap((job) => job.caches.map((cache) => cache.matchedKey)) ?? [];
  expect(restored.filter((key) => key?.startsWith("npm-")).length).toBeGreaterThanOrEqual(2);
}, 240_000);

it("ends with the last lines of the step that failed, exit code 1, and leaves the user's repository alone", async () => {
  commitWorkflow(`
name: CI
on: push
jobs:
  good: { runs-on: ubuntu-latest, steps: [{ run: "true" }] }
  bad:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - { name: Break, run: "cat new.txt; exit 3" }
`);
  writeFileSync(join(repository, "new.txt"), "not committed, but built\n");
  const before = readFileSync(join(repository, ".git/index"));
  const ran = await start([]);
  expect(ran.code).toBe(1);
  const end = ran.out.slice(ran.out.lastIndexOf("✗ bad / Break"));
  expect(end).toContain("    not committed, but built\n");
  expect(end).toContain("✗ sandlot / CI");
  expect(ran.out.split("\n", 1)[0]).toContain(repository);
  expect(readFileSync(join(repository, ".git/index"))).toEqual(before);
  expectNothingLeft();
});

it("gives secrets by name, masked, builds one job alone, and another event", async () => {
  commitWorkflow(`
on: [push, workflow_dispatch]
jobs:
  one: { runs-on: ubuntu-latest, steps: [{ run: 'echo "got \${{ secrets.TOKEN }}, \${#TOKEN}"', env: { TOKEN: "\${{ secrets.TOKEN }}" } }] }
  two: { runs-on: ubuntu-latest, steps: [{ run: "exit 1" }] }
`);
  process.env["TOKEN"] = "hunter2hunter2";
  const ran = await start([
    "--job",
    "one",
    "--secret",
    "TOKEN",
    "--event",
    "workflow_dispatch",
    "--workflow",
    "ci.yml",
  ]);
  delete process.env["TOKEN"];
  expect(ran.out).toContain("got ***, 14");
  expect(ran.out).not.toContain("hunter2");
  expect(ran.out).toContain("(workflow_dispatch)");
  expect(ran.code).toBe(0);
});

it("refuses a job or a workflow that is not there before anything starts, and says what there is", async () => {
  commitWorkflow("on: push\njobs: { one: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }\n");
  const job = await start(["--job", "two"]);
  expect(job.err).toMatch(/There is no job two in \.sandlot\/workflows\/ci\.yml\.[^]*--job one/);
  const workflow = await start(["--workflow", "other.yml"]);
  expect(workflow.err).toMatch(/There is no workflow other\.yml in \.sandlot\/workflows\.[^]*--workflow ci\.yml/);
  expect([job.code, workflow.code]).toEqual([2, 2]);
  expect(job.out).not.toContain("http://");
});

it("names the place of a problem in a workflow, exit code 2", async () => {
  commitWorkflow("on: push\njobs:\n  a:\n    runs-onn: ubuntu-latest\n    steps: []\n");
  const ran = await start([]);
  expect(ran.out).toMatch(/^\.sandlot\/workflows\/ci\.yml:4:5: .*runs-onn/m);
  expect(ran.code).toBe(2);
});

it("says why nothing starts, and what would", async () => {
  commitWorkflow(
    "on: { push: { branches: [main] }, pull_request: {} }\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }\n",
  );
  git("checkout", "-q", "-b", "feature");
  const ran = await start([]);
  git("checkout", "-q", "main");
  expect(ran.err).toContain("feature");
  expect(ran.err).toContain("sandlot run --ref main");
  expect(ran.code).toBe(2);
});

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("stops everything at %s", async (signal, code) => {
  commitWorkflow("on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'echo now; sleep 600' }] } }\n");
  const ran = await start([], { until: /^ +now$/m, signal });
  expect(ran.code).toBe(code);
  expectNothingLeft();
});
