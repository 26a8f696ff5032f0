/** The local sandbox host from outside: what reaches a sandbox, who may use it, and what is left when it is gone. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { cleanEnv } from "../../src/local/clean-env.ts";
import { startSandboxHost, type SandboxHost } from "../../src/local/sandbox-host.ts";
import type { SandboxId } from "../../src/model/ids.ts";
import type { Booted, StepSpec } from "../../src/sandbox/port.ts";
import { openLocalSandbox } from "../../src/sandbox/local.ts";

let root: string;
let host: SandboxHost;

beforeEach(async () => {
  // A home folder may be called like this.
  root = await mkdtemp(join(tmpdir(), 'sandlot it\'s "é" '));
  host = await startSandboxHost({ root, maxSandboxes: 2 });
});
afterEach(async () => {
  await host.close();
  await rm(root, { recursive: true, force: true });
});

const open = (name: string) => openLocalSandbox(host.url, `build-${name}` as SandboxId);

function stepOf(booted: Booted, script: string, more: Partial<StepSpec> = {}): StepSpec {
  const { env, workspace: cwd } = booted;
  const command = ["bash", "-e", "{0}"];
  return { id: "s", script, extension: "sh", command, env, cwd, timeoutMs: 60_000, waitMs: 5000, ...more };
}

const hostModule = join(import.meta.dirname, "../../src/local/sandbox-host.ts");
const localModule = join(import.meta.dirname, "../../src/sandbox/local.ts");

/** A zombie is dead, though nobody has asked for it yet. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.startsWith("Z");
}

it("an environment is made from an allow-list, with neither keys nor agents", () => {
  const clean = cleanEnv(
    {
      PATH: "/usr/bin",
      HOME: "/home/me",
      SSH_AUTH_SOCK: "/run/agent",
      AWS_SECRET_ACCESS_KEY: "x",
      GITHUB_TOKEN: "x",
      CLOUDFLARE_API_TOKEN: "x",
      NPM_TOKEN: "x",
      NODE_OPTIONS: "--require evil",
      LD_PRELOAD: "evil.so",
      BASH_ENV: "evil.sh",
      LANG: "de_DE.UTF-8",
      NODE_EXTRA_CA_CERTS: "/ca.pem",
      SSL_CERT_FILE: "/ca.pem",
      HTTPS_PROXY: "http://proxy",
      no_proxy: "localhost",
      npm_config_registry: "https://registry.example",
      NPM_CONFIG_CAFILE: "/ca.pem",
      npm_config_userconfig: "/home/me/.npmrc",
      npm_config_prefix: "/usr/local",
      npm_lifecycle_event: "test",
    },
    import.meta.dirname,
  );
  expect(Object.keys(clean).toSorted()).toEqual(
    [
      "PATH",
      "HOME",
      "LANG",
      "NODE_EXTRA_CA_CERTS",
      "SSL_CERT_FILE",
      "HTTPS_PROXY",
      "no_proxy",
      "npm_config_registry",
      "NPM_CONFIG_CAFILE",
      "npm_config_userconfig",
    ].toSorted(),
  );
});

it("a path keeps the user's programs and loses those of our own packages", () => {
  const own = "/opt/sandlot/src/local";
  const path =
    "/opt/sandlot/node_modules/.bin:/opt/node_modules/.bin/:/node/node-gyp-bin:/home/me/node/bin::/me/node_modules/.bin:/usr/bin";
  expect(cleanEnv({ PATH: path }, own)["PATH"]).toBe("/home/me/node/bin:/me/node_modules/.bin:/usr/bin");
});

it("a user's .npmrc is found though a sandbox has another home", async () => {
  await writeFile(join(root, ".npmrc"), "registry=https://registry.example/\n");
  expect(cleanEnv({ HOME: root }, root)["npm_config_userconfig"]).toBe(join(root, ".npmrc"));
  expect(cleanEnv({ HOME: `${root}/none` }, root)["npm_config_userconfig"]).toBeUndefined();
});

it("there is a machine for as many as were said, and again when one is destroyed", async () => {
  const [a, b, c] = [open("a"), open("b"), open("c")];
  await a.boot();
  await b.boot();
  await expect(c.boot()).rejects.toMatchObject({ kind: "capacity" });
  await a.destroy();
  await c.boot();
  expect([host.started, host.destroyed]).toEqual([3, 1]);
});

it("a program without the token gets no answer about any sandbox", async () => {
  await open("a").boot();
  const { origin } = new URL(host.url);
  for (const address of [`${origin}/sandboxes/build-a/exec`, `${origin}/wrong/sandboxes/build-a/exec`, origin]) {
    const body = JSON.stringify({ text: "echo hi", env: {}, timeoutMs: 1000 });
    expect((await fetch(address, { method: "POST", body })).status).toBe(400);
  }
});

it("an id that was destroyed never runs again", async () => {
  const sandbox = open("a");
  await sandbox.boot();
  await sandbox.destroy();
  await expect(open("a").boot()).rejects.toMatchObject({ kind: "destroyed" });
  await expect(open("a").run({ script: "true", timeoutMs: 1000 })).rejects.toMatchObject({ kind: "destroyed" });
  await open("a").destroy();
  expect(host.destroyed).toBe(1);
});

it("a sandbox that was never started is lost, not made", async () => {
  await expect(open("a").pollStep("s", 0, 0)).rejects.toMatchObject({ kind: "lost" });
  expect(host.started).toBe(0);
});

it("destroy ends every process, however it hid, and leaves no file", async () => {
  const sandbox = open("a");
  const booted = await sandbox.boot();
  const script = `cd /
setsid bash -c 'echo $$; exec sleep 1000' >&2 &
setsid env -i bash -c 'echo $$; cd "$0"; exec sleep 1000' "$W" >&2 &
(env -i bash -c 'echo $$; cd /; exec sleep 1000' >&2 &)
wait`;
  await sandbox.startStep(stepOf(booted, script, { env: { ...booted.env, W: booted.workspace }, waitMs: 0 }));
  let pids: number[] = [];
  while (pids.length < 3) {
    const { bytes } = await sandbox.pollStep("s", 0, 1000);
    pids = new TextDecoder().decode(bytes).trim().split("\n").filter(Boolean).map(Number);
  }
  expect(pids.every(isAlive)).toBe(true);
  await sandbox.destroy();
  expect(pids.filter(isAlive)).toEqual([]);
  expect(existsSync(booted.workspace)).toBe(false);
});

it("a process that writes without pause does not keep a folder alive", async () => {
  const sandbox = open("a");
  const booted = await sandbox.boot();
  const script = 'i=0; while :; do i=$((i+1)); mkdir -p "d$i/e"; : >"d$i/e/f"; done';
  await sandbox.startStep(stepOf(booted, script, { waitMs: 0 }));
  while (readdirSync(booted.workspace).length < 20) await sleep(20);
  await sandbox.destroy();
  expect(readdirSync(join(root, "sandboxes"))).toEqual([]);
});

it("git is answered in a folder of any name", async () => {
  const sandbox = open("a");
  await sandbox.boot();
  await sandbox.serveGitCredential("https://git.example", "token");
  const script = "printf 'protocol=https\\nhost=git.example\\n\\n' | GIT_TERMINAL_PROMPT=0 git credential fill";
  const { stdout, stderr } = await sandbox.run({ script, timeoutMs: 30_000 });
  expect([stdout.split("\n").at(-2), stderr]).toEqual(["password=token", ""]);
});

it("close destroys what is left", async () => {
  await open("a").boot();
  const sandbox = open("b");
  await sandbox.startStep(stepOf(await sandbox.boot(), "sleep 1000", { waitMs: 0 }));
  await host.close();
  expect([host.started, host.destroyed]).toEqual([2, 2]);
  expect(readdirSync(join(root, "sandboxes"))).toEqual([]);
  await expect(fetch(host.url)).rejects.toThrow();
});

it("a backup outlives its host", async () => {
  const sandbox = open("a");
  const booted = await sandbox.boot();
  await sandbox.writeFile(`${booted.temp}/kept/file`, "content");
  const handle = await sandbox.saveBackup(`${booted.temp}/kept`, "kept");
  await host.close();
  host = await startSandboxHost({ root });
  const next = open("b");
  const { temp } = await next.boot();
  expect(await next.restoreBackup(handle, `${temp}/back`)).toBe("hit");
  expect(await readFile(`${temp}/back/file`, "utf8")).toBe("content");
});

it("a host inside a sandbox leaves nothing when the outer one is destroyed", async () => {
  const outer = open("outer");
  const booted = await outer.boot();
  const code = `
    import { startSandboxHost } from ${JSON.stringify(hostModule)};
    import { openLocalSandbox } from ${JSON.stringify(localModule)};
    const host = await startSandboxHost({ root: process.env.INNER });
    const sandbox = openLocalSandbox(host.url, "build-inner");
    const { env } = await sandbox.boot();
    const { bytes } = await sandbox.startStep({ id: "s", script: 'cd "$HOME"; setsid env -i sleep 1000 >/dev/null 2>&1 & echo $!', extension: "sh",
      command: ["bash", "{0}"], env, cwd: "/", timeoutMs: 60000, waitMs: 5000 });
    console.log(new TextDecoder().decode(bytes).trim());
    process.kill(process.pid, "SIGKILL");`;
  await outer.writeFile(`${booted.temp}/inner.mjs`, code);
  const step = stepOf(booted, "", {
    command: [process.execPath, `${booted.temp}/inner.mjs`],
    env: { ...booted.env, INNER: `${booted.temp}/inner` },
    waitMs: 20_000,
  });
  const ended = await outer.startStep(step);
  const pid = Number(new TextDecoder().decode(ended.bytes).trim().split("\n").at(-1));
  expect(pid).toBeGreaterThan(1);
  expect(isAlive(pid)).toBe(true);
  await outer.destroy();
  expect(isAlive(pid)).toBe(false);
});

it("a host that was killed takes its steps along, also those that left their session", async () => {
  const inner = join(root, "inner");
  const code = `
    import { startSandboxHost } from ${JSON.stringify(hostModule)};
    import { openLocalSandbox } from ${JSON.stringify(localModule)};
    const host = await startSandboxHost({ root: process.env.ROOT });
    const sandbox = openLocalSandbox(host.url, "build-killed");
    const { env } = await sandbox.boot();
    await sandbox.startStep({ id: "s", script: "setsid sleep 1000 & echo $! $$; wait", extension: "sh",
      command: ["bash", "{0}"], env, cwd: "/", timeoutMs: 60000, waitMs: 0 });
    const { bytes } = await sandbox.pollStep("s", 0, 5000);
    console.log(new TextDecoder().decode(bytes).trim());`;
  await writeFile(join(root, "killed.mjs"), code);
  const env = { ...process.env, ROOT: inner };
  const child = spawn(process.execPath, [join(root, "killed.mjs")], { stdio: ["ignore", "pipe", "inherit"], env });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const pids = line.toString().trim().split(" ").map(Number);
  expect(pids.map(isAlive)).toEqual([true, true]);
  child.kill("SIGKILL");
  await once(child, "exit");
  while (pids.some(isAlive)) await sleep(20);
});

it("a host that was killed leaves nothing once the next one starts in its folder", async () => {
  await host.close();
  const code = `
    import { startSandboxHost } from ${JSON.stringify(hostModule)};
    import { openLocalSandbox } from ${JSON.stringify(localModule)};
    const host = await startSandboxHost({ root: process.env.ROOT });
    const sandbox = openLocalSandbox(host.url, "build-left");
    const { env } = await sandbox.boot();
    const { bytes } = await sandbox.startStep({ id: "s", script: 'cd "$HOME"; setsid env -i sleep 1000 >/dev/null 2>&1 & echo $!', extension: "sh",
      command: ["bash", "{0}"], env, cwd: "/", timeoutMs: 60000, waitMs: 5000 });
    console.log(new TextDecoder().decode(bytes).trim());`;
  await writeFile(join(root, "left.mjs"), code);
  const env = { ...process.env, ROOT: root };
  const child = spawn(process.execPath, [join(root, "left.mjs")], { stdio: ["ignore", "pipe", "inherit"], env });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const pid = Number(line.toString().trim());
  expect(isAlive(pid)).toBe(true);
  await expect(startSandboxHost({ root })).rejects.toThrow(/in use by another/);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isAlive(pid)).toBe(true);
  host = await startSandboxHost({ root });
  expect(isAlive(pid)).toBe(false);
  expect(readdirSync(join(root, "sandboxes"))).toEqual([]);
});
