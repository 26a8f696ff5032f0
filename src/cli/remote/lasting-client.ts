/** An API client that lives through dropped connections and restarts: what is only read is asked for again until it answers. */

import { setTimeout as sleep } from "node:timers/promises";

import type { ApiClient } from "../api-client.ts";
import { ApiError } from "../api-client.ts";

/** How long nothing may answer before that is the end. */
const PATIENCE_MS = 5 * 60_000;
const RETRY_MS = 1000;

/** Reads only; what changes something is the client's own. `onBreak` is told once for each time that the connection was lost. */
export function createLastingClient(
  client: ApiClient,
  signal: AbortSignal,
  onBreak: (why: string) => void,
): Pick<ApiClient, "readBuild" | "readDelivery" | "followLog"> {
  const lasting = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let brokenAt: number | null = null; ;) {
      try {
        return await ask();
      } catch (error) {
        if (brokenAt === null && isPassing(error, signal)) onBreak(String(error));
        brokenAt ??= Date.now();
        if (!isPassing(error, signal) || Date.now() - brokenAt > PATIENCE_MS) throw error;
        await sleep(RETRY_MS, null, { signal });
      }
    }
  };
  return {
    readBuild: (id) => lasting(() => client.readBuild(id)),
    readDelivery: (id) => lasting(() => client.readDelivery(id)),
    async *followLog(build, job, options) {
      // Read piece by piece, so that what was shown is not shown again.
      let at = options.from;
      for (let ended = false; !ended;) {
        const pieces = client.followLog(build, job, { ...options, from: at });
        for (;;) {
          const next = await lastingNext(pieces, signal);
          if (next === "broken") break;
          ended = next.done === true;
          if (next.done) break;
          at += next.value.length;
          yield next.value;
        }
        // The same question again: it waits for the connection, and says so once.
        if (!ended) await lasting(() => client.readBuild(build));
      }
    },
  };
}

async function lastingNext(
  pieces: AsyncGenerator<Uint8Array>,
  signal: AbortSignal,
): Promise<IteratorResult<Uint8Array, void> | "broken"> {
  try {
    return await pieces.next();
  } catch (error) {
    if (isPassing(error, signal)) return "broken";
    throw error;
  }
}

/** No answer, or one that says to come back; what the API refuses stays refused. */
function isPassing(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted) return false;
  return error instanceof ApiError ? [429, 502, 503, 504].includes(error.status) : error instanceof TypeError;
}
