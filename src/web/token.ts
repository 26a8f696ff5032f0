/** Who may use the API: whoever holds its token. */

import { createHash, timingSafeEqual } from "node:crypto";
import { problem } from "./answer.ts";

const CHALLENGE = { "www-authenticate": 'Bearer realm="sandlot"' };

/** Null lets the request in. Where no token is configured nobody is let in. */
export function refuseWithoutToken(configured: string | undefined, request: Request): Response | null {
  if (!configured) return problem(401, "The API is closed: SANDLOT_API_TOKEN is not set on this Worker.", CHALLENGE);
  const given = /^Bearer +(\S.*)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given === undefined) return problem(401, "Send Authorization: Bearer <SANDLOT_API_TOKEN>.", CHALLENGE);
  // Digests are of one length, so that the comparison tells nothing about the token's.
  return timingSafeEqual(sha256(given), sha256(configured)) ? null : problem(401, "The token is wrong.", CHALLENGE);
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
