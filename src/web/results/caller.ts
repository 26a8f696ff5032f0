/** Who calls the cache and artifact services: an action of an attempt that runs at this moment, and nobody else. */

import type { Attempt } from "../../model/job.ts";
import { MAX_SERVICE_REQUEST_BYTES } from "../../model/limits.ts";
import { currentAttempt } from "../../store/attempts.ts";
import { readRuntimeToken } from "../../store/runtime-token.ts";
import { readBounded } from "../http/body.ts";
import type { Rooms } from "../rooms.ts";
import { TwirpError } from "./twirp.ts";

/** Throws `TwirpError` where the token is not that of its job's running attempt. */
export async function readCaller(rooms: Pick<Rooms, "db" | "masterKey">, request: Request): Promise<Attempt> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (token === undefined) throw await refusal(request, "no ACTIONS_RUNTIME_TOKEN was sent");
  const claims = await readRuntimeToken(rooms.masterKey, token, Date.now());
  if (claims === null) throw await refusal(request, "the token is not one of ours, or is over");
  const attempt = await currentAttempt(rooms.db, claims.attemptId);
  if (attempt === null) throw await refusal(request, "the job of this token does not run any more");
  return attempt;
}

/** Its body is read all the same: where workerd closes a connection on one, the answer is lost. */
async function refusal(request: Request, message: string): Promise<TwirpError> {
  await readBounded(request, MAX_SERVICE_REQUEST_BYTES);
  return new TwirpError("unauthenticated", message);
}
