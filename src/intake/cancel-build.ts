/** Asks a build to stop: a row that waiting jobs and running slices read. */

import type { DeliveryBody, DeliveryOutcome } from "../model/delivery.ts";
import { readBuild, requestCancel } from "../store/builds.ts";
import type { IntakeBindings } from "./bindings.ts";

export async function cancelBuild(
  env: IntakeBindings,
  request: Extract<DeliveryBody, { kind: "cancel" }>,
  now: number,
): Promise<DeliveryOutcome> {
  const build = await readBuild(env.DB, request.buildId);
  if (build === null) return { summary: `There is no build ${request.buildId}`, workflows: [] };
  const one = { path: build.workflowPath, buildId: build.id };
  if (build.runAttempt !== request.runAttempt || build.state.status === "completed")
    return { summary: "It had ended already", workflows: [{ ...one, why: "completed" }] };
  await requestCancel(env.DB, build, request.actor, now).run();
  await env.JOBS.send({ buildId: build.id });
  return { summary: `Cancel asked for by ${request.actor}`, workflows: [{ ...one, why: "cancelled" }] };
}
