/** Every route of the web on one screen, and what each may touch. */

import { Hono } from "hono";
import type { Context } from "hono";
import { version } from "../../package.json";
import { preferredForm } from "./http/accept.ts";
import { json, notFound, problem, secure } from "./http/answer.ts";
import { getArtifact, getArtifactFile, getArtifacts, getArtifactsZip, getArtifactZip } from "./api/artifacts.ts";
import { getBuild, getBuilds, getJob, getRepositories, getRepositoryBuilds } from "./api/builds.ts";
import { GitHubFault } from "../github/client.ts";
import { logFault } from "../model/log.ts";
import { getDelivery } from "./api/deliveries.ts";
import { getHealth, getSetup } from "./api/health.ts";
import { getLog } from "./api/logs.ts";
import { deleteCaches, getCaches } from "./api/caches.ts";
import { cancelBuild, dispatchWorkflow, rerunBuild } from "./api/requests.ts";
import { getAudit } from "./api/audit.ts";
import { getUsage, pause, resume } from "./api/brakes.ts";
import { deleteEnvironment, getEnvironments, putEnvironment } from "./api/environments.ts";
import { deleteSecret, getSecret, getSecrets, putSecret, resealSecrets } from "./api/secrets.ts";
import { deleteVariable, getVariable, getVariables, putVariable } from "./api/variables.ts";
import { createToken, deleteSessions, deleteToken, getTokens } from "./api/tokens.ts";
import { serveScript } from "./pages/assets.ts";
import { drain } from "./http/body.ts";
import { serveBadge } from "./pages/badge.ts";
import { serveFavicon } from "./pages/favicon.ts";
import { chooseTheme } from "./pages/theme.ts";
import { showAudit } from "./auth/audit.tsx";
import { endLogin, finishDeviceLogin, startDeviceLogin, whoAmI } from "./auth/device.ts";
import { CHALLENGE, gateOf } from "./auth/gate.ts";
import { finishSignIn, showLogin, signOut, startSignIn } from "./auth/sign-in.ts";
import { viewerOf } from "./auth/viewer.ts";
import type { Viewer } from "./auth/viewer.ts";
import { showArtifact } from "./pages/artifact.tsx";
import { showBuild } from "./pages/build.tsx";
import { cancelFromPage, dispatchFromPage, rerunFromPage } from "./pages/acts.tsx";
import { showFault, showMissing } from "./pages/closed.tsx";
import { showDelivery } from "./pages/delivery.tsx";
import { showDispatch } from "./pages/dispatch.tsx";
import { frameOf } from "./pages/frame.tsx";
import { showRepository } from "./pages/builds.tsx";
import { showHome } from "./pages/home.tsx";
import { showJob } from "./pages/job.tsx";
import { serveStyle } from "./pages/style.ts";
import {
  createArtifact,
  deleteArtifact,
  finalizeArtifact,
  getSignedArtifactUrl,
  listArtifacts,
} from "./results/artifacts.ts";
import { getArtifactBlob, getCacheBlob, putUpload } from "./results/blobs.ts";
import { createCacheEntry, finalizeCacheEntry, findCacheEntry } from "./results/caches.ts";
import { getLogPart } from "./log/answers.ts";
import { roomsOf } from "./rooms.ts";
import type { RepositoryName, Rooms } from "./rooms.ts";
import type { ScopeName } from "./api/scope.ts";
import { receiveWebhook } from "./webhooks.ts";

type App = { Bindings: Env; Variables: { viewer?: Viewer } };

const rooms = (c: Context<App>): Rooms => roomsOf(c.env, c.req.raw, c.get("viewer"));
const asksJson = (c: Context<App>): boolean => preferredForm(c.req.raw) === "application/json";
const repository = (c: Context<App, "/:owner/:repo">): RepositoryName => ({
  owner: c.req.param("owner"),
  repo: c.req.param("repo"),
});

/** What programs read with the token and people from the pages. */
const downloads = new Hono<App>()
  .get("/builds/:id/jobs/:job/log", (c) => getLog(rooms(c), c.req.param("id"), c.req.param("job"), c.req.raw))
  .get("/builds/:id/artifacts.zip", (c) => getArtifactsZip(rooms(c), c.req.param("id"), c.req.raw))
  .get("/builds/:id/artifacts/:name/zip", (c) =>
    getArtifactZip(rooms(c), c.req.param("id"), c.req.param("name"), c.req.raw),
  )
  .get("/builds/:id/artifacts/:name/files/*", (c) =>
    getArtifactFile(rooms(c), c.req.param("id"), c.req.param("name"), c.req.raw),
  );

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

const api = new Hono<App>()
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

/** What actions in a sandbox call, with the token of their attempt: docs/actions-services.md. */
const CACHES = "/github.actions.results.api.v1.CacheService";
const ARTIFACTS = "/github.actions.results.api.v1.ArtifactService";
const twirp = new Hono<App>()
  .post(`${CACHES}/CreateCacheEntry`, (c) => createCacheEntry(rooms(c), c.req.raw))
  .post(`${CACHES}/FinalizeCacheEntryUpload`, (c) => finalizeCacheEntry(rooms(c), c.req.raw))
  .post(`${CACHES}/GetCacheEntryDownloadURL`, (c) => findCacheEntry(rooms(c), c.req.raw))
  .post(`${ARTIFACTS}/CreateArtifact`, (c) => createArtifact(rooms(c), c.req.raw))
  .post(`${ARTIFACTS}/FinalizeArtifact`, (c) => finalizeArtifact(rooms(c), c.req.raw))
  .post(`${ARTIFACTS}/ListArtifacts`, (c) => listArtifacts(rooms(c), c.req.raw))
  .post(`${ARTIFACTS}/GetSignedArtifactURL`, (c) => getSignedArtifactUrl(rooms(c), c.req.raw))
  .post(`${ARTIFACTS}/DeleteArtifact`, (c) => deleteArtifact(rooms(c), c.req.raw));

/** Where they send and fetch the bytes; each address is signed. */
const results = new Hono<App>()
  .put("/uploads/:attempt/:id", (c) => putUpload(rooms(c), c.req.param("attempt"), c.req.param("id"), c.req.raw))
  .get("/caches/:repository/:id", (c) =>
    getCacheBlob(rooms(c), c.req.param("repository"), c.req.param("id"), c.req.raw),
  )
  .get("/artifacts/:build/:runAttempt/:name", (c) => getArtifactBlob(rooms(c), c.req.param(), c.req.raw));

/** For people, and the same as JSON or text for whoever asks for that by `Accept`. */
const pages = new Hono<App>()
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

const app = new Hono<App>();
app.use(async (c, next) => {
  await next();
  await drain(c.req.raw);
  c.res = secure(c.res);
});
// A new place that shows or changes anything of a repository goes in here; what it is about stands in auth/subject.ts.
const GUARDED = ["/", "/builds/*", "/repositories/*", "/deliveries/*", "/audit", "/api/*"];
for (const path of [...GUARDED, "/login/*", "/logout", "/badge/*"])
  app.use(path, async (c, next) => (await identify(c)) ?? (await next()));
for (const path of GUARDED) {
  app.use(path, async (c, next) => (await gateOf(c.req.raw, c.req.path, rooms(c))) ?? (await next()));
}
app.get("/login", (c) => showLogin(rooms(c), c.req.raw));
app.get("/login/github", (c) => startSignIn(rooms(c), c.req.raw));
app.get("/login/callback", (c) => finishSignIn(rooms(c), c.req.raw));
app.post("/logout", (c) => signOut(rooms(c), c.req.raw));
app.get("/healthz", () => json({ ok: true, version }));
app.post("/webhooks/github", (c) => receiveWebhook(rooms(c), c.req.raw));
app.get("/style.css", serveStyle);
app.get("/favicon/:file", (c) => serveFavicon(c.req.param("file")));
app.get("/badge/:owner/:repo{.+\\.svg}", (c) => serveBadge(rooms(c), repository(c), c.req.raw));
app.post("/theme", (c) => chooseTheme(c.req.raw));
app.get("/assets/:file", (c) => serveScript(c.req.param("file")));
app.route("/api", api);
app.route("/twirp", twirp);
app.route("/results", results);
app.route("/", pages);
refuseOtherMethods();
app.notFound((c) => (isForPrograms(c) ? notFound("address", c.req.path) : showMissing(frameOf(c.req.raw))));
app.onError((error, c) => {
  logFault("web.failed", error, { method: c.req.method, path: c.req.path });
  if (error instanceof GitHubFault) return problem(503, "GitHub cannot be asked right now. Try again in a moment.");
  return isForPrograms(c) ? problem(500, "Sandlot failed at this request; the Worker's log says why.") : showFault();
});

function isForPrograms(c: Context<App>): boolean {
  return preferredForm(c.req.raw) !== "text/html" || /^\/(api|twirp|results|webhooks)\//.test(c.req.path);
}

/** Says who asks, before anything is looked up for them. */
async function identify(c: Context<App>): Promise<Response | null> {
  const found = await viewerOf(c.env, c.req.raw, Date.now());
  if ("refused" in found) return problem(401, found.refused, CHALLENGE);
  c.set("viewer", found.viewer);
  return null;
}

/** Every path above answers what it does not do with 405 and what it does. */
function refuseOtherMethods(): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === "ALL") continue;
    const known = methods.get(path) ?? new Set();
    methods.set(path, known.add(method));
    if (method === "GET") known.add("HEAD");
  }
  for (const [path, known] of methods) {
    const allow = [...known].join(", ");
    app.all(path, (c) => problem(405, `${c.req.method} is not among ${allow}.`, { allow }));
  }
}

export { app };
