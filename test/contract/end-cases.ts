/** What every sandbox must do when a step or all of it is ended, and with what a step wrote. */

import assert from "node:assert/strict";
import { decode, fileText, follow, isAlive, refuses, STEP_MS, stepOf, until, type Case } from "./sandbox-case.ts";

const ending: Case[] = [
  {
    name: "interrupts a step that minds it",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      await sandbox.startStep(stepOf(booted, "trap 'echo bye; exit 9' INT; echo ready; sleep 60", { waitMs: 0 }));
      await until("ready", async () => (await sandbox.pollStep("step", 0, 1000)).size > 0);
      await sandbox.cancelStep("step");
      const ended = await follow(sandbox, "step");
      assert.deepEqual([ended.state, ended.exitCode, ended.timedOut, ended.text], ["exited", 9, false, "ready\nbye\n"]);
    },
  },
  {
    name: "cancels a process tree that ignores INT and TERM, down to what left the session",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const script = `trap '' INT TERM HUP
(bash -c 'echo $$; while :; do sleep 1; done') &
(setsid bash -c 'echo $$; while :; do sleep 1; done' & wait) &
wait; wait`;
      await sandbox.startStep(stepOf(booted, script, { waitMs: 0 }));
      let pids: string[] = [];
      await until("both have said who they are", async () => {
        pids = decode(await sandbox.pollStep("step", 0, 0))
          .trim()
          .split("\n");
        return pids.length === 2;
      });
      await sandbox.cancelStep("step");
      for (const pid of pids) assert.equal(await isAlive(sandbox, pid), false);
      assert.equal((await sandbox.pollStep("step", 0, 0)).state, "exited");
    },
  },
  {
    name: "is destroyed twice and then refuses every call",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      await sandbox.startStep(stepOf(booted, "sleep 300", { waitMs: 0 }));
      await Promise.all([sandbox.destroy(), sandbox.destroy()]);
      await sandbox.destroy();
      await refuses(sandbox.boot(), "destroyed");
      await refuses(sandbox.pollStep("step", 0, 0), "destroyed");
      await refuses(sandbox.run({ script: "true", timeoutMs: STEP_MS }), "destroyed");
      await refuses(sandbox.readFile("/etc/hostname"), "destroyed");
      await refuses(sandbox.writeFile(`${booted.temp}/late`, ""), "destroyed");
    },
  },
  {
    name: "is destroyed though it was never booted",
    run: ({ sandbox }) => sandbox.destroy(),
  },
  {
    name: "gives up on a destroy that hangs, and the next one ends it",
    faulty: true,
    async run({ sandbox, again, impatient, fault }) {
      await sandbox.boot();
      await fault?.({ kind: "hang_destroy" });
      await refuses(impatient().destroy(), "transport");
      await again().destroy();
    },
  },
];

const logs: Case[] = [
  {
    name: "gives every byte as it was, also half a character between two polls",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const script = `printf 'a\\303'; until [ -e "$GO" ]; do sleep 0.05; done; printf '\\251\\377\\000\\r\\nz'`;
      const env = { ...booted.env, GO: `${booted.temp}/go` };
      await sandbox.startStep(stepOf(booted, script, { env, waitMs: 0 }));
      const half = await sandbox.pollStep("step", 0, 10_000);
      assert.deepEqual([half.state, ...half.bytes], ["running", 0x61, 0xc3]);
      await sandbox.writeFile(`${booted.temp}/go`, "");
      const rest = await follow(sandbox, "step", 2);
      assert.deepEqual([...rest.log], [0xa9, 0xff, 0x00, 0x0d, 0x0a, 0x7a]);
      assert.equal(rest.size, 8);
    },
  },
  {
    name: "gives a long log in parts of at most 4 MiB, whole",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const script = `for i in 1 2 3; do head -c 3000000 /dev/zero | tr '\\0' "$i"; done; echo end`;
      const started = await sandbox.startStep(stepOf(booted, script, { waitMs: 0 }));
      const ended = await follow(sandbox, "step", started.bytes.length);
      const whole = decode(started) + ended.text;
      assert.equal(whole.length, 9_000_004);
      assert.ok(
        whole ===
          `${"1".repeat(3e6)}${"2".repeat(3e6)}${"3".repeat(3e6)}end
`,
      );
    },
  },
  {
    name: "leaves a large command file to be read as a file",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const path = `${booted.control}/steps/step/summary`;
      const script = `head -c 70000 /dev/zero | tr '\\0' x >"$FILES/summary"; echo k=v >"$FILES/state"`;
      const env = { ...booted.env, FILES: `${booted.control}/steps/step` };
      const { files } = await sandbox.startStep(stepOf(booted, script, { env }));
      assert.deepEqual(files.summary, { size: 70_000, text: null });
      assert.deepEqual(files.state, { size: 4, text: "k=v\n" });
      assert.equal((await fileText(sandbox, path)).length, 70_000);
    },
  },
];

export const endCases: Case[] = [...ending, ...logs];
