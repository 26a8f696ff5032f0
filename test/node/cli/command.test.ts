/** The command itself: what it refuses, what it explains, and that all of it fits through the plain door. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

import { createProgram } from "../../../src/cli/main.ts";
import { init } from "../../../src/cli/init.ts";
import { drawLine, createPaint, showLine, wantsColour } from "../../../src/cli/paint.ts";
import { readRunOptions, type GivenOptions } from "../../../src/cli/run/options.ts";
import { starterFor } from "../../../src/cli/starter.ts";
import { readWorkflow } from "../../../src/language/read-workflow.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sandlot-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DOOR = join(import.meta.dirname, "../../../bin/sandlot.mjs");

function sandlot(...args: string[]): { code: number | null; out: string; err: string } {
  const ended = spawnSync(process.execPath, [DOOR, ...args], { cwd: folder, encoding: "utf8" });
  return { code: ended.status, out: ended.stdout, err: ended.stderr };
}

const NOTHING: GivenOptions = {
  input: [],
  job: "",
  workflow: "",
  secret: [],
  json: false,
  yes: false,
  verbose: false,
};

it("explains itself with examples first, for the whole and for each command", () => {
  const help = sandlot("--help");
  expect(help.code).toBe(0);
  expect(help.out.startsWith("Examples:")).toBe(true);
  for (const name of ["run", "dev", "init"]) {
    expect(help.out).toMatch(new RegExp(`^ {2}${name} `, "m"));
    const command = createProgram(() => Promise.resolve()).commands.find((one) => one.name() === name);
    expect(command?.description()).not.toBe("");
  }
  expect(sandlot("run", "--help").out).toMatch(/^Examples:[^]*--max-sandboxes[^]*Exit codes: 0 passed/);
  expect(sandlot("--version").out.trim()).toBe(JSON.parse(readFileSync("package.json", "utf8")).version);
});

it("ends as SIGPIPE would end it, without a word, when its reader is gone", async () => {
  const child = spawn(process.execPath, [DOOR, "--help"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect({ said, code }).toEqual({ said: "", code: 141 });
});

it("answers what it cannot do with exit code 2 and a way out, on standard error", () => {
  expect(sandlot("frobnicate")).toMatchObject({ code: 2, out: "" });
  expect(sandlot("run", "--frobnicate").err).toContain('"sandlot --help"');
  expect(sandlot("run", "nowhere")).toMatchObject({ code: 2, out: "" });
  const none = sandlot("run");
  expect(none.code).toBe(2);
  expect(none.err).toContain("git init");
  spawnSync("git", ["init", "-q"], { cwd: folder });
  expect(sandlot("run").err).toContain("sandlot init");
  mkdirSync(join(folder, ".sandlot/workflows"), { recursive: true });
  writeFileSync(join(folder, ".sandlot/workflows/ci.yml"), "on: push\n");
  expect(sandlot("run")).toMatchObject({ code: 2 });
  expect(sandlot("run").err).toContain("git commit");
});

it("never takes a secret's value as an argument, and does not repeat it", () => {
  const given = sandlot("run", "--secret", "TOKEN=hunter2");
  expect(given.code).toBe(2);
  expect(given.err).toContain("export TOKEN=");
  expect(given.err).not.toContain("hunter2");
});

it.each([
  [{ event: "release" }, "--event release"],
  [{ input: ["level"] }, "NAME=VALUE"],
  [{ event: "push", input: ["a=b"] }, "--event workflow_dispatch"],
  [{ secret: ["GITHUB_TOKEN"] }, "cannot be a secret's name"],
  [{ maxSandboxes: "0" }, "from 1 to"],
  [{ maxSandboxes: "two" }, "from 1 to"],
])("refuses %j", (given, message) => {
  expect(() => readRunOptions({ ...NOTHING, ...given })).toThrow(message);
});

it("takes inputs for a dispatch, with signs of equality in their values", () => {
  const options = readRunOptions({ ...NOTHING, input: ["a=b=c", "d="] });
  expect(options).toMatchObject({ event: "workflow_dispatch", inputs: { a: "b=c", d: "" } });
});

it("colours as NO_COLOR and FORCE_COLOR say, else on a terminal alone", () => {
  expect(wantsColour({ isTTY: true }, {})).toBe(true);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
  expect(wantsColour({ isTTY: true }, { TERM: "dumb" })).toBe(false);
  expect(wantsColour({}, {})).toBe(false);
  expect(wantsColour({}, { FORCE_COLOR: "1" })).toBe(true);
  expect(wantsColour({ isTTY: true }, { FORCE_COLOR: "0" })).toBe(false);
});

it("shows a log line that can only write its own text", () => {
  const hostile = "\u001B]0;title\u0007\u001B[2J\u001B[31mred\u001B[0m\u001B[10Aup\u0008\u009B2Kend";
  expect(showLine(hostile, { colour: false })).toBe("redup2Kend");
  expect(showLine(hostile, { colour: true })).toBe("\u001B[31mred\u001B[0mup2Kend\u001B[0m");
  expect(showLine("10%\r50%\r100%\r", { colour: false })).toBe("100%");
  const paint = createPaint({ colour: false });
  expect(drawLine("##[error]it broke", paint, { colour: false })).toBe("Error: it broke");
  expect(drawLine("##[endgroup]", paint, { colour: false })).toBeNull();
  expect(drawLine("##[nonsense]x", paint, { colour: false })).toBe("##[nonsense]x");
});

it.each([
  [["package.json", "package-lock.json"], "npm ci"],
  [["package.json", "pnpm-lock.yaml"], "pnpm install"],
  [["package.json", "yarn.lock"], "yarn install"],
  [["package.json"], "npm install"],
  [["Cargo.toml"], "cargo test"],
  [["go.mod"], "go test"],
  [["pyproject.toml"], "pytest"],
  [["requirements.txt"], "requirements.txt"],
  [["Makefile"], "make test"],
  [[], "echo"],
])("writes a first workflow for %j that Sandlot can run", async (names, expected) => {
  const { text } = starterFor(names);
  expect(text).toContain(expected);
  expect((await readWorkflow(".sandlot/workflows/ci.yml", text)).problems).toEqual([]);
});

it("copies the workflows that can run, says why the others cannot, and writes over nothing", async () => {
  mkdirSync(join(folder, ".github/workflows"), { recursive: true });
  const good = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo hi\n";
  writeFileSync(join(folder, ".github/workflows/good.yml"), good);
  writeFileSync(join(folder, ".github/workflows/bad.yml"), "on: push\njobs:\n  a:\n    steps: 3\n");
  const said: string[] = [];
  expect(await init(folder, (line) => said.push(line))).toBe(0);
  expect(readFileSync(join(folder, ".sandlot/workflows/good.yml"), "utf8")).toBe(good);
  expect(said.join("\n")).toMatch(/\.github\/workflows\/bad\.yml:\d+:\d+: /);
  expect(await init(folder, (line) => said.push(line))).toBe(0);
  expect(said.at(-1)).toContain("Nothing was changed");
});
