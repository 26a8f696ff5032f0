/** The second cancel: job runners are ended from outside, and what they would have said is said for them. */

import { attemptId } from "../src/model/ids.ts";
import { isBusy } from "../src/schedule/readiness.ts";
import { concludeAttempt } from "../src/store/conclude.ts";
import type { BuildScene } from "./build-scene.ts";

export async function forceStop(env: Env, scene: BuildScene, now: number): Promise<void> {
  const by = scene.build.cancelRequested?.by ?? "somebody";
  for (const [index, job] of scene.jobs.entries()) {
    if (!isBusy(job)) continue;
    const id = attemptId(job.id, job.attempt);
    const end = { conclusion: "cancelled", reason: "cancelled_by_user", detail: `Stopped by ${by}` } as const;
    await env.DB.batch(concludeAttempt(env.DB, { ...job, attemptId: id }, { ...end, at: now, outputs: {} }));
    scene.jobs[index] = { ...job, state: { status: "completed", ...end, completedAt: now } };
    await terminate(env, id);
  }
}

/** Its rollback destroys the sandbox; the sweep does so where that fails. */
async function terminate(env: Env, id: string): Promise<void> {
  try {
    const instance = await env.JOB_RUNNER.get(id);
    await instance.terminate({ rollback: true });
  } catch (error) {
    // Ended on its own, or never created: there is nothing to stop.
    if (!(error instanceof Error && /cannot_terminate|not_found|not found/i.test(error.message))) throw error;
  }
}
