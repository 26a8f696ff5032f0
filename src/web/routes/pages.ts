/** Routes of the pages: for people, and the same as JSON or text for whoever asks for that by `Accept`. */

import { Hono } from "hono";
import { getArtifact } from "../api/artifacts.ts";
import { getBuild, getJob, getRepositories, getRepositoryBuilds } from "../api/builds.ts";
import { getDelivery } from "../api/deliveries.ts";
import { getLog } from "../api/logs.ts";
import { showAudit } from "../auth/audit.tsx";
import { preferredForm } from "../http/accept.ts";
import { getLogPart } from "../log/answers.ts";
import { cancelFromPage, dispatchFromPage, rerunFromPage } from "../pages/acts.tsx";
import { showArtifact } from "../pages/artifact.tsx";
import { showBuild } from "../pages/build.tsx";
import { showRepository } from "../pages/builds.tsx";
import { showDelivery } from "../pages/delivery.tsx";
import { showDispatch } from "../pages/dispatch.tsx";
import { showHome } from "../pages/home.tsx";
import { showJob } from "../pages/job.tsx";
import { asksJson, repository, rooms } from "./context.ts";
import type { App } from "./context.ts";
import { downloads } from "./downloads.ts";

export const pages = new Hono<App>()
  .get("/", (c) => (asksJson(c) ? getRepositories(rooms(c)) : showHome(rooms(c), c.req.raw)))
  .get("/audit", (c) => showAudit(rooms(c), c.req.raw))
  .get("/repositories/:owner/:repo", (c) =>
    asksJson(c)
      ? getRepositoryBuilds(rooms(c), repository(c), c.req.url)
      : showRepository(rooms(c), repository(c), c.req.raw),
  )
  .get("/repositories/:owner/:repo/dispatch", (c) => showDispatch(rooms(c), repository(c), c.req.raw))
  .post("/repositories/:owner/:repo/dispatch", (c) => dispatchFromPage(rooms(c), repository(c), c.req.raw))
  .get("/builds/:id", (c) =>
    asksJson(c)
      ? getBuild(rooms(c), c.req.param("id"), c.req.query("run_attempt"))
      : showBuild(rooms(c), c.req.param("id"), c.req.raw),
  )
  .post("/builds/:id/rerun", (c) => rerunFromPage(rooms(c), c.req.param("id"), c.req.raw))
  .post("/builds/:id/cancel", (c) => cancelFromPage(rooms(c), c.req.param("id"), c.req.raw))
  .get("/builds/:id/jobs/:job", (c) => {
    const [id, job] = [c.req.param("id"), c.req.param("job")];
    if (preferredForm(c.req.raw) === "text/plain") return getLog(rooms(c), id, job, c.req.raw);
    return asksJson(c) ? getJob(rooms(c), id, job, c.req.query("run_attempt")) : showJob(rooms(c), id, job, c.req.raw);
  })
  .get("/builds/:id/artifacts/:name", (c) =>
    asksJson(c)
      ? getArtifact(rooms(c), c.req.param("id"), c.req.param("name"), c.req.raw)
      : showArtifact(rooms(c), c.req.param("id"), c.req.param("name"), c.req.raw),
  )
  .get("/deliveries/:id", (c) =>
    asksJson(c) ? getDelivery(rooms(c), c.req.param("id")) : showDelivery(rooms(c), c.req.param("id"), c.req.raw),
  )
  .get("/builds/:id/jobs/:job/log/:part", (c) => getLogPart(rooms(c), c.req.param(), c.req.raw))
  .route("/", downloads);
