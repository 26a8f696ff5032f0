/** `sandlot doctor` on this machine and against a Sandlot that answers as one does. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { checkMachine, checkRemote } from "../../../src/cli/doctor.ts";
import type { Check } from "../../../src/model/health.ts";

const folder = mkdtempSync(join(tmpdir(), "sandlot-doctor-"));
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

const stateOf = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name)?.state;

async function serve(answers: Record<string, unknown>): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 403 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? { detail: "not for you" }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const HEALTHZ = { "/healthz": { ok: true, version: "0.1.0" } };
const HEALTH = { ok: true, problems: [], queue: { builds: 0, jobs: 0 } };
const variables = (url: string) => ({ SANDLOT_URL: url, SANDLOT_TOKEN: "t", XDG_CONFIG_HOME: folder });

it("says of this machine what is there, and what a folder lacks", async () => {
  const bare = await checkMachine(folder);
  expect(["node", "git", "bash"].map((name) => stateOf(bare, name))).toEqual(["good", "good", "good"]);
  expect(bare.find(({ name }) => name === "folder")).toMatchObject({ state: "warning", mend: "sandlot init" });
  mkdirSync(join(folder, ".sandlot/workflows"), { recursive: true });
  writeFileSync(join(folder, ".sandlot/workflows/ci.yml"), "");
  expect(stateOf(await checkMachine(folder), "folder")).toBe("good");
  expect(stateOf(await checkMachine(join(folder, "nowhere")), "folder")).toBe("bad");
});

it("looks at no Sandlot where none is named", async () => {
  expect(await checkRemote({ XDG_CONFIG_HOME: folder, HOME: folder })).toEqual({ checks: [], wasSeen: true });
});

it("tells what the Worker says of its set-up, and whose clock is off", async () => {
  const hook = { name: "webhook", state: "bad", says: "GitHub sends to nowhere", mend: "set it" };
  const url = await serve({
    ...HEALTHZ,
    "/api/health/setup": { checks: [hook], now: Date.now() - 120_000 },
    "/api/health": HEALTH,
  });
  const { checks, wasSeen } = await checkRemote(variables(url));
  expect(wasSeen).toBe(true);
  expect(checks).toContainEqual(hook);
  expect(stateOf(checks, "this machine's clock")).toBe("bad");
  expect(stateOf(checks, "health")).toBe("good");
});

it("says what is in the way where it cannot look: no answer, another program, too small a token", async () => {
  const gone = await serve({});
  servers.pop()?.close();
  expect(await checkRemote(variables(gone))).toMatchObject({
    wasSeen: false,
    checks: [{ name: "reachable", state: "bad" }],
  });
  const other = await serve({ "/healthz": { hello: "world" } });
  expect(await checkRemote(variables(other))).toMatchObject({
    wasSeen: false,
    checks: [{ says: expect.stringContaining("is no Sandlot") as string }],
  });
  const { checks, wasSeen } = await checkRemote(variables(await serve(HEALTHZ)));
  expect(wasSeen).toBe(false);
  expect(stateOf(checks, "token")).toBe("bad");
});

it("is a command: 0 where nothing is wrong, with its checks as JSON", () => {
  const bin = join(import.meta.dirname, "../../../bin/sandlot.mjs");
  const settings = [`HOME=${folder}`, `XDG_CONFIG_HOME=${folder}`, process.execPath, bin, "doctor", folder, "--json"];
  const out = execFileSync("env", ["-u", "SANDLOT_URL", ...settings], { encoding: "utf8" });
  const { checks } = JSON.parse(out) as { checks: Check[] };
  expect(checks.map(({ name }) => name)).toEqual(["node", "git", "bash", "folder"]);
});
