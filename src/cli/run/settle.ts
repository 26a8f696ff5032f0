/** Stops builds that nobody waits for any more, so that none goes on in the next run. */

import { setTimeout as sleep } from "node:timers/promises";

import { type ApiClient, ApiError } from "../api-client.ts";

const POLL_MS = 100;

/** Asks each to stop, then by force, and waits for their ends, in all at most `withinMs`. */
export async function stopBuilds(api: ApiClient, ids: readonly string[], withinMs: number): Promise<void> {
  const until = Date.now() + withinMs;
  let left = [...ids];
  while (left.length > 0 && Date.now() < until) {
    await Promise.all(left.map((id) => cancel(api, id)));
    await sleep(POLL_MS);
    const builds = await Promise.all(left.map((id) => api.readBuild(id)));
    left = builds.filter((build) => build.status !== "completed").map((build) => build.id);
  }
}

/** 409: it has ended just now. */
async function cancel(api: ApiClient, id: string): Promise<void> {
  try {
    await api.cancel(id);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  }
}
