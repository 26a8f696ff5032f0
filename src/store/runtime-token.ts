/** `ACTIONS_RUNTIME_TOKEN`: what an action in a sandbox shows to the cache and artifact services. It names one attempt and nothing else. */

import { SignJWT, errors, jwtVerify } from "jose";
import { asAttemptId, asBuildId, asJobId } from "../model/ids.ts";
import type { AttemptId, BuildId, JobId } from "../model/ids.ts";
import { signingKey } from "./signing.ts";

const ISSUER = "sandlot";
const AUDIENCE = "actions services";

export interface RuntimeClaims {
  attemptId: AttemptId;
  buildId: BuildId;
  jobId: JobId;
}

/**
 * The same claims give the same token, so that a job masks one. Actions read `scp` themselves: `Actions.Results:<run>:<job>`.
 * Times in ms.
 */
export async function issueRuntimeToken(
  masterKey: string,
  { attemptId, buildId, jobId }: RuntimeClaims,
  valid: { from: number; until: number },
): Promise<string> {
  return await new SignJWT({ scp: `Actions.Results:${buildId}:${jobId}` })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(attemptId)
    .setIssuedAt(Math.floor(valid.from / 1000))
    .setExpirationTime(Math.ceil(valid.until / 1000))
    .sign(await signingKey(masterKey, "runtime token"));
}

/** Null for a token that is not ours, was changed, or is over. Whether its attempt still runs is another question. */
export async function readRuntimeToken(masterKey: string, token: string, now: number): Promise<RuntimeClaims | null> {
  const key = await signingKey(masterKey, "runtime token");
  try {
    const options = {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["HS256"],
      requiredClaims: ["exp", "sub", "scp"],
    };
    const { payload } = await jwtVerify(token, key, { ...options, currentDate: new Date(now) });
    const [, build, job] = String(payload["scp"]).split(":");
    if (payload.sub === undefined || build === undefined || job === undefined) return null;
    return { attemptId: asAttemptId(payload.sub), buildId: asBuildId(build), jobId: asJobId(job) };
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}
