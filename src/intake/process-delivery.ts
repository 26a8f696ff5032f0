/** Carries out one delivery: plans builds, restarts or cancels one. May run twice; the second time changes nothing. */

import type { Delivery, DeliveryBody, DeliveryOutcome } from "../model/delivery.ts";
import type { DeliveryId } from "../model/ids.ts";
import { readDelivery, readDeliveryBody, settleDelivery } from "../store/deliveries.ts";
import type { IntakeBindings } from "./bindings.ts";
import { cancelBuild } from "./cancel-build.ts";
import { endMergeGroup } from "./end-merge-group.ts";
import { findDispatchEvent, findScheduleEvent, findWebhookEvent } from "./find-event.ts";
import type { Finding } from "./find-event.ts";
import { planBuilds } from "./plan-builds.ts";
import { rerunBuild } from "./rerun-build.ts";

/** Throws `Later` or `GitHubFault` where it shall be tried again. Returns what it led to. */
export async function processDelivery(
  env: IntakeBindings,
  id: DeliveryId,
  now: number,
): Promise<DeliveryOutcome | null> {
  const delivery = await readDelivery(env.DB, id);
  if (delivery === null || delivery.state.status === "done") return null;
  const body = await readDeliveryBody(env.STORE, id);
  const outcome =
    body === null
      ? nothing("Its body is gone: deliveries are kept for a limited time")
      : await act(env, delivery, body, now);
  await settleDelivery(env.DB, id, { status: "done", doneAt: now, outcome }).run();
  return outcome;
}

async function act(env: IntakeBindings, delivery: Delivery, body: unknown, now: number): Promise<DeliveryOutcome> {
  if (delivery.kind === "webhook") return await plan(env, delivery, await findWebhookEvent(env, delivery, body), now);
  const request = body as Exclude<DeliveryBody, { kind: "webhook" }>;
  switch (request.kind) {
    case "dispatch":
      return await plan(env, delivery, await findDispatchEvent(env, request), now);
    case "rerun":
      return await rerunBuild(env, request, now);
    case "cancel":
      return await cancelBuild(env, request, now);
    case "schedule":
      return await plan(env, delivery, await findScheduleEvent(env, request), now);
  }
}

async function plan(env: IntakeBindings, delivery: Delivery, finding: Finding, now: number): Promise<DeliveryOutcome> {
  if ("nothing" in finding) return nothing(finding.nothing);
  const { event } = finding.found;
  if (event.name === "merge_group" && event.action === "destroyed") return await endMergeGroup(env, event, now);
  return await planBuilds(env, delivery, finding.found, now);
}

function nothing(summary: string): DeliveryOutcome {
  return { summary, workflows: [] };
}
