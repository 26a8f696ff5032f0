/** Who asks: found once for each request, from what it carries. */

import { timingSafeEqual } from "node:crypto";
import type { Right } from "../../model/right.ts";
import { findApiToken } from "../../store/api-tokens.ts";
import { findSession, hashSecret } from "../../store/sessions.ts";
import type { Session } from "../../store/sessions.ts";
import { readAccess } from "./access.ts";
import type { AccessConfig } from "./access.ts";
import { readCookie, SESSION_COOKIE } from "./cookies.ts";

export type Viewer =
  /** `why` says to people what is missing. */
  | { kind: "anonymous"; why: string }
  /** Whoever sits at the machine that all of Sandlot runs on. */
  | { kind: "machine" }
  /** Whom Cloudflare Access let through. */
  | { kind: "access"; email: string }
  /** `name` is null for SANDLOT_API_TOKEN. `repositoryId` is null for all. */
  | { kind: "token"; name: string | null; scope: Right; repositoryId: number | null }
  /** Who signed in with GitHub: in a browser, or by `sandlot login`. */
  | { kind: "person"; session: Session };

export interface ViewerConfig extends AccessConfig {
  SANDLOT_API_TOKEN: string | undefined;
  DB: D1Database;
}

/** `refused` is for whoever sent credentials that are wrong: it is told so, whatever anybody else may see. */
export async function viewerOf(
  config: ViewerConfig,
  request: Request,
  now: number,
): Promise<{ viewer: Viewer } | { refused: string }> {
  const header = request.headers.get("authorization");
  if (header !== null) return await viewerByToken(config, header, now);
  const secret = readCookie(request, SESSION_COOKIE);
  const access = await readAccess(config, request);
  if (access.kind === "access") return { viewer: access };
  // Where Access stands in front, nothing but Access lets a browser in.
  const session =
    secret === null || access.kind === "refused" ? null : await findSession(config.DB, secret, "browser", now);
  if (session) return { viewer: { kind: "person", session } };
  return { viewer: access.kind === "machine" ? access : { kind: "anonymous", why: access.why } };
}

async function viewerByToken(
  config: ViewerConfig,
  header: string,
  now: number,
): Promise<{ viewer: Viewer } | { refused: string }> {
  const given = /^Bearer +(\S.*)$/i.exec(header)?.[1];
  if (given === undefined) return { refused: "Send Authorization: Bearer <token>." };
  if (isFirstToken(config.SANDLOT_API_TOKEN, given)) {
    return { viewer: { kind: "token", name: null, scope: "admin", repositoryId: null } };
  }
  const token = await findApiToken(config.DB, hashSecret(given), now);
  if (token) {
    const { name, scope, repositoryId } = token;
    return { viewer: { kind: "token", name, scope, repositoryId } };
  }
  const session = await findSession(config.DB, given, "cli", now);
  return session ? { viewer: { kind: "person", session } } : { refused: "The token is wrong, or no longer valid." };
}

/** The one that is set on the Worker, from which all others are made. */
function isFirstToken(configured: string | undefined, given: string): boolean {
  if (!configured) return false;
  // Digests are of one length, so that the comparison tells nothing about the token's.
  return timingSafeEqual(Buffer.from(hashSecret(given)), Buffer.from(hashSecret(configured)));
}

/** As the audit log and builds name who asked. */
export function actorOf(viewer: Viewer): string {
  switch (viewer.kind) {
    case "anonymous":
      return "anonymous";
    case "machine":
      return "machine";
    case "access":
      return `access:${viewer.email}`;
    case "token":
      return viewer.name === null ? "token" : `token:${viewer.name}`;
    case "person":
      return `github:${viewer.session.login}`;
  }
}

/** Whether a browser sends by itself what lets the viewer in: then another site could have made it do so. */
export function isAmbient(request: Request): boolean {
  return !request.headers.has("authorization");
}
