/** JOBS: "look at build N". This consumer alone decides readiness, concurrency and capacity, and starts job runners. */

import { log, logFault } from "../src/model/log.ts";
import type { JobsMessage } from "../src/model/messages.ts";
import { lookAtBuild } from "./look-at-build.ts";

export async function consumeJobs(env: Env, message: Message<JobsMessage>): Promise<void> {
  const { buildId } = message.body;
  const startedAt = Date.now();
  try {
    const seen = await lookAtBuild(env, buildId, startedAt);
    message.ack();
    log("build.looked_at", { buildId, ...seen, durationMs: Date.now() - startedAt });
  } catch (error) {
    message.retry({ delaySeconds: 2 ** Math.min(message.attempts, 8) });
    logFault("build.look_failed", error, { buildId, attempts: message.attempts });
  }
}
