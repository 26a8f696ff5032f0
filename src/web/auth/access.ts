/** Who stands at the door without a word of their own: whoever sits at this machine, or whom Cloudflare Access let through. */

import { createRemoteJWKSet, errors, jwtVerify } from "jose";

/** What of the Worker's variables decides. */
export interface AccessConfig {
  /** `open` shows the pages over loopback; only `sandlot run` and `sandlot dev` set it. */
  PAGES: string;
  /** `team.cloudflareaccess.com`. */
  ACCESS_TEAM_DOMAIN: string;
  ACCESS_AUD: string;
}

export type Access =
  | { kind: "machine" }
  | { kind: "access"; email: string }
  /** Access stands in front and did not let this request through. */
  | { kind: "refused"; why: string }
  /** Nothing of this says who asks. */
  | { kind: "none"; why: string };

/** `why` is for people. Throws where Access cannot be asked. */
export async function readAccess(config: AccessConfig, request: Request): Promise<Access> {
  const open = config.PAGES === "open";
  if (open && isLoopback(request)) return { kind: "machine" };
  const issuer = readIssuer(config.ACCESS_TEAM_DOMAIN);
  if (issuer !== null && config.ACCESS_AUD) return readToken(issuer, config.ACCESS_AUD, request);
  const why = open
    ? "On this machine the pages are shown at 127.0.0.1 and localhost only."
    : "The pages of this Sandlot are closed: no Cloudflare Access stands in front of them, and nobody can sign in.";
  return { kind: "none", why };
}

/** Whether Access is to stand in front. */
export function isBehindAccess(config: AccessConfig): boolean {
  return readIssuer(config.ACCESS_TEAM_DOMAIN) !== null && config.ACCESS_AUD !== "";
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Of use only where `PAGES` says that this is a machine and no Worker in an account: there it keeps out a site whose name
 * was made to lead to 127.0.0.1, since its browser names that site as the host.
 */
function isLoopback(request: Request): boolean {
  const host = request.headers.get("host");
  const named = host === null ? [] : [host.replace(/:\d+$/, "").toLowerCase()];
  return [new URL(request.url).hostname, ...named].every((name) => LOOPBACK.has(name));
}

function readIssuer(domain: string): string | null {
  const host = domain
    .trim()
    .replace(/^https:\/\//, "")
    .replace(/\/+$/, "");
  return /^[a-z0-9.-]+$/i.test(host) ? `https://${host}` : null;
}

/** One per team, so that its keys are fetched once in a while and not for every page; they rotate every six weeks. */
const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

/** https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/ */
async function readToken(issuer: string, audience: string, request: Request): Promise<Access> {
  const refuse = (why: string): Access => ({ kind: "refused", why });
  const token = request.headers.get("cf-access-jwt-assertion");
  if (!token) return refuse("Cloudflare Access did not let this request through: it carries no token.");
  const keys = keySets.get(issuer) ?? createRemoteJWKSet(new URL(`${issuer}/cdn-cgi/access/certs`));
  keySets.set(issuer, keys);
  try {
    const rules = { issuer, audience, algorithms: ["RS256"], requiredClaims: ["exp"] };
    const { payload } = await jwtVerify(token, keys, rules);
    // A service token has a common name in place of an address.
    const names = [payload["email"], payload["common_name"], payload.sub];
    const name = names.find((one): one is string => typeof one === "string" && one !== "");
    return { kind: "access", email: name ?? "unknown" };
  } catch (error) {
    if (!isTokensFault(error)) throw error;
    return refuse("The token of Cloudflare Access is not for this Sandlot, or no longer valid.");
  }
}

/** Not being able to fetch the keys says nothing about the token. */
function isTokensFault(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return false;
  return error.code !== "ERR_JOSE_GENERIC" && error.code !== "ERR_JWKS_TIMEOUT" && error.code !== "ERR_JWKS_INVALID";
}
