/** Puts a delivery on its way: recorded first, then queued; whoever asked is answered after both. */

import type { Accepted } from "../model/api.ts";
import type { Delivery, DeliveryBody } from "../model/delivery.ts";
import type { DeliveryId } from "../model/ids.ts";
import { logFault } from "../model/log.ts";
import { deliveryApiUrl } from "../model/urls.ts";
import { readDelivery, recordDelivery } from "../store/deliveries.ts";
import { json } from "./http/answer.ts";
import type { Rooms } from "./rooms.ts";

export type StartRooms = Pick<Rooms, "db" | "blobs" | "deliveries" | "publicUrl">;

/**
 * Twenty of the same at once lead to one row and one message. One that failed before is tried again: that is what
 * GitHub's "Redeliver" is for.
 */
export async function startDelivery(
  rooms: StartRooms,
  delivery: Omit<Delivery, "state">,
  body: DeliveryBody | string,
): Promise<Response> {
  const { first } = await recordDelivery(rooms, delivery, body);
  const again = !first && (await readDelivery(rooms.db, delivery.id))?.state.status === "failed";
  if (first || again) await enqueueDelivery(rooms.deliveries, delivery.id);
  return accepted(rooms.publicUrl, delivery.id);
}

export function accepted(publicUrl: string, deliveryId: DeliveryId): Response {
  const answer: Accepted = { deliveryId, url: deliveryApiUrl(publicUrl, deliveryId) };
  return json(answer, 202, { location: answer.url });
}

/** A queue that refuses loses nothing: the row stays `recorded`, and the sweep enqueues it. */
async function enqueueDelivery(queue: Rooms["deliveries"], deliveryId: DeliveryId): Promise<void> {
  try {
    await queue.send({ deliveryId });
  } catch (error) {
    logFault("delivery.not_enqueued", error, { deliveryId });
  }
}
