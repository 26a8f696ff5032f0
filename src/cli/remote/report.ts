/** Says what came of what was asked for: a rerun, a cancel, a dispatch. */

import type { Accepted, DeliveryView } from "../../model/api.ts";
import { say } from "../say.ts";
import type { Connection } from "./connection.ts";

const LOOK_EVERY_MS = 300;
const CARRIED_OUT_WITHIN_MS = 60_000;

/** Waits until it was carried out; 1 where it came to nothing. `next` are commands to go on with. */
export async function report(
  to: Connection,
  { deliveryId }: Accepted,
  { json }: { json: boolean },
  next: string[],
): Promise<number> {
  const delivery = await settled(to, deliveryId);
  const builds = delivery.workflows.flatMap(({ buildId }) => buildId ?? []);
  if (json) say(JSON.stringify(delivery, null, 2));
  else showDelivery(delivery, next.length > 0 ? next : builds.map((id) => `sandlot builds watch ${id}`));
  if (delivery.status === "recorded") return 0;
  return delivery.status === "failed" || builds.length === 0 ? 1 : 0;
}

function showDelivery(delivery: DeliveryView, next: string[]): void {
  say(delivery.summary ?? `It is being looked at: ${delivery.id}`);
  for (const { path, buildId, why } of delivery.workflows) {
    say(`  ${path}: ${why}${buildId === null ? "" : ` (${buildId})`}`);
  }
  for (const way of next) process.stderr.write(`  ${way}\n`);
}

async function settled({ client, signal }: Connection, id: string): Promise<DeliveryView> {
  for (const until = Date.now() + CARRIED_OUT_WITHIN_MS; ;) {
    signal.throwIfAborted();
    const delivery = await client.readDelivery(id);
    if (delivery.status !== "recorded" || Date.now() > until) return delivery;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
