/** What the forms of the pages do: the same requests as the API's, answered with the page that shows the result. */

import type { Accepted } from "../../model/api.ts";
import { asDeliveryId } from "../../model/ids.ts";
import type { DeliveryId } from "../../model/ids.ts";
import { buildPagePath } from "../../model/urls.ts";
import { readDelivery } from "../../store/deliveries.ts";
import { dispatchForm, startCancel, startRerun } from "../api/requests.ts";
import { readForm } from "../http/form.ts";
import type { RepositoryName, Rooms } from "../rooms.ts";
import { showRefused } from "./closed.tsx";
import { frameFor } from "./frame.tsx";
import type { FrameRooms } from "./frame.tsx";

type ActRooms = FrameRooms & Pick<Rooms, "db" | "blobs" | "deliveries" | "publicUrl" | "viewer">;

/** How long an answer waits for its result, so that the next page shows it; and how often it looks. */
const PATIENCE_MS = 3000;
const LOOK_EVERY_MS = 100;

export async function rerunFromPage(rooms: ActRooms, id: string, request: Request): Promise<Response> {
  const form = await readForm(request);
  if (!form.ok) return await showRefused(form.answer, await frameFor(rooms, request));
  const jobs = form.value.get("jobs") === "failed" ? "failed" : "all";
  return await leadOn(rooms, request, await startRerun(rooms, id, jobs), id);
}

export async function cancelFromPage(rooms: ActRooms, id: string, request: Request): Promise<Response> {
  const form = await readForm(request);
  if (!form.ok) return await showRefused(form.answer, await frameFor(rooms, request));
  return await leadOn(rooms, request, await startCancel(rooms, id), id);
}

/** Fields: `workflow`, `ref`, `text.NAME` for inputs that may be empty, `input.NAME` for those that are then left out. */
export async function dispatchFromPage(rooms: ActRooms, name: RepositoryName, request: Request): Promise<Response> {
  const form = await readForm(request);
  if (!form.ok) return await showRefused(form.answer, await frameFor(rooms, request));
  const inputs: Record<string, string> = {};
  // Of a checkbox the last word counts: a hidden field before it says false.
  for (const [field, value] of form.value) {
    const [, kind, input] = /^(text|input)\.(.+)$/s.exec(field) ?? [];
    if (input !== undefined && (kind === "text" || value !== "")) inputs[input] = value;
  }
  const ref = form.value.get("ref") || undefined;
  const asked = { workflow: form.value.get("workflow") ?? "", inputs, ...(ref && { ref }) };
  return await leadOn(rooms, request, await dispatchForm(rooms, name, asked), null);
}

/** To the build, once it shows what was asked for; to the delivery where there is no build yet. */
async function leadOn(rooms: ActRooms, request: Request, answer: Response, build: string | null): Promise<Response> {
  if (answer.status !== 202) return await showRefused(answer, await frameFor(rooms, request));
  const { deliveryId } = await answer.json<Accepted>();
  const led = await waitFor(rooms.db, asDeliveryId(deliveryId));
  const shown = build ?? led;
  const asked = encodeURIComponent(deliveryId);
  const location = shown === null ? `/deliveries/${asked}` : `${buildPagePath(shown)}?asked=${asked}`;
  return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
}

/** The build that a delivery led to, as far as that is known in time. */
async function waitFor(db: D1Database, id: DeliveryId): Promise<string | null> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const state = (await readDelivery(db, id))?.state;
    if (state?.status === "done")
      return state.outcome.workflows.find(({ buildId }) => buildId !== null)?.buildId ?? null;
    if (state?.status === "failed" || Date.now() >= until) return null;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
