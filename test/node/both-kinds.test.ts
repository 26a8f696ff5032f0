/** The native actions and the toolkit's own clients, put to the same test: what a workflow sees of either is the same. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";

import type { RunEvent } from "../../src/cli/events.ts";
import { bundleToolkit } from "../support/toolkit/bundle.ts";

const ROOT = join(import.meta.dirname, "../..");
type Kind = "native" | "toolkit";
const KINDS: readonly Kind[] = ["native", "toolkit"];
type Doing = "restore" | "save" | "upload" | "download" | "leak";

const NATIVE: Record<Doing, string> = {
  leak: "",
  restore: "actions/cache/restore@v4",
  save: "actions/cache/save@v4",
  upload: "actions/upload-artifact@v4",
  download: "actions/download-artifact@v4",
};

/** One step, by either kind; `%` in what it is given stands for the kind. */
function use(kind: Kind, doing: Doing, inputs: Record<string, string>, id = ""): string {
  const given = kind === "native" ? inputs : { do: doing, ...inputs };
  const own = Object.entries(given).map(([name, value]) => [name, value.replaceAll("%", kind)]);
  const step = {
    ...(id !== "" && { id }),
    uses: kind === "native" ? NATIVE[doing] : "./.github/actions/toolkit",
    with: Object.fromEntries(own) as Record<string, string>,
    "continue-on-error": true,
  };
  return `      - ${JSON.stringify(step)}`;
}

/** Shows what a step came to, for the comparison. */
function tell(what: string, script: string, env: Record<string, string> = {}): string {
  const run = `echo "RESULT ${what}: $(${script})"`;
  return `      - ${JSON.stringify({ if: "always()", env, run })}`;
}

const outputs = (id: string) =>
  tell(id, 'echo "$OUTCOME hit=$HIT matched=$MATCHED primary=$PRIMARY"', {
    OUTCOME: `\${{ steps.${id}.outcome }}`,
    HIT: `\${{ steps.${id}.outputs.cache-hit }}`,
    MATCHED: `\${{ steps.${id}.outputs.cache-matched-key }}`,
    PRIMARY: `\${{ steps.${id}.outputs.cache-primary-key }}`,
  });
const outcome = (id: string) => tell(id, 'echo "$OUTCOME"', { OUTCOME: `\${{ steps.${id}.outcome }}` });
const run = (script: string) => `      - run: ${JSON.stringify(script)}`;

function jobsOf(kind: Kind): string {
  const make = [
    use(kind, "restore", { path: "kept", key: "%-k-1", "restore-keys": "%-k-" }, "miss"),
    outputs("miss"),
    run("mkdir -p kept/deep; echo 1 > kept/a; head -c 3000000 /dev/urandom > kept/deep/b; ln -s a kept/link"),
    run("sha256sum kept/deep/b > sum; mkdir -p out/deep; echo o > out/o; cp sum out/deep/; : > out/empty"),
    use(kind, "save", { path: "kept", key: "%-k-1" }, "save"),
    outcome("save"),
    use(kind, "save", { path: "kept", key: "%,comma" }, "comma"),
    outcome("comma"),
    use(kind, "upload", { name: "%-site", path: "out" }, "upload"),
    outcome("upload"),
    use(kind, "upload", { name: "%-site", path: "out" }, "again"),
    outcome("again"),
    run("echo changed > out/o"),
    use(kind, "upload", { name: "%-site", path: "out", overwrite: "true" }, "overwrite"),
    outcome("overwrite"),
    use(kind, "upload", { name: "%:bad", path: "out" }, "bad"),
    outcome("bad"),
  ];
  const other: Kind = kind === "native" ? "toolkit" : "native";
  const take = [
    use(kind, "restore", { path: "kept", key: "%-k-1" }, "exact"),
    outputs("exact"),
    run(`test "$(readlink kept/link)" = a && test "$(wc -c < kept/deep/b)" = 3000000; rm -rf kept`),
    use(kind, "restore", { path: "kept", key: "%-k-2", "restore-keys": "x-\n%-k-" }, "prefix"),
    outputs("prefix"),
    use(kind, "restore", { path: "elsewhere", key: "%-k-1" }, "path"),
    outputs("path"),
    run("echo 2 > kept/a"),
    use(kind, "save", { path: "kept", key: "%-k-1" }, "second"),
    outcome("second"),
    run("rm -rf kept"),
    use(kind, "restore", { path: "kept", key: "%-k-1" }, "first"),
    tell("first writer", "cat kept/a"),
    use(kind, "download", { name: "%-site", path: "got" }, "download"),
    tell("content", "(cat got/o; cd got && find . -type f | LC_ALL=C sort) | tr '\\n' ' '"),
    use(kind, "download", { name: `${other}-site`, path: "crossed" }, "crossed"),
    tell("of the other kind", "(cat crossed/o; cd crossed && find . -type f | LC_ALL=C sort) | tr '\\n' ' '"),
    use(kind, "download", { name: "missing", path: "none" }, "missing"),
    outcome("missing"),
    tell("left of it", "find none -type f 2>/dev/null | wc -l"),
    tell("given to a script", "env | grep -c '^ACTIONS_'"),
    ...(kind === "toolkit" ? [use(kind, "leak", {})] : []),
  ];
  const job = (name: string, needs: string[], steps: string[]): string =>
    `  ${kind}-${name}:
    runs-on: ubuntu-latest
    needs: ${JSON.stringify(needs)}
    steps:
      - uses: actions/checkout@v4
${steps.join("\n")}
`;
  return job("make", [], make) + job("take", ["native-make", "toolkit-make"], take);
}

let home = "";
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "sandlot-test-"));
  mkdirSync(join(home, "tmp"));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

it("gives the same results by either, and what the other kept", async () => {
  const repository = join(home, "repository");
  mkdirSync(join(repository, ".sandlot/workflows"), { recursive: true });
  await bundleToolkit(join(repository, ".github/actions/toolkit"));
  writeFileSync(join(repository, ".sandlot/workflows/ci.yml"), `on: push\njobs:\n${KINDS.map(jobsOf).join("")}`);
  const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  for (const words of [
    ["init", "-q", "-b", "main"],
    ["add", "--all"],
    ["commit", "-q", "-m", "Start"],
  ])
    execFileSync("git", [...who, ...words], { cwd: repository, stdio: "pipe" });
  const child = spawn(process.execPath, [join(ROOT, "bin/sandlot.mjs"), "run", "--json"], {
    cwd: repository,
    env: { ...process.env, TMPDIR: join(home, "tmp"), XDG_CACHE_HOME: join(home, "cache"), NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect(code, `${out}\n${err}`).toBe(0);
  const [native, toolkit] = KINDS.map((kind) => resultsOf(out, kind));
  expect(toolkit).toEqual(native);
  expect(out).toContain("the token is ***");
  expect(out).not.toContain("eyJ");
  expect(native).toMatchInlineSnapshot(`
    {
      "again": "failure",
      "bad": "failure",
      "comma": "failure",
      "content": "changed ./deep/sum ./empty ./o",
      "exact": "success hit=true matched=%-k-1 primary=%-k-1",
      "first writer": "1",
      "given to a script": "0",
      "left of it": "0",
      "miss": "success hit= matched= primary=%-k-1",
      "missing": "failure",
      "of the other kind": "changed ./deep/sum ./empty ./o",
      "overwrite": "success",
      "path": "success hit= matched= primary=%-k-1",
      "prefix": "success hit=false matched=%-k-1 primary=%-k-2",
      "save": "success",
      "second": "success",
      "upload": "success",
    }
  `);
});

/** By what was asked, with the kind's name left out. */
function resultsOf(out: string, kind: Kind): Record<string, string> {
  const names = new Map<string, string>();
  const results: Record<string, string> = {};
  for (const line of out.trim().split("\n")) {
    const event = JSON.parse(line) as RunEvent;
    if (event.type === "job") names.set(event.job.id, event.job.name);
    if (event.type !== "log" || !names.get(event.job)?.startsWith(kind)) continue;
    for (const text of event.lines) {
      const [, what, result = ""] = /^RESULT ([^:$]+): (.*)$/.exec(text) ?? [];
      if (what !== undefined) results[what] = result.replaceAll(kind, "%").trim();
    }
  }
  return results;
}
