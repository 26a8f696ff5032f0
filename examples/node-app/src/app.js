/** The HTTP side: POST /links makes a short link, GET /:code follows it. */

import { Hono } from "hono";
import { nanoid } from "nanoid";

const CODE_LENGTH = 7;
const TRIES = 5;

export function createApp(store, newCode = () => nanoid(CODE_LENGTH)) {
  const app = new Hono();

  app.post("/links", async (context) => {
    const body = await context.req.json().catch(() => null);
    if (!isWebAddress(body?.url)) return context.json({ error: "url has to be an http or https address" }, 400);
    for (let tries = 0; tries < TRIES; tries++) {
      const code = newCode();
      if (await store.put(code, body.url)) return context.json({ code }, 201);
    }
    return context.json({ error: "no free code found" }, 503);
  });

  app.get("/:code", async (context) => {
    const url = await store.get(context.req.param("code"));
    return url === null ? context.json({ error: "no such link" }, 404) : context.redirect(url, 302);
  });

  return app;
}

function isWebAddress(text) {
  return typeof text === "string" && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
