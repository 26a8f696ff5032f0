/** What every sandbox must do with environments, commands, files, backups and credentials. */

import assert from "node:assert/strict";
import { decode, fileText, refuses, STEP_MS, stepOf, type Case } from "./sandbox-case.ts";

const environments: Case[] = [
  {
    name: "gives a step exactly its own environment, whatever the names",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const env = {
        PATH: booted.env["PATH"] ?? "",
        "A-B.c": 'it\'s "$HOME" `x`\n\\',
        "[0]": "brackets",
        "-i": "dash",
        "with space": "",
        LANG: "C",
        ünï: "cödé",
        SANDLOT_ID: "mine",
      };
      const step = stepOf(booted, "", { env, command: ["env", "-0"] });
      const given = decode(await sandbox.startStep(step))
        .split("\0")
        .filter(Boolean)
        .filter((line) => !/^(PWD|OLDPWD|SHLVL|_|SANDLOT_SANDBOX)=/.test(line));
      assert.deepEqual(
        given.toSorted(),
        Object.entries(env)
          .map((pair) => pair.join("="))
          .toSorted(),
      );
    },
  },
  {
    name: "never parses what is given as shell",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const word = '\'; touch "$HOME/hacked"; $(touch ~/hacked) `touch ~/hacked` \\';
      const folder = `${booted.workspace}/a b'c"d$e`;
      await sandbox.writeFile(`${folder}/x`, "");
      const command = ["bash", "-c", 'printf "%s|" "$PWD" "$@"', "--", word, "-n", "{0}", "x{0}y"];
      const progress = await sandbox.startStep(stepOf(booted, "unused", { command, cwd: folder }));
      const script = `${booted.control}/steps/step/script.sh`;
      assert.deepEqual(decode(progress).split("|"), [folder, word, "-n", script, `x${script}y`, ""]);
      await refuses(sandbox.readFile(`${booted.home}/hacked`), "missing_file");
    },
  },
  {
    name: "starts a step whose script and environment are too long for a variable, and leaves no copy",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const env = { ...booted.env, ONE: "1".repeat(100_000), TWO: "2".repeat(100_000) };
      const script = `echo "\${#ONE} \${#TWO}"\nls -A "$INCOMING"\n#${"x".repeat(300_000)}`;
      const step = stepOf(booted, script, { env: { ...env, INCOMING: `${booted.control}/incoming` } });
      assert.equal(decode(await sandbox.startStep(step)), "100000 100000\n");
      assert.equal(decode(await sandbox.startStep(step)), "100000 100000\n");
      const left = await sandbox.run({
        script: 'ls -A "$D"',
        env: { D: `${booted.control}/incoming` },
        timeoutMs: STEP_MS,
      });
      assert.equal(left.stdout, "");
    },
  },
  {
    name: "keeps a step from the environment of its supervisor, and the supervisor from the step's",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      await sandbox.writeFile(`${booted.temp}/trap.sh`, 'echo ran >>"$TRAPPED"\n');
      const trapped = `${booted.temp}/trapped`;
      const env = {
        ...booted.env,
        BASH_ENV: `${booted.temp}/trap.sh`,
        TRAPPED: trapped,
        LD_PRELOAD: "/no/such.so",
        SECRET: "s3cr3t",
      };
      const script = `p=$PPID; while [ "$p" -gt 1 ]; do tr '\\0' '\\n' <"/proc/$p/environ" | grep -c SECRET || true; read -r _ _ _ p _ <"/proc/$p/stat"; done`;
      const ended = await sandbox.startStep(stepOf(booted, script, { env }));
      assert.equal(ended.exitCode, 0);
      // The nearest ancestors are the supervisor's processes.
      assert.match(decode(ended).replaceAll(/.*LD_PRELOAD.*\n/g, ""), /^0\n0\n/);
      // The step's own shell asked it, and no other.
      assert.equal(await fileText(sandbox, trapped), "ran\n");
    },
  },
];

const commands: Case[] = [
  {
    name: "runs a short command with its environment, folder and exit code",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const script = 'pwd; printf "%s\\n" "$VALUE" >&2; exit 5';
      const result = await sandbox.run({ script, env: { VALUE: "it's $(x)" }, cwd: booted.temp, timeoutMs: STEP_MS });
      assert.deepEqual(result, { exitCode: 5, stdout: `${booted.temp}\n`, stderr: "it's $(x)\n" });
      const plain = await sandbox.run({
        script: 'printf %s "$HOME"; env | grep -c "^SANDLOT_SCRIPT" ',
        timeoutMs: STEP_MS,
      });
      assert.equal(plain.stdout, `${booted.home}0\n`);
    },
  },
  {
    name: "kills a command after its time and cuts its output",
    async run({ sandbox }) {
      await sandbox.boot();
      assert.equal((await sandbox.run({ script: "sleep 60", timeoutMs: 300 })).exitCode, 124);
      const long = await sandbox.run({ script: "head -c 100000 /dev/zero | tr '\\0' x", timeoutMs: STEP_MS });
      assert.deepEqual([long.exitCode, long.stdout.length], [0, 64 * 1024]);
    },
  },
];

const files: Case[] = [
  {
    name: "writes files for itself only, with their folders, from text and from a stream",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const path = `${booted.temp}/a/b c/ü'.txt`;
      await sandbox.writeFile(path, "täxt\n");
      assert.equal(await fileText(sandbox, path), "täxt\n");
      assert.equal((await sandbox.readFile(path)).size, 6);
      const mode = await sandbox.run({ script: 'ls -l "$F" | cut -c 1-10', env: { F: path }, timeoutMs: STEP_MS });
      assert.equal(mode.stdout, "-rw-------\n");
      await sandbox.writeFile(path, new Response("from a stream").body ?? assert.fail());
      assert.equal(await fileText(sandbox, path), "from a stream");
      await sandbox.writeFile(path, "");
      assert.deepEqual([(await sandbox.readFile(path)).size, await fileText(sandbox, path)], [0, ""]);
      await refuses(sandbox.readFile(`${path}.gone`), "missing_file");
    },
  },
  {
    name: "reads back a file of 20 MB byte by byte as it was",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const script = 'head -c 20000000 /dev/urandom >"$F"; sha256sum <"$F" | cut -c 1-64';
      const { stdout } = await sandbox.run({ script, env: { F: `${booted.temp}/f` }, timeoutMs: STEP_MS });
      const { size, body } = await sandbox.readFile(`${booted.temp}/f`);
      assert.equal(size, 20_000_000);
      const digest = await crypto.subtle.digest("SHA-256", await new Response(body).arrayBuffer());
      assert.equal(Buffer.from(digest).toString("hex"), stdout.trim());
    },
  },
  {
    name: "restores a backup, and calls one that is gone or was never made a miss",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      await sandbox.writeFile(`${booted.temp}/kept/cache.bin`, "content");
      const handle = await sandbox.saveBackup(`${booted.temp}/kept`, "for people\u0007");
      // What D1 keeps of it is JSON.
      const kept = JSON.parse(JSON.stringify(handle)) as typeof handle;
      assert.equal(await sandbox.restoreBackup(kept, `${booted.temp}/back`), "hit");
      assert.equal(await fileText(sandbox, `${booted.temp}/back/cache.bin`), "content");
      const gone = { ...kept, id: "00000000-0000-4000-8000-000000000000" };
      assert.equal(await sandbox.restoreBackup(gone, `${booted.temp}/gone`), "miss");
      assert.equal(await sandbox.restoreBackup({ ...kept, id: "../x" }, `${booted.temp}/gone`), "miss");
    },
  },
  {
    name: "calls a backup that expired a miss",
    faulty: true,
    async run({ sandbox, fault }) {
      const booted = await sandbox.boot();
      await sandbox.writeFile(`${booted.temp}/kept/cache.bin`, "content");
      const handle = await sandbox.saveBackup(`${booted.temp}/kept`, "old");
      await fault?.({ kind: "expire_backup", id: handle.id });
      assert.equal(await sandbox.restoreBackup(handle, `${booted.temp}/back`), "miss");
    },
  },
];

/** Another each time: other sandboxes of this computer may be under test too. */
const newToken = () => `ghs_${crypto.randomUUID()}`;
const FILL = "printf 'protocol=https\\nhost=git.example\\n\\n' | GIT_TERMINAL_PROMPT=0 git credential fill";

const credentials: Case[] = [
  {
    name: "answers git with the token, to several at once, until told another or to stop",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const token = newToken();
      await sandbox.serveGitCredential("https://git.example", token);
      const many = `for i in 1 2 3 4 5; do (${FILL} | grep -c "$T") & done; wait`;
      const step = stepOf(booted, many, { id: "many", env: { ...booted.env, T: `^password=${token}$` } });
      assert.equal(decode(await sandbox.startStep(step)), "1\n".repeat(5));
      await sandbox.serveGitCredential("https://git.example/some/path", "another");
      const other = await sandbox.run({ script: FILL, timeoutMs: STEP_MS });
      assert.match(other.stdout, /^username=x-access-token\npassword=another$/m);
      const elsewhere = await sandbox.run({ script: FILL.replace("git.example", "other.example"), timeoutMs: STEP_MS });
      assert.notEqual(elsewhere.exitCode, 0);
      await sandbox.stopGitCredential();
      assert.notEqual((await sandbox.run({ script: FILL, timeoutMs: STEP_MS })).exitCode, 0);
      await sandbox.stopGitCredential();
    },
  },
  {
    name: "has the token in no file, command line or environment",
    async run({ sandbox }) {
      const booted = await sandbox.boot();
      const token = newToken();
      await sandbox.serveGitCredential("https://git.example", token);
      // The script has the token in halves, so that it does not find itself.
      const [half, rest] = [token.slice(0, 10), token.slice(10)];
      const script = `t=${half}; t="$t"${rest}
for f in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do if tr '\\0' '\\n' 2>/dev/null <"$f" | grep -qF "$t"; then echo "$f"; fi; done
grep -rlF -D skip "$t" "$A" "$B" "$C" 2>/dev/null; echo looked`;
      const env = { ...booted.env, A: booted.control, B: booted.home, C: booted.temp };
      const ended = await sandbox.startStep(stepOf(booted, script, { env, command: ["bash", "{0}"] }));
      assert.equal(decode(ended), "looked\n");
    },
  },
];

export const dataCases: Case[] = [...environments, ...commands, ...files, ...credentials];
