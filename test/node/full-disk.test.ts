/** F24: the disk of a whole sandbox is really full: a small file system of its own, mounted where only this test sees it. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "sandlot-full-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In a user and mount namespace of its own; `text` finds the mounted folder as `$1`. */
function onSmallDisk(text: string, ...args: string[]) {
  const mount = `mount -t tmpfs -o size=6m sandlot "$1" && ${text}`;
  return spawnSync("unshare", ["-rm", "sh", "-c", mount, "sh", folder, ...args], { encoding: "utf8", timeout: 60_000 });
}

const canMount = onSmallDisk("true").status === 0;
const module = (path: string) => JSON.stringify(join(import.meta.dirname, "../../src", path));

/** Carries out steps one after the other in one sandbox on the small disk. */
function runSteps(scripts: readonly string[]): { exitCode: number | null; state: string; log: string }[] {
  const code = `
    import { startSandboxHost } from ${module("local/sandbox-host.ts")};
    import { openLocalSandbox } from ${module("sandbox/local.ts")};
    const host = await startSandboxHost({ root: process.argv[2] });
    const sandbox = openLocalSandbox(host.url, "build-full");
    const { env, workspace: cwd } = await sandbox.boot();
    const ends = [];
    for (const [index, script] of JSON.parse(process.argv[3]).entries()) {
      let progress = await sandbox.startStep({ id: "s" + index, script, extension: "sh", command: ["bash", "-e", "{0}"], env, cwd,
        timeoutMs: 30000, waitMs: 5000 });
      while (progress.state === "running") progress = await sandbox.pollStep("s" + index, 0, 5000);
      const { state, exitCode, bytes } = progress;
      ends.push({ state, exitCode, log: new TextDecoder().decode(bytes) });
    }
    console.log(JSON.stringify(ends));
    await host.close();`;
  // Beside the mount, which hides what is in the folder.
  const file = `${folder}.mjs`;
  writeFileSync(file, code);
  try {
    const text = 'exec "$2" --no-warnings "$3" "$1" "$4"';
    const { stdout, stderr } = onSmallDisk(text, process.execPath, file, JSON.stringify(scripts));
    if (!stdout.startsWith("[")) throw new Error(`nothing was run: ${stdout}${stderr}`);
    return JSON.parse(stdout) as ReturnType<typeof runSteps>;
  } finally {
    rmSync(file);
  }
}

describe.runIf(canMount)("F24: a sandbox whose disk is full", () => {
  const FILL = 'head -c 20000000 /dev/zero >"$HOME/big"';

  it("ends the step that filled it with the step's own exit code, and runs what comes after", () => {
    const [filled, next] = runSteps([`echo before; ${FILL}; echo never`, 'echo tidying; rm "$HOME/big"; echo free']);
    expect(filled).toMatchObject({ state: "exited", exitCode: 1 });
    expect(filled?.log).toMatch(/^before$/m);
    expect(filled?.log).toContain("No space left on device");
    expect(next).toEqual({ state: "exited", exitCode: 0, log: "tidying\nfree\n" });
  });

  it("says in the log where its bytes are missing, and no signal ends the step for it", () => {
    const loud = 'for i in $(seq 200000); do echo "a line that no disk has room for $i"; done';
    const [ended] = runSteps([`${FILL} || true; ${loud}; echo over >&2; exit 7`]);
    expect(ended).toMatchObject({ state: "exited", exitCode: 7 });
    expect(ended?.log).toContain("the sandbox's disk is full");
  });
});
