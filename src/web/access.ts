/** Who may see the pages: whoever sits at this machine, or whom Cloudflare Access let through. */

import { createRemoteJWKSet, errors, jwtVerify } from "jose";

/** What of the Worker's variables decides. */
export interface AccessConfig {
  /** `open` shows the pages over loopback; only `sandlot run` and `sandlot dev` set it. */
  PAGES: string;
  /** `team.cloudflareaccess.com`. */
  ACCESS_TEAM_DOMAIN: string;
  ACCESS_AUD: string;
}

/** Null lets the visitor in; else why not, for people. Throws where Access cannot be asked. */
export async function refuseVisitor(config: AccessConfig, request: Request): Promise<string | null> {
  const open = config.PAGES === "open";
  if (open && isLoopback(request)) return null;
  const issuer = readIssuer(config.ACCESS_TEAM_DOMAIN);
  if (issuer !== null && config.ACCESS_AUD) return refuseToken(issuer, config.ACCESS_AUD, request);
  if (open) return "On this machine the pages are shown at 127.0.0.1 and localhost only.";
  return "The pages of this Sandlot are closed: no Cloudflare Access stands in front of them.";
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
async function refuseToken(issuer: string, audience: string, request: Request): Promise<string | null> {
  const token = request.headers.get("cf-access-jwt-assertion");
  if (!token) return "Cloudflare Access did not let this request through: it carries no token.";
  const keys = keySets.get(issuer) ?? createRemoteJWKSet(new URL(`${issuer}/cdn-cgi/access/certs`));
  keySets.set(issuer, keys);
  try {
    await jwtVerify(token, keys, { issuer, audience, algorithms: ["RS256"], requiredClaims: ["exp"] });
    return null;
  } catch (error) {
    if (!isTokensFault(error)) throw error;
    return "The token of Cloudflare Access is not for this Sandlot, or no longer valid.";
  }
}

/** Not being able to fetch the keys says nothing about the token. */
function isTokensFault(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return false;
  return error.code !== "ERR_JOSE_GENERIC" && error.code !== "ERR_JWKS_TIMEOUT" && error.code !== "ERR_JWKS_INVALID";
}
