/** Routes beneath `/api` and beneath `/` alike: what programs read with the token and people from the pages. */

import { Hono } from "hono";
import { getArtifactFile, getArtifactsZip, getArtifactZip } from "../api/artifacts.ts";
import { getLog } from "../api/logs.ts";
import { rooms } from "./context.ts";
import type { App } from "./context.ts";

export const downloads = new Hono<App>()
  .get("/builds/:id/jobs/:job/log", (c) => getLog(rooms(c), c.req.param("id"), c.req.param("job"), c.req.raw))
  .get("/builds/:id/artifacts.zip", (c) => getArtifactsZip(rooms(c), c.req.param("id"), c.req.raw))
  .get("/builds/:id/artifacts/:name/zip", (c) =>
    getArtifactZip(rooms(c), c.req.param("id"), c.req.param("name"), c.req.raw),
  )
  .get("/builds/:id/artifacts/:name/files/*", (c) =>
    getArtifactFile(rooms(c), c.req.param("id"), c.req.param("name"), c.req.raw),
  );
