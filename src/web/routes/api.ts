/** Routes of `/api`: what programs and the `sandlot` command ask for and change. */

import { Hono } from "hono";
import type { Context } from "hono";
import { getArtifact, getArtifacts } from "../api/artifacts.ts";
import { getAudit } from "../api/audit.ts";
import { getUsage, pause, resume } from "../api/brakes.ts";
import { getBuild, getBuilds, getJob, getRepositories, getRepositoryBuilds } from "../api/builds.ts";
import { deleteCaches, getCaches } from "../api/caches.ts";
import { getDelivery } from "../api/deliveries.ts";
import { deleteEnvironment, getEnvironments, putEnvironment } from "../api/environments.ts";
import { getHealth, getSetup } from "../api/health.ts";
import { cancelBuild, dispatchWorkflow, rerunBuild } from "../api/requests.ts";
import type { ScopeName } from "../api/scope.ts";
import { deleteSecret, getSecret, getSecrets, putSecret, resealSecrets } from "../api/secrets.ts";
import { createToken, deleteSessions, deleteToken, getTokens } from "../api/tokens.ts";
import { deleteVariable, getVariable, getVariables, putVariable } from "../api/variables.ts";
import { endLogin, finishDeviceLogin, startDeviceLogin, whoAmI } from "../auth/device.ts";
import { repository, rooms } from "./context.ts";
import type { App } from "./context.ts";
import { downloads } from "./downloads.ts";

/** Beneath an owner, a repository, or an environment of it. */
const scope = (c: Context<App>): ScopeName => ({
  owner: c.req.param("owner") ?? "",
  repo: c.req.param("repo"),
  environment: c.req.param("environment"),
});
const settings = new Hono<App>()
  .get("/secrets", (c) => getSecrets(rooms(c), scope(c)))
  .get("/secrets/:name", (c) => getSecret(rooms(c), scope(c), c.req.param("name")))
  .put("/secrets/:name", (c) => putSecret(rooms(c), scope(c), c.req.param("name"), c.req.raw))
  .delete("/secrets/:name", (c) => deleteSecret(rooms(c), scope(c), c.req.param("name")))
  .get("/variables", (c) => getVariables(rooms(c), scope(c)))
  .get("/variables/:name", (c) => getVariable(rooms(c), scope(c), c.req.param("name")))
  .put("/variables/:name", (c) => putVariable(rooms(c), scope(c), c.req.param("name"), c.req.raw))
  .delete("/variables/:name", (c) => deleteVariable(rooms(c), scope(c), c.req.param("name")));

export const api = new Hono<App>()
  .get("/repositories", (c) => getRepositories(rooms(c)))
  .get("/repositories/:owner/:repo/builds", (c) => getRepositoryBuilds(rooms(c), repository(c), c.req.url))
  .post("/repositories/:owner/:repo/dispatch", (c) => dispatchWorkflow(rooms(c), repository(c), c.req.raw))
  .get("/repositories/:owner/:repo/environments", (c) => getEnvironments(rooms(c), repository(c)))
  .put("/repositories/:owner/:repo/environments/:environment", (c) =>
    putEnvironment(rooms(c), repository(c), c.req.param("environment")),
  )
  .delete("/repositories/:owner/:repo/environments/:environment", (c) =>
    deleteEnvironment(rooms(c), repository(c), c.req.param("environment")),
  )
  .route("/owners/:owner", settings)
  .route("/repositories/:owner/:repo", settings)
  .route("/repositories/:owner/:repo/environments/:environment", settings)
  .get("/repositories/:owner/:repo/caches", (c) => getCaches(rooms(c), repository(c)))
  .delete("/repositories/:owner/:repo/caches", (c) => deleteCaches(rooms(c), repository(c), c.req.url))
  .post("/secrets/reseal", (c) => resealSecrets(rooms(c)))
  .get("/audit", (c) => getAudit(rooms(c), c.req.url))
  .get("/usage", (c) => getUsage(rooms(c)))
  .get("/health", (c) => getHealth(rooms(c)))
  .get("/health/setup", (c) => getSetup(rooms(c)))
  .put("/pause", (c) => pause(rooms(c), null))
  .delete("/pause", (c) => resume(rooms(c), null))
  .put("/repositories/:owner/:repo/pause", (c) => pause(rooms(c), repository(c)))
  .delete("/repositories/:owner/:repo/pause", (c) => resume(rooms(c), repository(c)))
  .get("/builds", (c) => getBuilds(rooms(c), c.req.url))
  .get("/builds/:id", (c) => getBuild(rooms(c), c.req.param("id"), c.req.query("run_attempt")))
  .post("/builds/:id/rerun", (c) => rerunBuild(rooms(c), c.req.param("id"), c.req.raw))
  .post("/builds/:id/cancel", (c) => cancelBuild(rooms(c), c.req.param("id"), c.req.raw))
  .get("/builds/:id/jobs/:job", (c) =>
    getJob(rooms(c), c.req.param("id"), c.req.param("job"), c.req.query("run_attempt")),
  )
  .get("/builds/:id/artifacts", (c) => getArtifacts(rooms(c), c.req.param("id"), c.req.raw))
  .get("/builds/:id/artifacts/:name", (c) => getArtifact(rooms(c), c.req.param("id"), c.req.param("name"), c.req.raw))
  .get("/deliveries/:id", (c) => getDelivery(rooms(c), c.req.param("id")))
  .get("/tokens", (c) => getTokens(rooms(c)))
  .post("/tokens", (c) => createToken(rooms(c), c.req.raw))
  .delete("/tokens/:name", (c) => deleteToken(rooms(c), c.req.param("name")))
  .delete("/sessions/:login", (c) => deleteSessions(rooms(c), c.req.param("login")))
  .post("/login/device", (c) => startDeviceLogin(rooms(c), c.req.raw))
  .post("/login", (c) => finishDeviceLogin(rooms(c), c.req.raw))
  .delete("/login", (c) => endLogin(rooms(c)))
  .get("/whoami", (c) => whoAmI(rooms(c)))
  .route("/", downloads);
