import assert from "node:assert/strict";
import { test } from "node:test";

import { createApp } from "../src/app.js";
import { memoryStore } from "../src/stores.js";

const post = (app, body) =>
  app.request("/links", { method: "POST", body, headers: { "content-type": "application/json" } });

test("a new link leads where it should", async () => {
  const app = createApp(memoryStore());
  const made = await post(app, JSON.stringify({ url: "https://example.com/a?b=c" }));
  assert.equal(made.status, 201);
  const { code } = await made.json();
  assert.match(code, /^[\w-]{7}$/);
  const followed = await app.request(`/${code}`);
  assert.equal(followed.status, 302);
  assert.equal(followed.headers.get("location"), "https://example.com/a?b=c");
});

for (const body of ["", "{}", '{"url":"javascript:alert(1)"}', '{"url":7}', "not json"]) {
  test(`refuses ${body || "an empty body"}`, async () => {
    assert.equal((await post(createApp(memoryStore()), body)).status, 400);
  });
}

test("an unknown code is 404", async () => {
  assert.equal((await createApp(memoryStore()).request("/nothing")).status, 404);
});

test("a code that is taken is drawn again", async () => {
  const codes = ["same", "same", "other"];
  const app = createApp(memoryStore(), () => codes.shift());
  await post(app, JSON.stringify({ url: "https://example.com/1" }));
  const second = await (await post(app, JSON.stringify({ url: "https://example.com/2" }))).json();
  assert.equal(second.code, "other");
});
