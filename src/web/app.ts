/** The web: who is let in, and which routes stand where; each audience has its routes on one screen in routes/. */

import { Hono } from "hono";
import type { Context } from "hono";
import { version } from "../../package.json";
import { GitHubFault } from "../github/client.ts";
import { logFault } from "../model/log.ts";
import { CHALLENGE, gateOf } from "./auth/gate.ts";
import { finishSignIn, showLogin, signOut, startSignIn } from "./auth/sign-in.ts";
import { viewerOf } from "./auth/viewer.ts";
import { preferredForm } from "./http/accept.ts";
import { json, notFound, problem, secure } from "./http/answer.ts";
import { drain } from "./http/body.ts";
import { serveScript } from "./pages/assets.ts";
import { serveBadge } from "./pages/badge.ts";
import { showFault, showMissing } from "./pages/closed.tsx";
import { serveFavicon } from "./pages/favicon.ts";
import { frameOf } from "./pages/frame.tsx";
import { serveStyle } from "./pages/style.ts";
import { chooseTheme } from "./pages/theme.ts";
import { api } from "./routes/api.ts";
import { repository, rooms } from "./routes/context.ts";
import type { App } from "./routes/context.ts";
import { pages } from "./routes/pages.ts";
import { results, twirp } from "./routes/results.ts";
import { receiveWebhook } from "./webhooks.ts";

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
