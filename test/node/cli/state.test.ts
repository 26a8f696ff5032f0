/** The state folder: one holder, a second one beside it, and what a killed one leaves. */

import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  existsSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";

import { defaultStateFolder, openState } from "../../../src/cli/run/state.ts";

let root = "";
let folder = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sandlot-test-"));
  folder = join(root, "state");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const DATABASE = "persist/v3/d1/miniflare-D1DatabaseObject/one.sqlite";

/** A database with one cache and one build that is not over. */
function fillDatabase(): void {
  mkdirSync(join(folder, DATABASE, ".."), { recursive: true });
  const database = new DatabaseSync(join(folder, DATABASE));
  database.exec("CREATE TABLE caches (key TEXT); CREATE TABLE builds (id TEXT);");
  database.exec("INSERT INTO caches VALUES ('npm'); INSERT INTO builds VALUES ('b');");
  database.close();
}

function rowsIn(state: string): { caches: number; builds: number } {
  const database = new DatabaseSync(join(state, DATABASE), { readOnly: true });
  const count = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
  const rows = { caches: count("caches"), builds: count("builds") };
  database.close();
  return rows;
}

it("keeps its keys from run to run, for its owner alone", async () => {
  const first = await openState(folder);
  await first.release({ isFinished: true });
  const second = await openState(folder);
  expect(second.keys).toEqual(first.keys);
  expect(second.keys.privateKey).toContain("BEGIN RSA PRIVATE KEY");
  expect(statSync(join(folder, "keys.json")).mode & 0o777).toBe(0o600);
  await second.release({ isFinished: true });
  expect(existsSync(second.scratch)).toBe(false);
  expect(existsSync(join(folder, "lock"))).toBe(false);
});

it("gives a second run a folder of its own with the caches, and takes it away again", async () => {
  const first = await openState(folder);
  fillDatabase();
  writeFileSync(join(first.backups, "cache.tar.zst"), "cached");
  const second = await openState(folder);
  expect(second.isTemporary).toBe(true);
  expect(second.folder).not.toBe(folder);
  expect(rowsIn(second.folder)).toEqual({ caches: 1, builds: 0 });
  expect(rowsIn(folder)).toEqual({ caches: 1, builds: 1 });
  rmSync(join(second.backups, "cache.tar.zst"));
  expect(readFileSync(join(first.backups, "cache.tar.zst"), "utf8")).toBe("cached");
  await second.release({ isFinished: true });
  await first.release({ isFinished: true });
  expect(readdirSync(root)).toEqual(["state"]);
});

it("takes over from a process that is gone, and keeps the caches of what it left half done", async () => {
  const scratch = mkdtempSync(join(tmpdir(), "sandlot-test-"));
  mkdirSync(folder);
  fillDatabase();
  writeFileSync(join(folder, "lock"), JSON.stringify({ pid: process.pid, started: "long ago", scratch }));
  const state = await openState(folder);
  expect(state.isTemporary).toBe(false);
  expect(existsSync(scratch)).toBe(false);
  expect(rowsIn(folder)).toEqual({ caches: 1, builds: 0 });
  await state.release({ isFinished: true });
});

it("forgets the builds of a run that ended before they did, and no others", async () => {
  const first = await openState(folder);
  fillDatabase();
  await first.release({ isFinished: true });
  const second = await openState(folder);
  expect(rowsIn(folder)).toEqual({ caches: 1, builds: 1 });
  await second.release({ isFinished: false });
  const third = await openState(folder);
  expect(rowsIn(folder)).toEqual({ caches: 1, builds: 0 });
  await third.release({ isFinished: true });
});

it("does not trip over a lock that says nothing", async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, "lock"), "");
  const state = await openState(folder);
  expect(state.isTemporary).toBe(false);
  await state.release({ isFinished: true });
});

it("lies in the user's cache folder, one for each repository", () => {
  const one = defaultStateFolder("/home/ann/My Project", { XDG_CACHE_HOME: "/caches" });
  expect(dirname(one)).toBe("/caches/sandlot");
  expect(basename(one)).toMatch(/^my-project-[a-z2-7]{10}$/);
  expect(defaultStateFolder("/home/ann/other/My Project", { XDG_CACHE_HOME: "/caches" })).not.toBe(one);
});
