/**
 * Real actions, as they were published, through all of `sandlot run`. None of them is kept here: `SANDLOT_ACTIONS_DIR` names a folder
 * that holds clones of them as `actions/checkout` and so on. Without it nothing is tried, and the name of the suite says so.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const DIR = process.env["SANDLOT_ACTIONS_DIR"];

/** Whether a clone is there with this file in it: some are kept without their largest. */
function holds(action: string, file: string): boolean {
  if (DIR === undefined) return false;
  try {
    const place = realpathSync(join(DIR, action));
    execFileSync("git", ["-C", place, "cat-file", "-e", file], {
      stdio: "ignore",
      env: { ...process.env, GIT_NO_LAZY_FETCH: "1" },
    });
    return true;
  } catch {
    return false;
  }
}

/** Ends with everything that `sandlot run` showed. */
async function run(workflow: string): Promise<{ code: number; out: string }> {
  const home = mkdtempSync(join(tmpdir(), "sandlot-test-"));
  const repository = join(home, "repository");
  mkdirSync(join(repository, ".sandlot/workflows"), { recursive: true });
  mkdirSync(join(home, "tmp"));
  writeFileSync(join(repository, ".sandlot/workflows/ci.yml"), workflow);
  writeFileSync(join(repository, "README.md"), "hello\n");
  const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  for (const words of [
    ["init", "-q", "-b", "main"],
    ["add", "."],
    [...who, "commit", "-q", "-m", "One"],
  ])
    execFileSync("git", words, { cwd: repository });
  const child = spawn(
    process.execPath,
    [join(ROOT, "bin/sandlot.mjs"), "run", "-y", "--no-native", "--actions", DIR ?? ""],
    {
      cwd: repository,
      env: { ...process.env, TMPDIR: join(home, "tmp"), XDG_CACHE_HOME: join(home, "cache"), NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  rmSync(home, { recursive: true, force: true });
  return { code: Number(code), out: out + errors };
}

/** A tool cache as setup-node looks for it, around the Node that there is. */
const PREPARE = `
          bin="$RUNNER_TOOL_CACHE/node/20.99.0/x64/bin"; mkdir -p "$bin"
          printf '#!/bin/sh\\nif [ "$1" = --version ]; then echo v20.99.0; else exec %s "$@"; fi\\n' "$(command -v node)" > "$bin/node"
          for p in npm yarn; do printf '#!/bin/sh\\necho 1.0.0\\n' > "$bin/$p"; done
          chmod +x "$bin"/*; touch "$bin/../../x64.complete"`;

const about = DIR === undefined ? " (not tried: SANDLOT_ACTIONS_DIR names no folder that holds them)" : "";

describe.skipIf(DIR === undefined)(`real actions, unmodified${about}`, () => {
  it("check out, set up Node from a tool cache, cache, and script GitHub", async () => {
    const { code, out } = await run(`on: push
jobs:
  real:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: git log --oneline | sed 's/^/LOG /'
      - run: |${PREPARE}
      - { id: node, uses: actions/setup-node@v4, with: { node-version: 20 } }
      - run: echo "node is $(node --version) \${{ steps.node.outputs.node-version }}"
      - { uses: actions/cache@v4, with: { path: kept, key: "k-\${{ github.sha }}" } }
      - run: mkdir kept && echo 1 > kept/a
      - uses: actions/github-script@v8
        with:
          script: |
            const { data } = await github.rest.repos.getContent({ ...context.repo, path: "README.md" });
            console.log("it holds " + data.name);
  next:
    needs: real
    runs-on: ubuntu-latest
    steps:
      - { id: cache, uses: actions/cache/restore@v4, with: { path: kept, key: "k-\${{ github.sha }}" } }
      - run: test -f kept/a && echo "hit \${{ steps.cache.outputs.cache-hit }}"
`);
    expect(code, out).toBe(0);
    expect(out).toMatch(/LOG [0-9a-f]{7} One/);
    expect(out).toContain("node is v20.99.0 v20.99.0");
    expect(out).toContain("it holds README.md");
    expect(out).toContain("hit true");
    expect(out).toContain("Post actions/checkout@v4");
  });

  it.skipIf(!holds("actions/upload-artifact", "v4:dist/upload/index.js"))("hand on artifacts", async () => {
    const { code, out } = await run(`on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - run: mkdir out && echo made > out/a
      - { uses: actions/upload-artifact@v4, with: { name: made, path: out } }
  two:
    needs: one
    runs-on: ubuntu-latest
    steps:
      - { uses: actions/download-artifact@v4, with: { name: made, path: got } }
      - run: test "$(cat got/a)" = made && echo it came
`);
    expect(code, out).toBe(0);
    expect(out).toContain("it came");
  });

  it("that are composite run their steps and the actions that these use, as far as there is a network", async () => {
    const { code, out } = await run(`on: push
jobs:
  composites:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          mkdir -p bin && echo "$PWD/bin" >> "$GITHUB_PATH"
          printf '#!/bin/sh\\necho "called rustup $*" >&2\\n' > bin/rustup
          printf '#!/bin/sh\\necho "rustc 1.2.3 (abc 2026-01-01)"\\n' > bin/rustc
          cp bin/rustup bin/cargo; cp bin/rustup bin/pre-commit; printf '#!/bin/sh\\necho "called python $*"\\n' > bin/python
          chmod +x bin/*; echo "repos: []" > .pre-commit-config.yaml
      - { uses: dtolnay/rust-toolchain@stable, with: { components: clippy } }
      - { uses: pre-commit/action@v3.0.1, with: { extra_args: flake8 } }
`);
    expect(code, out).toBe(0);
    expect(out).toMatch(/called rustup toolchain install stable .*--component clippy/);
    expect(out).toContain("called rustup run --show-diff-on-failure --color=always flake8");
    expect(out).toContain("Post pre-commit/action@v3.0.1");
  });
});
