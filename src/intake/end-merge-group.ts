/** A merge group that is gone needs no builds: those still under way are cancelled. */

import type { DeliveryOutcome } from "../model/delivery.ts";
import type { TriggerEvent } from "../model/event.ts";
import { buildsOfMergeGroup, requestCancel } from "../store/builds.ts";
import type { IntakeBindings } from "./bindings.ts";

export async function endMergeGroup(env: IntakeBindings, event: TriggerEvent, now: number): Promise<DeliveryOutcome> {
  const builds = await buildsOfMergeGroup(env.DB, event.repository.id, event.reportSha);
  for (const build of builds) {
    await requestCancel(env.DB, build, "GitHub: the merge group is gone", now).run();
    await env.JOBS.send({ buildId: build.id });
  }
  const workflows = builds.map((build) => ({ path: build.workflowPath, buildId: build.id, why: "cancelled" }));
  return { summary: "The merge group is gone", workflows };
}
