/** The commands that speak to a deployed Sandlot, each in a process of its own, against one `sandlot dev` for the whole file. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { BuildSummary, BuildView, CacheView, DeliveryView, TokenView } from "../../../src/model/api.ts";
import { openProxy } from "./proxy.ts";

const ROOT = join(import.meta.dirname, "../../..");
const WORKFLOW = `
name: CI
on:
  push:
  workflow_dispatch:
    inputs: { level: { default: none } }
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: echo "level is \${{ inputs.level }}"
      - run: mkdir -p deps out && echo cached > deps/file && echo report > out/report.txt
      - uses: actions/cache@v4
        with: { path: deps, key: deps-1 }
      - uses: actions/upload-artifact@v4
        with: { name: report, path: out }
      - run: echo "before it breaks"
      - name: Break
        run: |
          echo "it broke"
          test -n "\${{ inputs.level }}"
      - run: for i in 1 2 3 4 5 6; do echo "tick $i"; sleep 0.5; done
      - if: inputs.level == 'long'
        run: sleep 300
`;

let home = "";
let repository = "";
let dev: ChildProcess;
let url = "";
let admin = "";

interface Ran {
  code: number;
  out: string;
  err: string;
}

function start(args: string[], variables: Record<string, string> = {}): ChildProcess {
  const env: Record<string, string | undefined> = { ...process.env, NO_COLOR: "1", BROWSER: "true" };
  const own = { XDG_CONFIG_HOME: join(home, "config"), XDG_CACHE_HOME: join(home, "cache") };
  for (const name of ["SANDLOT_URL", "SANDLOT_TOKEN", "SANDLOT_API_TOKEN"]) delete env[name];
  return spawn(process.execPath, [join(ROOT, "bin/sandlot.mjs"), ...args], {
    cwd: repository,
    env: { ...env, ...own, ...variables } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function ended(child: ChildProcess): Promise<Ran> {
  if (child.stdout === null || child.stderr === null) throw new Error("no pipes");
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { out, err, code: Number(code) };
}

/** As the machine's own token lets it. */
async function sandlot(...args: string[]): Promise<Ran> {
  return await ended(start(args, { SANDLOT_URL: url, SANDLOT_TOKEN: admin }));
}

async function json<T>(...args: string[]): Promise<T> {
  const ran = await sandlot(...args, "--json");
  if (ran.out === "") throw new Error(`${args.join(" ")}: ${ran.code} ${ran.err}`);
  return JSON.parse(ran.out) as T;
}

/** What a stream says, once it matches. */
function listen(child: ChildProcess, from: "stdout" | "stderr", wanted: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let seen = "";
    child[from]?.on("data", (chunk: Buffer) => {
      seen += String(chunk);
      const match = wanted.exec(seen);
      if (match) resolve(match);
    });
    child.once("close", () => reject(new Error(`it never said ${String(wanted)}:\n${seen}`)));
  });
}

/** Starts a build by hand; returns its id. */
async function dispatch(...fields: string[]): Promise<string> {
  const delivery = await json<DeliveryView>("dispatch", "ci.yml", ...fields.flatMap((field) => ["-f", field]));
  const id = delivery.workflows[0]?.buildId;
  if (!id) throw new Error(`no build: ${JSON.stringify(delivery)}`);
  return id;
}

/** The one that failed, of the push. */
let failed = "";

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "sandlot-test-"));
  repository = join(home, "app");
  mkdirSync(join(repository, ".sandlot/workflows"), { recursive: true });
  writeFileSync(join(repository, ".sandlot/workflows/ci.yml"), WORKFLOW);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=a@example.com", ...args], { cwd: repository });
  git("init", "-q", "-b", "main");
  git("remote", "add", "origin", "https://github.com/ann/app.git");
  git("add", "--all");
  git("commit", "-q", "-m", "Add a workflow");
  const state = join(home, "state");
  dev = start(["dev", "--state", state, "--yes"], { TMPDIR: home });
  const said = await listen(dev, "stdout", /Pages {3}(\S+)[^]*?(http:\/\/127\.0\.0\.1:\d+)\/push[^]*Quit/);
  url = said[1] ?? "";
  admin = readFileSync(join(state, "api-token"), "utf8");
  const pushed = await fetch(`${said[2]}/push`, { method: "POST", headers: { authorization: `Bearer ${admin}` } });
  expect(pushed.status).toBe(202);
  for (;;) {
    const [build] = await json<BuildSummary[]>("builds", "list", "-R", "ann/app");
    if (build?.status === "completed") {
      failed = build.id;
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}, 240_000);

afterAll(async () => {
  dev.kill("SIGTERM");
  if (dev.exitCode === null) await once(dev, "close");
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

describe("signing in", () => {
  it("goes by a code that is typed in at GitHub, and is kept where nobody else may read", async () => {
    const child = start(["login", url]);
    const [, page = "", code = ""] = await listen(child, "stderr", /Open (\S+)\nand type in (\S+)/);
    const form = new URLSearchParams({ user_code: code, login: "ann" });
    expect((await fetch(page, { method: "POST", body: form })).status).toBe(200);
    const [exit] = (await once(child, "close")) as [number];
    expect(exit).toBe(0);
    const file = join(home, "config/sandlot/hosts.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const me = await ended(start(["whoami"]));
    expect(me.out).toContain(`github:ann at ${url}, by ${file}`);
    expect((await ended(start(["builds", "list"]))).out).toContain(failed);
    const rerun = await ended(start(["builds", "rerun", failed, "--failed"]));
    expect([rerun.code, rerun.out]).toEqual([0, expect.stringContaining("asked for by ann")]);
    await ended(start(["builds", "watch", failed]));
    expect((await ended(start(["tokens", "list"]))).code).toBe(1);
    expect((await ended(start(["logout"]))).out).toContain("Signed out");
    expect(readFileSync(file, "utf8")).not.toContain("sandlot_");
    expect(await ended(start(["whoami"]))).toMatchObject({ code: 2, err: expect.stringContaining("sandlot login") });
  });

  it("that is denied at GitHub changes nothing", async () => {
    const child = start(["login", url]);
    const [, page = "", code = ""] = await listen(child, "stderr", /Open (\S+)\nand type in (\S+)/);
    await fetch(page, { method: "POST", body: new URLSearchParams({ user_code: code, deny: "1" }) });
    const [exit] = (await once(child, "close")) as [number];
    expect(exit).toBe(2);
  });
});

describe("builds", () => {
  it("are listed and viewed, for people and as JSON", async () => {
    const list = await sandlot("runs", "list");
    expect(list.out).toMatch(new RegExp(`^✗ {2}${failed} {2}CI #1 {2}Add a workflow {2}main {2}push {2}failure`, "m"));
    expect((await json<BuildSummary[]>("builds", "list", "--status", "success")).length).toBe(0);
    const view = await sandlot("builds", "view", failed);
    expect(view.out).toContain("✗ Break: ");
    expect(view.out).toContain(`sandlot logs ${failed} --failed`);
    expect(view.code).toBe(0);
    expect((await sandlot("builds", "view", `${url}/builds/${failed}`, "--exit-status")).code).toBe(1);
    expect((await json<BuildView>("builds", "view", failed)).id).toBe(failed);
    expect((await sandlot("builds", "view", failed, "--web")).out).toBe(`${url}/builds/${failed}\n`);
  });

  it("are watched to their end through connections that break, and logs miss or repeat nothing", async () => {
    const proxy = await openProxy(Number(new URL(url).port));
    const id = await dispatch("level=good");
    const child = start(["builds", "watch", id, "--exit-status"], { SANDLOT_URL: proxy.url, SANDLOT_TOKEN: admin });
    const end = ended(child);
    for (let cuts = 0; cuts < 4; cuts++) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      proxy.cut();
    }
    const ran = await end;
    proxy.close();
    expect([ran.code, ran.err, ran.out.slice(-300)]).toEqual([0, expect.any(String), expect.any(String)]);
    expect(ran.out.match(/tick \d/g)).toEqual(["tick 1", "tick 2", "tick 3", "tick 4", "tick 5", "tick 6"]);
    expect(ran.out).toContain("The build ended: success.");
    expect((await sandlot("logs", id)).out).toContain("level is good");
  });

  it("are left by Ctrl-C with 130, and cancelled by command", async () => {
    const id = await dispatch("level=long");
    const child = start(["logs", id, "--follow"], { SANDLOT_URL: url, SANDLOT_TOKEN: admin });
    await listen(child, "stdout", /tick 1/);
    child.kill("SIGINT");
    const [exit] = (await once(child, "close")) as [number];
    expect(exit).toBe(130);
    const cancelled = await sandlot("builds", "cancel", id);
    expect([cancelled.code, cancelled.out]).toEqual([0, expect.stringContaining("Cancel asked for")]);
    expect((await sandlot("builds", "watch", id, "--exit-status")).code).toBe(1);
    expect((await json<BuildView>("builds", "view", id)).conclusion).toBe("cancelled");
    const late = await sandlot("builds", "cancel", id);
    expect([late.code, late.err]).toEqual([1, expect.stringContaining("ended already")]);
  });
});

describe("what builds keep", () => {
  it("is their logs: all, or what failed", async () => {
    const all = await sandlot("logs", failed, "--job", "test");
    expect(all.out).toContain("before it breaks");
    const only = await sandlot("logs", failed, "--failed");
    expect(only.out).toContain("it broke");
    expect(only.out).not.toContain("before it breaks");
    const none = await sandlot("logs", failed, "--job", "nothing");
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('--job "test"')]);
  });

  it("is artifacts, saved by name", async () => {
    const list = await sandlot("artifacts", "list", failed);
    expect(list.out).toMatch(/^report {2}1 file {2}7 B {2}until \d{4}-/);
    const into = join(home, "downloads");
    expect((await sandlot("artifacts", "download", failed, "-n", "report", "-D", into)).code).toBe(0);
    expect(readFileSync(join(into, "report/report.txt"), "utf8")).toBe("report\n");
    expect((await sandlot("artifacts", "download", failed, "-n", "nothing")).code).toBe(2);
    expect(existsSync(join(repository, "report"))).toBe(false);
  });

  it("is caches, forgotten by key", async () => {
    const caches = await json<CacheView[]>("caches", "list");
    expect(caches.map(({ key }) => key)).toContain("deps-1");
    expect((await sandlot("caches", "rm", "deps-1")).out).toMatch(/^Forgot 1 cache of ann\/app/);
    expect(await sandlot("caches", "rm", "deps-1")).toMatchObject({ code: 1 });
    expect((await sandlot("caches", "rm")).code).toBe(2);
  });
});

describe("tokens", () => {
  it("are shown once, let in as far as their scope goes, and end at once", async () => {
    const made = await sandlot("tokens", "create", "looker", "--scope", "read", "-R", "ann/app", "--days", "1");
    const token = made.out.trim();
    expect(token).toMatch(/^sandlot_[\w-]{43}$/);
    const as = (...args: string[]) => ended(start(args, { SANDLOT_URL: url, SANDLOT_TOKEN: token }));
    expect((await as("whoami")).out).toContain("token:looker");
    expect((await as("builds", "list")).out).toContain(failed);
    const rerun = await as("builds", "rerun", failed);
    expect([rerun.code, rerun.err]).toEqual([1, expect.stringContaining("right to act")]);
    const [listed] = await json<TokenView[]>("tokens", "list");
    expect(listed).toMatchObject({ name: "looker", scope: "read", repository: "ann/app", createdBy: "token" });
    expect(JSON.stringify(listed)).not.toContain(token);
    expect((await sandlot("tokens", "create", "looker")).code).toBe(1);
    expect((await sandlot("tokens", "revoke", "looker")).code).toBe(0);
    const out = await as("builds", "list");
    expect([out.code, out.err]).toEqual([1, expect.stringContaining("sandlot login")]);
  });
});

describe("what cannot be done", () => {
  it("is said with the next command, on standard error", async () => {
    const nowhere = await ended(start(["builds", "list"]));
    expect([nowhere.code, nowhere.out, nowhere.err]).toEqual([2, "", expect.stringContaining("sandlot login")]);
    const gone = await ended(start(["builds", "list"], { SANDLOT_URL: "http://127.0.0.1:9", SANDLOT_TOKEN: "x" }));
    expect([gone.code, gone.err]).toEqual([1, expect.stringMatching(/Nobody answers|bad port/)]);
    const missing = await sandlot("builds", "view", "aaaaaaaaaaaaaaaa");
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining("sandlot builds list")]);
    expect((await sandlot("builds", "view", "Not An Id")).code).toBe(2);
    const nothing = await sandlot("dispatch", "nothing.yml");
    expect([nothing.code, nothing.out]).toEqual([
      1,
      expect.stringContaining("No workflow file is nothing.yml: there is"),
    ]);
    expect((await sandlot("dispatch", "ci.yml", "-f", "level")).code).toBe(2);
  });

  it("is explained by --help, with examples first", async () => {
    for (const name of ["builds", "tokens"]) {
      expect((await sandlot(name, "--help")).out).toMatch(/^Examples:\n {2}\$ sandlot /);
    }
  });
});
