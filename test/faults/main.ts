/** `npm run test:faults [-- --without ROW | --prove | --report FILE]`: runs what the tables of faults and threats name. */

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

import { INSTALL, type Proof, readTable, type Row } from "./tables.ts";
import { NOT_ONE_PLACE, WITHOUT_THREATS } from "./without-threats.ts";
import { NOT_OURS, type Removal, WITHOUT } from "./without.ts";

interface Ran {
  file: string;
  name: string;
  status: string;
}

const REMOVALS: Record<string, readonly Removal[]> = { ...WITHOUT, ...WITHOUT_THREATS };
const KEPT: Record<string, string> = { ...NOT_OURS, ...NOT_ONE_PLACE };

const say = (text: string) => void process.stdout.write(`${text}\n`);

/** Runs test files in a tree; `pattern` names the tests, all where it is null. */
function runTests(tree: string, files: readonly string[], pattern: string | null): Ran[] {
  const ran: Ran[] = [];
  const own = files.filter((file) => file.startsWith("test/faults/"));
  const projects = [
    { args: [], files: files.filter((file) => !own.includes(file)) },
    { args: ["-c", "test/faults/vitest.config.ts"], files: own },
  ];
  for (const project of projects.filter((one) => one.files.length > 0)) {
    const report = join(mkdtempSync(join(tmpdir(), "sandlot-report-")), "report.json");
    const name = pattern === null ? [] : ["-t", pattern];
    const args = ["run", ...project.args, ...project.files, ...name, "--reporter=json", `--outputFile=${report}`];
    const command = [join(tree, "node_modules/vitest/vitest.mjs"), ...args];
    spawnSync(process.execPath, command, { cwd: tree, stdio: ["ignore", "ignore", "inherit"] });
    ran.push(...readReport(report, tree));
    rmSync(join(report, ".."), { recursive: true, force: true });
  }
  return ran;
}

interface Report {
  testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[];
}

/** Nothing where there is no report: then every row says that its test did not run. */
function readReport(path: string, tree: string): Ran[] {
  const text = readIfThere(path);
  if (text === null) return [];
  return (JSON.parse(text) as Report).testResults.flatMap(({ name: file, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "passed" || status === "failed")
      .map(({ fullName: name, status }) => ({ file: relative(tree, file), name, status })),
  );
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

type Verdict = "holds" | "FAILS" | "NOT RUN";

function verdictOf(proofs: readonly Proof[], ran: readonly Ran[]): Verdict {
  const found = proofs.map(({ file, name }) => ran.filter((one) => one.file === file && one.name.includes(name)));
  if (found.length === 0 || found.some((tests) => tests.length === 0)) return "NOT RUN";
  return found.flat().every(({ status }) => status === "passed") ? "holds" : "FAILS";
}

function judge(rows: readonly Row[], ran: readonly Ran[]): boolean {
  let holds = true;
  for (const { row, what, proofs } of rows) {
    const verdict = verdictOf(proofs, ran);
    holds &&= verdict === "holds";
    say(`${row.padEnd(4)} ${verdict.padEnd(8)} ${what}`);
  }
  return holds;
}

/** A copy of the source in which a row's defence is missing. */
function copyWithout(row: string): string {
  const tree = mkdtempSync(join(tmpdir(), `sandlot-without-${row}-`));
  const tracked = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: INSTALL,
    encoding: "utf8",
  });
  for (const file of tracked.split("\0").filter(Boolean)) {
    if (readIfThere(join(INSTALL, file)) !== null) cpSync(join(INSTALL, file), join(tree, file));
  }
  // A folder of its own, since vitest keeps its cache in it.
  mkdirSync(join(tree, "node_modules"));
  for (const name of readdirSync(join(INSTALL, "node_modules")).filter((one) => one !== ".vite")) {
    symlinkSync(join(INSTALL, "node_modules", name), join(tree, "node_modules", name));
  }
  for (const { file, search, replace } of REMOVALS[row] ?? []) {
    const text = readFileSync(join(tree, file), "utf8");
    if (text.split(search).length !== 2) throw new Error(`${row}: not once in ${file}: ${search}`);
    writeFileSync(
      join(tree, file),
      text.replace(search, () => replace),
    );
  }
  return tree;
}

/** What its tests say without it. */
function runWithout({ row, proofs }: Row): Verdict {
  const tree = copyWithout(row);
  try {
    // The tests that kill processes or open a browser need the bundle; those in workerd tell as much, and sooner.
    const files = [...new Set(proofs.map(({ file }) => file))].filter(
      (file) => !/^test\/(faults|browser)\//.test(file),
    );
    const named = proofs.filter(({ file }) => files.includes(file));
    const pattern = named.map(({ name }) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
    return verdictOf(named, runTests(tree, files, pattern));
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function without(row: Row): boolean {
  if (REMOVALS[row.row] === undefined) throw new Error(`${row.row}: ${KEPT[row.row] ?? "nothing can be taken out"}`);
  const verdict = runWithout(row);
  const words = { holds: "STILL HOLDS", FAILS: "fails, as it must", "NOT RUN": "DID NOT RUN" }[verdict];
  say(`${row.row.padEnd(4)} without its defence: ${words.padEnd(18)} ${row.what}`);
  return verdict === "FAILS";
}

function main(): number {
  const { values } = parseArgs({
    options: { without: { type: "string" }, prove: { type: "boolean" }, report: { type: "string" } },
  });
  const rows = [...readTable("faults"), ...readTable("threats")];
  if (values.without !== undefined) {
    const row = rows.find((one) => one.row === values.without);
    if (row === undefined) throw new Error(`there is no row ${values.without}`);
    return without(row) ? 1 : 0;
  }
  if (values.prove) {
    const left = rows.filter((row) => REMOVALS[row.row] !== undefined && !without(row));
    return left.length === 0 ? 0 : 1;
  }
  const files = [...new Set(rows.flatMap(({ proofs }) => proofs.map(({ file }) => file)))];
  const known = values.report === undefined ? [] : readReport(values.report, INSTALL);
  const left = files.filter((file) => !known.some((one) => one.file === file));
  return judge(rows, [...known, ...runTests(INSTALL, left, null)]) ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`test:faults: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
