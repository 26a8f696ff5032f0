/** What every sandbox must do when it boots and runs steps. */

import assert from "node:assert/strict";
import { decode, fileText, follow, isAlive, refuses, STEP_MS, stepOf, type Case } from "./sandbox-case.ts";

const booting: Case[] = [
  {
    name: "boots with folders of its own and is the same machine when booted again",
    async run({ sandbox, again }) {
      const booted = await sandbox.boot();
      assert.deepEqual(await again().boot(), booted);
      assert.equal(booted.env["HOME"], booted.home);
      assert.ok(booted.env["PATH"]);
      const script = 'for f in "$A" "$B" "$C" "$D" "$E"; do cd "$f" && : >probe && rm probe || exit 1; done';
      const { workspace: A, home: B, temp: C, toolCache: D, control: E } = booted;
      assert.equal((await sandbox.run({ script, env: { A, B, C, D, E }, timeoutMs: STEP_MS })).exitCode, 0);
    },
  },
  {
    name: "says that there is no machine free",
    faulty: true,
    async run({ sandbox, fault }) {
      await fault?.({ kind: "no_capacity" });
      await refuses(sandbox.boot(), "capacity");
      assert.ok((await sandbox.boot()).bootId);
    },
  },
  {
    name: "says that the machine was lost, and a new boot shows another marker",
    faulty: true,
    async run({ sandbox, fault }) {
      const booted = await sandbox.boot();
      await sandbox.startStep(stepOf(booted, "sleep 60", { waitMs: 0 }));
      await fault?.({ kind: "lose" });
      await refuses(sandbox.pollStep("step", 0, 0), "lost");
      await refuses(sandbox.run({ script: "true", timeoutMs: STEP_MS }), "lost");
      assert.notEqual((await sandbox.boot()).bootId, booted.bootId);
      assert.equal((await sandbox.pollStep("step", 0, 0)).state, "unknown");
    },
  },
];

const steps: Case[] = [
  {
    name: "runs a short step in one call: end, log and command files",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const script = `echo out; echo err >&2; echo a=1 >"$FILES/output"; printf 'ü\\n' >>"$FILES/summary"; exit 7`;
      const env = { ...booted.env, FILES: `${booted.control}/steps/step` };
      const progress = await sandbox.startStep(stepOf(booted, script, { env }));
      assert.equal(progress.state, "exited");
      assert.equal(progress.exitCode, 7);
      assert.equal(progress.timedOut, false);
      assert.equal(progress.bootId, booted.bootId);
      assert.equal(decode(progress), "out\nerr\n");
      assert.equal(progress.size, 8);
      assert.deepEqual(progress.files, {
        output: { size: 4, text: "a=1\n" },
        env: { size: 0, text: "" },
        path: { size: 0, text: "" },
        summary: { size: 3, text: "ü\n" },
        state: { size: 0, text: "" },
      });
    },
  },
  {
    name: "runs a step once, however often and by whomever it is started",
    async run({ sandbox, again }) {
      const booted = await sandbox.boot();
      const step = stepOf(booted, 'echo ran; echo ran >>"$RUNS"', {
        env: { ...booted.env, RUNS: `${booted.temp}/runs` },
      });
      const answers = await Promise.all([sandbox.startStep(step), again().startStep(step), sandbox.startStep(step)]);
      assert.deepEqual(answers.map(decode), ["ran\n", "ran\n", "ran\n"]);
      assert.equal(decode(await again().startStep(step)), "ran\n");
      assert.equal(await fileText(sandbox, `${booted.temp}/runs`), "ran\n");
    },
  },
  {
    name: "goes on when its caller dies, and tells another one everything",
    async run({ sandbox, again }) {
      const booted = await sandbox.boot();
      const script = 'for i in 1 2 3; do echo "$i"; sleep 0.2; done; exit 3';
      const started = await sandbox.startStep(stepOf(booted, script, { waitMs: 0 }));
      assert.notEqual(started.state, "vanished");
      const ended = await follow(again(), "step");
      assert.deepEqual([ended.state, ended.exitCode, ended.text], ["exited", 3, "1\n2\n3\n"]);
      assert.equal((await again().pollStep("step", 4, 0)).bytes.length, 2);
    },
  },
  {
    name: "starts once when the answer to the start is lost",
    faulty: true,
    async run({ sandbox, fault }) {
      const booted = await sandbox.boot();
      const step = stepOf(booted, 'echo "$$"');
      await fault?.({ kind: "drop_answer" });
      await refuses(sandbox.startStep(step), "transport");
      const first = await follow(sandbox, "step");
      assert.equal(first.exitCode, 0);
      assert.equal(decode(await sandbox.startStep(step)), first.text);
    },
  },
  {
    name: "never heard of a step that was not started",
    async run({ sandbox }) {
      await sandbox.boot();
      const progress = await sandbox.pollStep("never", 0, 1000);
      assert.deepEqual([progress.state, progress.exitCode, progress.size], ["unknown", null, 0]);
      await sandbox.cancelStep("never");
    },
  },
  {
    name: "says that a step vanished when its supervisor was killed",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const script = 'read -r wrapper _ <"$SESSION"; echo before; kill -KILL "$wrapper"; sleep 60';
      const env = { ...booted.env, SESSION: `${booted.control}/steps/step/session` };
      await sandbox.startStep(stepOf(booted, script, { env, waitMs: 0 }));
      const ended = await follow(sandbox, "step");
      assert.deepEqual([ended.state, ended.exitCode, ended.text], ["vanished", null, "before\n"]);
      await sandbox.cancelStep("step");
    },
  },
  {
    name: "ends a step whose time is over, and tells that from a script that exits 124",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const late = await sandbox.startStep(stepOf(booted, "echo begun; sleep 60", { id: "late", timeoutMs: 500 }));
      assert.deepEqual([late.state, late.exitCode, late.timedOut, decode(late)], ["exited", 124, true, "begun\n"]);
      const own = await sandbox.startStep(stepOf(booted, "exit 124", { id: "own" }));
      assert.deepEqual([own.state, own.exitCode, own.timedOut], ["exited", 124, false]);
    },
  },
  {
    name: "does not wait for a daemon that keeps the output open, lets it live, and ends it by cancel",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const script = "(trap '' HUP; exec sleep 300) & echo $!";
      const ended = await sandbox.startStep(stepOf(booted, script));
      assert.deepEqual([ended.state, ended.exitCode], ["exited", 0]);
      const pid = decode(ended).trim();
      assert.equal(await isAlive(sandbox, pid), true);
      await sandbox.cancelStep("step");
      assert.equal(await isAlive(sandbox, pid), false);
      assert.equal((await sandbox.pollStep("step", 0, 0)).exitCode, 0);
    },
  },
  {
    name: "is hurt neither by kill 0 nor by a write to /dev/stderr",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const script =
        "echo one; echo two >/dev/stderr; echo three >/dev/stdout; trap 'trap \"\" TERM; kill 0' EXIT; sleep 60 &";
      const ended = await sandbox.startStep(stepOf(booted, script));
      assert.equal(ended.state, "exited");
      assert.equal(decode(ended), "one\ntwo\nthree\n");
    },
  },
  {
    name: "says in the log what keeps a step from starting",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const lost = await sandbox.startStep(stepOf(booted, "true", { id: "cwd", cwd: `${booted.workspace}/no where` }));
      assert.equal(lost.exitCode, 1);
      assert.match(decode(lost), /does not exist: .*no where/);
      const none = await sandbox.startStep(
        stepOf(booted, "true", { id: "command", command: ["no-such-shell", "{0}"] }),
      );
      assert.equal(none.exitCode, 127);
      assert.match(decode(none), /no-such-shell/);
    },
  },
];

export const stepCases: Case[] = [...booting, ...steps];
