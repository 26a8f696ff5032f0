#!/usr/bin/env node
// The `sandlot` command's door: finds a Node that is new enough, has the rest bundled where it is not, and hands over.
// Plain JavaScript without dependencies, since it has to speak on any Node.

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NEEDED = [22, 12];
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const OWN_NODE = join(ROOT, "node_modules", ".bin", "node");

function fail(message) {
  process.stderr.write(`sandlot: ${message}\n`);
  process.exit(2);
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** Runs ourselves again under the Node that was installed with us; it gets our signals, and its end is our end. */
function reexecute() {
  const child = spawn(OWN_NODE, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, SANDLOT_REEXECUTED: "1" },
  });
  // A terminal sends Ctrl-C to both of us, `kill` to one: main.ts takes two within a moment for one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`cannot start ${OWN_NODE}: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

/** True where dist is missing, or older than what it is made from (which only a clone has). */
async function isStale() {
  const { staleParts } = await import("../scripts/build-cli.mjs");
  return (await staleParts()).length > 0;
}

async function start() {
  const bundle = join(ROOT, "dist", "cli.mjs");
  if (existsSync(join(ROOT, "scripts", "build-cli.mjs")) && (await isStale())) {
    process.stderr.write("sandlot: bundling (once after an install or a change) …\n");
    const built = spawnSync(process.execPath, [join(ROOT, "scripts", "build-cli.mjs")], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (built.status !== 0 && !existsSync(bundle)) {
      fail(`cannot bundle the command. Run "npm ci" in ${ROOT}, then try again.`);
    }
  }
  const { main } = await import(pathToFileURL(bundle).href);
  process.exitCode = await main(process.argv.slice(2));
}

if (process.platform === "win32") {
  fail("Windows is not supported: use WSL (https://learn.microsoft.com/windows/wsl/install) and run it there.");
} else if (isNewEnough(process.versions.node)) {
  await start();
} else if (existsSync(OWN_NODE) && !process.env.SANDLOT_REEXECUTED) {
  reexecute();
} else {
  fail(
    `needs Node ${NEEDED.join(".")} or newer, this is ${process.versions.node}. ` +
      `Install one (https://nodejs.org, or "npm install -g node@24"), or run "npm ci" in ${ROOT}.`,
  );
}
