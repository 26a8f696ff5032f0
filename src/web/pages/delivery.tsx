/** A delivery's page: what came of a push, a button or a schedule, and why nothing did. */

import type { DeliveryView } from "../../model/api.ts";
import { asDeliveryId } from "../../model/ids.ts";
import { readDelivery } from "../../store/deliveries.ts";
import { viewDelivery } from "../api/views.ts";
import { frameFor } from "./frame.tsx";
import type { FrameRooms } from "./frame.tsx";
import { html, Layout, Notice } from "./layout.tsx";
import { livePage } from "./live.ts";
import { BuildLink, Time } from "./parts.tsx";

const WORDS = {
  recorded: "It waits to be looked at: this page shows it in a moment.",
  done: "",
  failed: "Sandlot failed to carry it out, and has stopped trying.",
} as const satisfies Record<DeliveryView["status"], string>;

export async function showDelivery(rooms: FrameRooms, id: string, request: Request): Promise<Response> {
  const frame = await frameFor(rooms, request);
  const found = await readDelivery(rooms.db, asDeliveryId(id));
  if (!found) return html(<Notice title="There is no such delivery" frame={frame} />, 404);
  const delivery = viewDelivery(found);
  const title = delivery.event ?? delivery.kind;
  return livePage(request, frame, delivery, () => (
    <Layout title={`${title} · delivery`} frame={frame} refresh={delivery.status === "recorded"}>
      <section id="head" class="head" aria-label="Delivery">
        <h1>
          {title} <span class="number">{delivery.action}</span>
        </h1>
        <div class="facts">
          <span>{delivery.kind}</span>
          <Time at={delivery.receivedAt} />
          <code>{delivery.id}</code>
        </div>
      </section>
      <section id="outcome" class="card" aria-label="What came of it">
        <p>
          {delivery.summary} {WORDS[delivery.status]}
        </p>
        <ul class="notes">
          {delivery.workflows.map(({ path, buildId, why }) => (
            <li>
              <code>{path}</code>: {why.charAt(0).toUpperCase() + why.slice(1)}{" "}
              {buildId === null ? null : <BuildLink id={buildId}>See the build</BuildLink>}
            </li>
          ))}
        </ul>
      </section>
    </Layout>
  ));
}
