/** What failed too often: said where people look, so that nothing hangs in silence. */

import { changeBuild, readBuild } from "../src/store/builds.ts";
import { settleDelivery } from "../src/store/deliveries.ts";
import { jobsOfBuild, changeJob } from "../src/store/jobs.ts";
import { log, logFault } from "../src/model/log.ts";
import type { BuildId } from "../src/model/ids.ts";
import type { DeliveryMessage, JobsMessage, ReportMessage } from "../src/model/messages.ts";

export async function consumeDeadLetter(
  env: Env,
  message: Message<DeliveryMessage | JobsMessage | ReportMessage>,
): Promise<void> {
  const { body } = message;
  try {
    if ("deliveryId" in body) {
      const error = "Sandlot could not carry it out after many tries; see the Worker's logs, then redeliver it";
      await settleDelivery(env.DB, body.deliveryId, { status: "failed", doneAt: Date.now(), error }).run();
    } else if ("buildId" in body) await giveUp(env, body.buildId);
    // A report that GitHub would not take is left to the sweep, which tries again as long as the build is not settled.
    message.ack();
    log("dead_letter", { body: JSON.stringify(body) });
  } catch (error) {
    message.retry({ delaySeconds: 60 });
    logFault("dead_letter.failed", error, { body: JSON.stringify(body) });
  }
}

async function giveUp(env: Env, id: BuildId): Promise<void> {
  const build = await readBuild(env.DB, id);
  if (build === null || build.state.status === "completed") return;
  const end = {
    to: "completed",
    conclusion: "failure",
    reason: "internal_error",
    detail: "Sandlot could not go on with this build: rerun it",
    at: Date.now(),
  } as const;
  const waiting = (await jobsOfBuild(env.DB, id)).filter((job) => job.state.status !== "completed" && !job.admitted);
  await env.DB.batch([...waiting.map((job) => changeJob(env.DB, job, end)), changeBuild(env.DB, build, end)]);
  await env.REPORTS.send({ repositoryId: build.repositoryId, sha: build.reportSha, context: build.context });
}
