/** Who calls the local GitHub, and what they may: App JWTs really verified, installation tokens with scope, rights and an end. */

import { createVerify, randomBytes } from "node:crypto";
import { toText } from "./github-git.ts";
import type { LocalRepository, LocalState, LocalToken } from "./github-state.ts";

export type Caller =
  | { kind: "app" }
  | { kind: "installation"; secret: string; token: LocalToken }
  | { kind: "person"; login: string }
  | { kind: "nobody" };

export type Identified = { ok: true; caller: Caller } | { ok: false; why: string };

/** Reads an `Authorization` header: `bearer` or `token` with a JWT or a token, or git's Basic with `x-access-token`. */
export function identify(state: LocalState, header: string | undefined): Identified {
  if (header === undefined) return { ok: true, caller: { kind: "nobody" } };
  const [, scheme = "", value = ""] = /^(\S+)\s+(\S+)$/.exec(header) ?? [];
  const secret = scheme.toLowerCase() === "basic" ? basicPassword(value) : value;
  const caller = findCaller(state, secret);
  if (caller !== null) return caller.kind === "nobody" ? { ok: false, why: "Bad credentials" } : { ok: true, caller };
  if (scheme.toLowerCase() !== "bearer") return { ok: false, why: "Bad credentials" };
  const why = checkJwt(state, secret);
  return why === null ? { ok: true, caller: { kind: "app" } } : { ok: false, why };
}

/** Null for what is no token that was given out; nobody for one that has ended. */
function findCaller(state: LocalState, secret: string): Caller | null {
  const token = state.tokens.get(secret);
  const person = state.people.tokens.get(secret);
  const given = token ?? person;
  if (given === undefined) return null;
  if (given.expiresAt <= Date.now()) return { kind: "nobody" };
  if (token !== undefined) return { kind: "installation", secret, token };
  return person === undefined ? null : { kind: "person", login: person.login };
}

function basicPassword(encoded: string): string {
  const [user, ...password] = toText(new Uint8Array(Buffer.from(encoded, "base64"))).split(":");
  return user === "x-access-token" ? password.join(":") : "";
}

/** GitHub takes no JWT that is made more than a minute ahead of its clock. */
const CLOCK_SKEW_S = 60;
const MAX_JWT_LIFE_S = 600;

/** Null when it is the App's own; else what GitHub says. */
function checkJwt(state: LocalState, jwt: string): string | null {
  const [header = "", payload = "", signature = ""] = jwt.split(".");
  const algorithm = fromJson(header)["alg"];
  const claims = fromJson(payload);
  const verifier = createVerify("RSA-SHA256").update(`${header}.${payload}`);
  if (algorithm !== "RS256" || !verifier.verify(state.publicKeyPem, signature, "base64url")) {
    return "A JSON web token could not be decoded";
  }
  if (String(claims["iss"]) !== state.appId) return "'Issuer' claim ('iss') must be an Integer";
  const now = Date.now() / 1000;
  const issued = Number(claims["iat"]);
  const expires = Number(claims["exp"]);
  if (!(issued <= now + CLOCK_SKEW_S)) {
    return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
  }
  if (!(expires > now)) {
    return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
  }
  return expires > now + MAX_JWT_LIFE_S ? "'Expiration time' claim ('exp') is too far in the future" : null;
}

function fromJson(part: string): Record<string, unknown> {
  try {
    return JSON.parse(toText(new Uint8Array(Buffer.from(part, "base64url")))) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The shape that GitHub gives out since April 2026: `ghs_{app id}_{three dotted parts}`, of no fixed length. */
export function createToken(state: LocalState, token: LocalToken): string {
  const part = (bytes: number) => String(Buffer.from(randomBytes(bytes)).toString("base64url"));
  const secret = `ghs_${state.appId}_${part(27)}.${part(90)}.${part(64)}`;
  state.tokens.set(secret, token);
  return secret;
}

export function reaches(caller: Caller, repository: LocalRepository): boolean {
  if (caller.kind !== "installation" || caller.token.installationId !== repository.installationId) return false;
  return caller.token.repositoryIds === null || caller.token.repositoryIds.includes(repository.id);
}

export function mayDo(caller: Caller, permission: string, level: "read" | "write"): boolean {
  if (caller.kind !== "installation") return false;
  // GitHub adds metadata to every token.
  if (permission === "metadata" && level === "read") return true;
  const given = caller.token.permissions[permission];
  return given === "write" || (given === "read" && level === "read");
}
