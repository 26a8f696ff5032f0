/** `sandlot secrets`, `vars` and their like: what they send, what they refuse, and where a value never shows. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

import { readRemote, readRepositoryName } from "../../../src/cli/remote/remote.ts";
import { readSettingScope } from "../../../src/cli/remote/settings-command.ts";

const DOOR = join(import.meta.dirname, "../../../bin/sandlot.mjs");

let folder = "";
let server: Server;
let asked: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sandlot-test-"));
  server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  asked.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`.trim());
  if (request.method === "GET") response.end('{"items":[{"name":"A","updatedAt":0}],"next":null}');
  else if (request.url?.includes("REFUSED")) {
    response.writeHead(409, { "content-type": "application/problem+json" });
    response.end('{"type":"about:blank","title":"Conflict","status":409,"detail":"There is no room."}');
  } else response.writeHead(204).end();
}

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
});

async function sandlot(args: string[], input = ""): Promise<{ code: unknown; text: string }> {
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [DOOR, ...args], {
    cwd: folder,
    env: { ...process.env, SANDLOT_URL: `http://127.0.0.1:${port}`, SANDLOT_API_TOKEN: "x" } as NodeJS.ProcessEnv,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { code, text };
}

it("a secret's value goes from the pipe into the request, and nowhere else", async () => {
  const set = await sandlot(["secrets", "set", "token", "-R", "ada/app"], "hunter22\nmore\n");
  expect(set).toEqual({ code: 0, text: expect.stringContaining("Set TOKEN for ada/app") as unknown });
  expect(asked).toEqual(['PUT /api/repositories/ada/app/secrets/token {"value":"hunter22\\nmore"}']);
  for (const args of [
    ["set", "TOKEN", "hunter22"],
    ["set", "TOKEN=hunter22"],
  ]) {
    const refused = await sandlot(["secrets", ...args, "-R", "ada/app"]);
    expect(refused.code).toBe(2);
    expect(refused.text).toContain("every user of this machine can read a command line");
    expect(refused.text).not.toContain("hunter22");
  }
  expect(set.text).not.toContain("hunter22");
  expect(asked).toHaveLength(1);
});

it("a file sets many, each in the scope that was asked for; what is refused is said in the API's words", async () => {
  writeFileSync(join(folder, "values.env"), '# values\nONE=first\nTWO="second value"\n');
  const of = ["-R", "ada/app", "--environment", "a b"];
  expect((await sandlot(["vars", "set", "--env-file", "values.env", ...of])).code).toBe(0);
  expect((await sandlot(["vars", "set", "ONE", "of all", "--owner", "ada"])).code).toBe(0);
  expect(asked).toEqual([
    'PUT /api/repositories/ada/app/environments/a%20b/variables/ONE {"value":"first"}',
    'PUT /api/repositories/ada/app/environments/a%20b/variables/TWO {"value":"second value"}',
    'PUT /api/owners/ada/variables/ONE {"value":"of all"}',
  ]);
  const refused = await sandlot(["secrets", "rm", "REFUSED", "-R", "ada/app"]);
  expect(refused).toEqual({ code: 1, text: expect.stringContaining("There is no room.") as unknown });
});

it("the brakes and lists ask for what they say", async () => {
  expect((await sandlot(["pause", "ada/app"])).text).toContain("Paused ada/app");
  expect((await sandlot(["resume"])).text).toContain("Resumed all repositories");
  expect((await sandlot(["environments", "create", "production", "-R", "ada/app"])).code).toBe(0);
  expect((await sandlot(["secrets", "list", "-R", "ada/app", "--json"])).text).toContain('"name": "A"');
  expect(asked).toEqual([
    "PUT /api/repositories/ada/app/pause",
    "DELETE /api/pause",
    "PUT /api/repositories/ada/app/environments/production",
    "GET /api/repositories/ada/app/secrets",
  ]);
});

it("scopes and addresses that cannot be meant are refused", () => {
  expect(readSettingScope({ owner: "ada" }, folder)).toEqual({ owner: "ada" });
  expect(readSettingScope({ repo: "ada/app", environment: "x" }, folder)).toEqual({
    owner: "ada",
    repo: "app",
    environment: "x",
  });
  expect(() => readSettingScope({ owner: "ada", repo: "ada/app" }, folder)).toThrow("goes with no other scope");
  for (const name of ["ada", "ada/app/x", "../app", "ada/..", "ada/a b"]) {
    expect(() => readRepositoryName(name)).toThrow("is not owner/name");
  }
  const nobody = { XDG_CONFIG_HOME: folder };
  expect(() => readRemote(nobody)).toThrow("SANDLOT_URL is not set");
  expect(() => readRemote({ ...nobody, SANDLOT_URL: "file:///x" })).toThrow("no http address");
  expect(() => readRemote({ ...nobody, SANDLOT_URL: "https://x.example" })).toThrow("not signed in");
});
