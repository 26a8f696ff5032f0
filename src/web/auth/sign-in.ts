/** Signing in with GitHub and out again: from our link to GitHub's page, back with a code, and to a session of our own. */

import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { personOctokit, readPerson } from "../../github/people.ts";
import { authorizeUrl, exchangeCode } from "../../github/sign-in.ts";
import type { SignInConfig, UserTokens } from "../../github/sign-in.ts";
import { BROWSER_SESSION_MS, CLI_SESSION_MS, SIGN_IN_MS } from "../../model/limits.ts";
import { recordAct } from "../../store/audit.ts";
import { openSealed, readMasterKey, seal, SealError } from "../../store/seal.ts";
import { drawSecret, hashSecret, removeSession, removeSessionsOf, saveSession } from "../../store/sessions.ts";
import type { Session, SessionKind } from "../../store/sessions.ts";
import { problem } from "../http/answer.ts";
import { parseJson } from "../http/body.ts";
import { readForm } from "../http/form.ts";
import { localPath } from "../http/safe-url.ts";
import type { Rooms } from "../rooms.ts";
import { clearCookie, LOGIN_COOKIE, readCookie, SESSION_COOKIE, setCookie } from "./cookies.ts";
import { refuseCrossSite } from "./cross-site.ts";
import { showSignIn } from "./doors.tsx";
import { CALLBACK_PATH } from "./paths.ts";
import { sealTokens } from "./people.ts";

type SignInRooms = Pick<Rooms, "db" | "masterKey" | "previousMasterKey" | "signIn" | "publicUrl" | "viewer" | "closed">;

/** What this sealing is for: src/store/seal.ts. */
const LOGIN_CONTEXT = "sign-in";

/** What the browser holds while the person is at GitHub: sealed, so that it can neither be read nor made up. */
const underWay = z.object({ state: z.string(), verifier: z.string(), next: z.string(), until: z.number() });

/** The page with the button. */
export function showLogin(rooms: SignInRooms, request: Request): Response {
  return showSignIn(doorOf(rooms, request), 200);
}

/** Sends the person to GitHub. State and PKCE's verifier go along in a cookie of this browser, and come back with the code. */
export async function startSignIn(rooms: SignInRooms, request: Request): Promise<Response> {
  if (rooms.signIn === null) return showSignIn(doorOf(rooms, request), 401, NOT_SET_UP);
  const state = drawSecret();
  const verifier = drawSecret();
  const next = localPath(new URL(request.url).searchParams.get("next") ?? "/");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const until = Date.now() + SIGN_IN_MS;
  const key = await readMasterKey(rooms.masterKey, rooms.previousMasterKey);
  const sealed = await seal(key, JSON.stringify({ state, verifier, next, until }), LOGIN_CONTEXT);
  return redirect(authorizeUrl(rooms.signIn, { redirectUri: callbackUrl(rooms), state, challenge }), [
    setCookie(LOGIN_COOKIE, sealed, SIGN_IN_MS),
  ]);
}

const NOT_SET_UP = "Nobody can sign in here: GITHUB_APP_CLIENT_ID and GITHUB_APP_CLIENT_SECRET are not set.";
const STALE = "That sign-in was started somewhere else, took too long, or was used already. Try again.";

/** Where GitHub sends the person back to. Whatever comes of it, this sign-in is over: its cookie goes. */
export async function finishSignIn(rooms: SignInRooms, request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const refuse = (why: string): Response => {
    const page = showSignIn(doorOf(rooms, request), 401, why);
    page.headers.append("set-cookie", clearCookie(LOGIN_COOKIE));
    return page;
  };
  const started = await readUnderWay(rooms, request);
  if (rooms.signIn === null) return refuse(NOT_SET_UP);
  if (started === null || !isSame(query.get("state") ?? "", started.state)) return refuse(STALE);
  if (query.has("error")) return refuse("GitHub did not sign you in, or you said no there.");
  const given = { code: query.get("code") ?? "", redirectUri: callbackUrl(rooms), verifier: started.verifier };
  const granted = await exchangeCode(rooms.signIn, given, Date.now());
  if (!granted.ok) return refuse(STALE);
  const { secret } = await openSession(rooms, rooms.signIn, granted.tokens, "browser");
  return redirect(localPath(started.next), [
    setCookie(SESSION_COOKIE, secret, BROWSER_SESSION_MS),
    clearCookie(LOGIN_COOKIE),
  ]);
}

/** Ends this session, or with `everywhere` all of this person's. */
export async function signOut(rooms: SignInRooms, request: Request): Promise<Response> {
  const crossSite = refuseCrossSite(request);
  if (crossSite !== null) return problem(403, crossSite);
  const form = await readForm(request);
  if (!form.ok) return form.answer;
  const { viewer } = rooms;
  if (viewer.kind === "person") await endSession(rooms.db, viewer.session, form.value.get("everywhere") === "1");
  return redirect("/", [clearCookie(SESSION_COOKIE)]);
}

export async function endSession(db: D1Database, session: Session, everywhere: boolean): Promise<void> {
  const { id, userId, login, kind } = session;
  const detail = everywhere ? "all sessions" : kind;
  await db.batch([
    ...(everywhere ? removeSessionsOf(db, userId) : [removeSession(db, id)]),
    recordAct(db, { at: Date.now(), who: `github:${login}`, what: "session.end", repositoryId: null, detail }),
  ]);
}

/** `secret` is what the browser or the command holds from now on; only its hash is kept. */
export async function openSession(
  rooms: Pick<Rooms, "db" | "masterKey" | "previousMasterKey">,
  config: SignInConfig,
  tokens: UserTokens,
  kind: SessionKind,
): Promise<{ secret: string; session: Session }> {
  const person = await readPerson(personOctokit(config, tokens.accessToken));
  const secret = kind === "cli" ? `sandlot_${drawSecret()}` : drawSecret();
  const id = hashSecret(secret);
  const createdAt = Date.now();
  const expiresAt = createdAt + (kind === "cli" ? CLI_SESSION_MS : BROWSER_SESSION_MS);
  const sealed = await sealTokens(rooms, id, tokens);
  const session = { id, kind, userId: person.id, login: person.login, sealed, createdAt, expiresAt };
  await saveSession(rooms.db, session);
  const who = `github:${person.login}`;
  await recordAct(rooms.db, { at: createdAt, who, what: "session.start", repositoryId: null, detail: kind }).run();
  return { secret, session };
}

async function readUnderWay(rooms: SignInRooms, request: Request): Promise<z.infer<typeof underWay> | null> {
  const cookie = readCookie(request, LOGIN_COOKIE);
  if (cookie === null) return null;
  try {
    const key = await readMasterKey(rooms.masterKey, rooms.previousMasterKey);
    const opened = parseJson(await openSealed(key, cookie, LOGIN_CONTEXT));
    const parsed = underWay.safeParse(opened.ok ? opened.value : null);
    return parsed.success && parsed.data.until > Date.now() ? parsed.data : null;
  } catch (error) {
    // Made up, cut, or of another master key.
    if (error instanceof SealError && error.reason !== "key") return null;
    throw error;
  }
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(one)), Buffer.from(hashSecret(other)));
}

function callbackUrl({ publicUrl }: Pick<Rooms, "publicUrl">): string {
  return `${publicUrl.replace(/\/+$/, "")}${CALLBACK_PATH}`;
}

function doorOf({ viewer, signIn }: SignInRooms, request: Request) {
  return { viewer, canSignIn: signIn !== null, request };
}

function redirect(location: string, cookies: string[]): Response {
  const headers = new Headers({ location, "cache-control": "no-store" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}
