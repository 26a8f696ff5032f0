/** The local GitHub's own pages for letting our App in: authorize, tokens, devices. Whoever asks is whoever they say they are. */

import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Json } from "./github-answers.ts";
import { LOCAL_CLIENT_ID, LOCAL_CLIENT_SECRET } from "./github-app-keys.ts";
import { drawToken, grantTokens, knownLogins } from "./github-people.ts";
import type { LocalState } from "./github-state.ts";

interface LoginRequest {
  method: string;
  url: URL;
  /** As it came: a form, or JSON. */
  text: string;
}

type Reply = { status: number; json: Json } | { status: number; html: string } | { redirect: string };

/** The name that the call is recorded under; null for what is no such page. */
export function loginOperation(method: string, path: string): string | null {
  return ROUTES[`${method} ${path}`] === undefined ? null : `login${path.slice("/login".length)}`;
}

export function serveLogin(state: LocalState, base: string, request: LoginRequest, response: ServerResponse): number {
  const route = ROUTES[`${request.method} ${request.url.pathname}`];
  if (route === undefined) throw new Error(`there is no ${request.method} ${request.url.pathname}`);
  const reply = route({ state, base, query: request.url.searchParams, form: readFields(request.text) });
  if ("redirect" in reply) {
    response.writeHead(302, { location: reply.redirect }).end();
    return 302;
  }
  const isJson = "json" in reply;
  response.writeHead(reply.status, { "content-type": isJson ? "application/json" : "text/html; charset=utf-8" });
  response.end(isJson ? JSON.stringify(reply.json) : reply.html);
  return reply.status;
}

interface Asked {
  state: LocalState;
  base: string;
  query: URLSearchParams;
  form: URLSearchParams;
}

const ROUTES: Record<string, (asked: Asked) => Reply> = {
  "GET /login/oauth/authorize": authorize,
  "POST /login/oauth/access_token": giveToken,
  "POST /login/device/code": startDevice,
  "GET /login/device": showDevice,
  "POST /login/device": letDeviceIn,
};

function readFields(text: string): URLSearchParams {
  return text.startsWith("{")
    ? new URLSearchParams(JSON.parse(text) as Record<string, string>)
    : new URLSearchParams(text);
}

const page = (status: number, title: string, body: string): Reply => ({
  status,
  html: `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}`,
});
const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

/** GitHub asks who you are; here one says. `as` is the choice, `deny` the other answer. */
function authorize({ state, query }: Asked): Reply {
  const redirectUri = query.get("redirect_uri") ?? "";
  if (query.get("client_id") !== LOCAL_CLIENT_ID || !URL.canParse(redirectUri)) return page(404, "No such App", "");
  const back = new URL(redirectUri);
  back.searchParams.set("state", query.get("state") ?? "");
  if (query.has("deny")) {
    back.searchParams.set("error", "access_denied");
    return { redirect: back.href };
  }
  const login = query.get("as");
  if (login === null) {
    const links = knownLogins(state).map((one) => choice(query, one));
    return page(200, "Sign in to Sandlot as", `<ul>${links.join("")}</ul>`);
  }
  const code = drawToken("code");
  state.people.codes.set(code, { login, redirectUri, challenge: query.get("code_challenge") });
  back.searchParams.set("code", code);
  return { redirect: back.href };
}

function choice(query: URLSearchParams, login: string): string {
  const chosen = new URLSearchParams(query);
  chosen.set("as", login);
  return `<li><a href="/login/oauth/authorize?${escape(chosen.toString())}">${escape(login)}</a></li>`;
}

/** GitHub says what is wrong with 200. */
const refuse = (error: string): Reply => ({ status: 200, json: { error, error_description: `local: ${error}` } });

function giveToken(asked: Asked): Reply {
  const { form } = asked;
  if (form.get("client_id") !== LOCAL_CLIENT_ID || form.get("client_secret") !== LOCAL_CLIENT_SECRET) {
    return refuse("incorrect_client_credentials");
  }
  const grant = form.get("grant_type");
  if (grant === "refresh_token") return renewToken(asked);
  return grant?.endsWith(":device_code") ? giveDeviceToken(asked) : giveCodesToken(asked);
}

function renewToken({ state: { people }, form }: Asked): Reply {
  const given = form.get("refresh_token") ?? "";
  const login = people.refreshTokens.get(given);
  people.refreshTokens.delete(given);
  return login === undefined ? refuse("bad_refresh_token") : { status: 200, json: grantTokens(people, login) };
}

/** A code works once, whatever comes of it. */
function giveCodesToken({ state: { people }, form }: Asked): Reply {
  const given = form.get("code") ?? "";
  const code = people.codes.get(given);
  people.codes.delete(given);
  if (code === undefined || !fits(code, form)) return refuse("bad_verification_code");
  return { status: 200, json: grantTokens(people, code.login) };
}

/** PKCE (RFC 7636), and the same address as before. */
function fits(code: { redirectUri: string; challenge: string | null }, form: URLSearchParams): boolean {
  if (form.get("redirect_uri") !== code.redirectUri) return false;
  const verifier = createHash("sha256").update(form.get("code_verifier") ?? "");
  return code.challenge === null || verifier.digest("base64url") === code.challenge;
}

const DEVICE_LIFE_S = 900;
/** GitHub's is five; a test shall not wait that long. */
const DEVICE_INTERVAL_S = 1;

function startDevice({ state, base, form }: Asked): Reply {
  if (form.get("client_id") !== LOCAL_CLIENT_ID) return refuse("incorrect_client_credentials");
  const device = drawToken("device");
  const letters = drawToken("x").slice(2, 10).toUpperCase();
  const userCode = `${letters.slice(0, 4)}-${letters.slice(4)}`;
  const expiresAt = Date.now() + DEVICE_LIFE_S * 1000;
  state.people.devices.set(device, { userCode, login: null, isDenied: false, expiresAt, askedAt: 0 });
  const times = { expires_in: DEVICE_LIFE_S, interval: DEVICE_INTERVAL_S };
  const json = { device_code: device, user_code: userCode, verification_uri: `${base}/login/device`, ...times };
  return { status: 200, json };
}

function giveDeviceToken({ state: { people }, form }: Asked): Reply {
  const code = form.get("device_code") ?? "";
  const device = people.devices.get(code);
  if (device === undefined) return refuse("incorrect_device_code");
  const isEarly = Date.now() - device.askedAt < DEVICE_INTERVAL_S * 1000 - 100;
  device.askedAt = Date.now();
  if (device.expiresAt < Date.now()) return refuse("expired_token");
  if (device.isDenied) return refuse("access_denied");
  if (isEarly) return refuse("slow_down");
  if (device.login === null) return refuse("authorization_pending");
  people.devices.delete(code);
  return { status: 200, json: grantTokens(people, device.login) };
}

function showDevice({ state }: Asked): Reply {
  const who = knownLogins(state).map(
    (login) => `<button name="login" value="${escape(login)}">${escape(login)}</button>`,
  );
  const field = `<label>Code <input name="user_code" required autofocus></label>`;
  return page(200, "Let a device in", `<form method="post">${field}<p>as ${who.join(" ")}</p></form>`);
}

function letDeviceIn({ state, form }: Asked): Reply {
  const device = [...state.people.devices.values()].find((one) => one.userCode === form.get("user_code"));
  if (device === undefined) return page(404, "No such code", "");
  if (form.has("deny")) device.isDenied = true;
  else device.login = form.get("login") ?? "octocat";
  return page(200, "Done", "<p>Go back to the terminal.</p>");
}
