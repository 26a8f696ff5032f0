import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { check } from "../../../src/cli/check/check.ts";
import { createPaint } from "../../../src/cli/paint.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sandlot-test-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

async function checked(actions?: string): Promise<{ code: number; text: string }> {
  let text = "";
  const options = { event: "push", input: {}, workflow: "", changed: [], json: false };
  const code = await check(
    join(folder, "repository"),
    { ...options, ...(actions !== undefined && { actions: join(folder, actions) }) },
    { write: (part) => void (text += part), paint: createPaint({ colour: false }) },
  );
  return { code, text };
}

it("lists the actions that a repository needs, and what is known of each", async () => {
  write(
    "repository/.sandlot/workflows/ci.yml",
    `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./mine
      - uses: octo/outer@main
      - uses: octo/plain/deep@v2
      - uses: octo/none@v1
`,
  );
  write("repository/mine/action.yml", "runs: { using: composite, steps: [{ uses: octo/boxed@main }] }\n");
  write("actions/octo/outer/action.yml", "runs: { using: composite, steps: [{ uses: octo/plain/deep@v2 }] }\n");
  write("actions/octo/plain@v2/deep/action.yaml", "runs: { using: node20, main: m.js }\n");
  write("actions/octo/boxed/action.yml", "runs: { using: docker, image: Dockerfile }\n");
  const git = (...words: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...words], {
      cwd: join(folder, "actions/octo/boxed"),
    });
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-q", "-m", "One");

  const blind = await checked();
  expect(blind.code, blind.text).toBe(0);
  expect(blind.text).toMatch(/✓ \.\/mine +an action of the repository/);
  expect(blind.text).toMatch(/✓ actions\/checkout@v4 +carried out by Sandlot itself/);
  expect(blind.text).toMatch(/\? octo\/boxed@main +known once it is fetched/);

  const seeing = await checked("actions");
  expect(seeing.code, seeing.text).toBe(1);
  expect(seeing.text).toMatch(/✓ octo\/outer@main +a composite action/);
  expect(seeing.text).toMatch(/✓ octo\/plain\/deep@v2 +a JavaScript action \(node20\)/);
  expect(seeing.text).toMatch(/✗ octo\/boxed@main +.*Docker/);
  expect(seeing.text).toMatch(/\? octo\/none@v1 +not in the folder/);
  expect(seeing.text).toMatch(/mine\/action\.yml:1:\d+: not carried out: octo\/boxed@main: /);
});
