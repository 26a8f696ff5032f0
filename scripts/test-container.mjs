/**
 * `npm run test:container`: the sandbox contract against a real container, where Docker is there; `-- --stand-in` runs it before the
 * stand-in instead, to try this script itself. Loopback only; leaves no process behind.
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const READY_WITHIN_MS = 15 * 60_000;
const CASE_MS = 5 * 60_000;

const standIn = process.argv.includes("--stand-in");
if (!standIn && spawnSync("docker", ["info"], { stdio: "ignore" }).status !== 0) {
  console.log("not run: `docker info` finds no Docker engine, so there is no container to test");
  process.exit(0);
}

const state = await mkdtemp(join(tmpdir(), "sandlot-container-"));
const host = standIn ? await startHost() : null;
const port = await freePort();
const config = join(state, "wrangler.json");
await writeFile(config, JSON.stringify(await configuration(), null, 2));
const command = ["dev", "--config", config, "--port", String(port), "--ip", "127.0.0.1", "--inspector-port", "0"];
const wrangler = spawn(
  process.execPath,
  [
    join(ROOT, "node_modules/wrangler/bin/wrangler.js"),
    ...command,
    "--persist-to",
    join(state, "state"),
    standIn ? "--enable-containers=false" : "--enable-containers=true",
  ],
  {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" },
  },
);
let output = "";
for (const stream of [wrangler.stdout, wrangler.stderr]) stream.on("data", (chunk) => (output += chunk));
process.on("SIGINT", () => void stop().then(() => process.exit(130)));

let failed = 0;
try {
  const names = await waitForNames();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [index] of names.entries()) {
    const response = await fetch(`http://127.0.0.1:${port}/${index}`, { signal: AbortSignal.timeout(CASE_MS) });
    const { name, result, detail } = await response.json();
    counts[result] += 1;
    console.log(`${result.padEnd(7)} ${name}${detail ? `\n        ${detail.replaceAll("\n", "\n        ")}` : ""}`);
  }
  failed = counts.failed;
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
} catch (error) {
  failed = 1;
  console.error(error, `\n${output.slice(-4000)}`);
} finally {
  await stop();
}
process.exit(failed === 0 ? 0 : 1);

/** Our own wrangler.jsonc, cut down to what the contract needs. */
async function configuration() {
  const text = await readFile(join(ROOT, "wrangler.jsonc"), "utf8");
  const whole = JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, "").replaceAll(/,(\s*[}\]])/g, "$1"));
  return {
    name: "sandlot-contract",
    main: join(ROOT, standIn ? "test/container/stand-in-worker.ts" : "test/container/real-worker.ts"),
    compatibility_date: whole.compatibility_date,
    compatibility_flags: whole.compatibility_flags,
    containers: whole.containers.map((container) => ({ ...container, image: join(ROOT, container.image) })),
    durable_objects: { bindings: whole.durable_objects.bindings.filter(({ name }) => name.endsWith("SANDBOX")) },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Sandbox", "LargeSandbox"] }],
    r2_buckets: whole.r2_buckets.filter(({ binding }) => binding === "BACKUP_BUCKET"),
    vars: { BACKUP_BUCKET_NAME: whole.vars.BACKUP_BUCKET_NAME, TEST_SANDBOX_HOST: host?.url ?? "" },
  };
}

async function startHost() {
  const { startSandboxHost } = await import("../src/local/sandbox-host.ts");
  return startSandboxHost({ root: join(state, "host"), maxSandboxes: 20 });
}

async function waitForNames() {
  for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end; await sleep(200)) {
    if (wrangler.exitCode !== null) throw new Error(`wrangler dev ended with exit code ${wrangler.exitCode}`);
    const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    if (response?.ok) return response.json();
  }
  throw new Error("wrangler dev did not answer in time");
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Wrangler removes its containers when it is asked to end; only then is its group killed. */
async function stop() {
  for (const [signal, waitMs] of [
    ["SIGINT", 20_000],
    ["SIGKILL", 2000],
  ]) {
    try {
      process.kill(-(wrangler.pid ?? Number.NaN), signal);
    } catch {
      break;
    }
    for (const end = Date.now() + waitMs; Date.now() < end && wrangler.exitCode === null;) await sleep(50);
  }
  await host?.close();
  await rm(state, { recursive: true, force: true });
}
