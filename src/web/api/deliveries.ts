/** A delivery as JSON: what came of it, and why nothing did. */

import { asDeliveryId } from "../../model/ids.ts";
import { readDelivery } from "../../store/deliveries.ts";
import { json, notFound } from "../http/answer.ts";
import type { Rooms } from "../rooms.ts";
import { viewDelivery } from "./views.ts";

export async function getDelivery(rooms: Pick<Rooms, "db">, id: string): Promise<Response> {
  const delivery = await readDelivery(rooms.db, asDeliveryId(id));
  return delivery ? json(viewDelivery(delivery)) : notFound("delivery", id);
}
