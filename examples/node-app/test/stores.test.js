import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { storeFrom } from "../src/stores.js";

const setting = process.env.STORE === "file" ? `file:${join(tmpdir(), `links-${process.pid}.json`)}` : "memory";
const store = storeFrom(setting);
test.after(() => rm(setting.slice("file:".length), { force: true }));

test(`${setting.split(":")[0]}: a link that was put is found`, async () => {
  assert.equal(await store.put("docs", "https://example.com/docs"), true);
  assert.equal(await store.get("docs"), "https://example.com/docs");
});

test("a code is given once", async () => {
  assert.equal(await store.put("docs", "https://example.com/other"), false);
  assert.equal(await store.get("docs"), "https://example.com/docs");
});

test("many at once are all kept", async () => {
  const codes = Array.from({ length: 20 }, (_, index) => `code-${index}`);
  await Promise.all(codes.map((code) => store.put(code, `https://example.com/${code}`)));
  for (const code of codes) assert.equal(await store.get(code), `https://example.com/${code}`);
});

test("what is not there is null, also under a name that every object has", async () => {
  assert.equal(await store.get("toString"), null);
});

test("an unknown setting is refused", () => {
  assert.throws(() => storeFrom("floppy"), /has to be "memory"/);
});
