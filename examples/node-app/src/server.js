/** Starts the shortener: `STORE` (memory, file:PATH) and `PORT` say where. */

import { serve } from "@hono/node-server";

import { createApp } from "./app.js";
import { storeFrom } from "./stores.js";

const app = createApp(storeFrom(process.env.STORE ?? "memory"));
serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`Listening on http://localhost:${port}`);
});
