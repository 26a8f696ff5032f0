/** Where GitHub's webhooks arrive: checked, recorded and queued before they are acknowledged. */

import { installationOctokit } from "../github/app.ts";
import { readRepository as readGitHubRepository } from "../github/contents.ts";
import { decodeBody, readEvent, readInstallation, readRepository, verifyWebhook } from "../github/webhook.ts";
import type { EventReading } from "../github/webhook.ts";
import type { Delivery } from "../model/delivery.ts";
import { parseDeliveryId } from "../model/ids.ts";
import { MAX_WEBHOOK_BYTES } from "../model/limits.ts";
import { recordDelivery, settleDelivery } from "../store/deliveries.ts";
import { closeRepository, saveRepository } from "../store/repositories.ts";
import { cancelInstallation } from "../store/uninstalled.ts";
import { json, problem } from "./http/answer.ts";
import type { ProblemStatus } from "./http/answer.ts";
import { parseJson, readBounded } from "./http/body.ts";
import type { Rooms } from "./rooms.ts";
import { accepted, startDelivery } from "./start.ts";
import type { StartRooms } from "./start.ts";

/** GitHub's event names. */
const EVENT_NAME = /^[a-z][a-z_]{0,63}$/;

interface Webhook {
  delivery: Omit<Delivery, "state">;
  /** As it came. */
  text: string;
  payload: unknown;
  reading: Extract<EventReading, { ok: true }>;
}

type Refusal = { status: ProblemStatus; detail: string };

export async function receiveWebhook(
  rooms: StartRooms & Pick<Rooms, "webhookSecrets" | "github" | "jobs">,
  request: Request,
): Promise<Response> {
  const webhook = await readWebhook(rooms.webhookSecrets, request);
  if ("status" in webhook) return problem(webhook.status, webhook.detail);
  if (webhook.reading.event) return startDelivery(rooms, webhook.delivery, webhook.text);
  await keepIgnored(rooms, webhook, webhook.reading.ignored);
  if (webhook.delivery.event === "ping") return json({ pong: true, deliveryId: webhook.delivery.id });
  return accepted(rooms.publicUrl, webhook.delivery.id);
}

/** What starts nothing is settled at once, and what it says about its repository (a new name, say) is kept. */
async function keepIgnored(
  rooms: Pick<Rooms, "db" | "blobs" | "github" | "jobs">,
  webhook: Webhook,
  why: string,
): Promise<void> {
  const { delivery } = webhook;
  await keepVisibility(rooms, webhook);
  await stopUninstalled(rooms, webhook);
  const { first } = await recordDelivery(rooms, delivery, webhook.text);
  // An old one sent again must not bring an old name back.
  if (!first) return;
  const outcome = { summary: why, workflows: [] };
  const about = readRepository(webhook.payload);
  await rooms.db.batch([
    settleDelivery(rooms.db, delivery.id, { status: "done", doneAt: delivery.receivedAt, outcome }),
    ...(about ? [saveRepository(rooms.db, { ...about.repository, installationId: about.installationId })] : []),
  ]);
}

/** A repository that became private is closed before anything else; one that became public once GitHub says so when it is asked. */
async function keepVisibility(rooms: Pick<Rooms, "db" | "github">, { delivery, payload }: Webhook): Promise<void> {
  const about = delivery.event === "repository" ? readRepository(payload) : null;
  if (about === null) return;
  const { repository, installationId } = about;
  if (delivery.action === "privatized") {
    await rooms.db.batch([
      saveRepository(rooms.db, { ...repository, installationId }),
      closeRepository(rooms.db, repository.id, Date.now()),
    ]);
  }
  if (delivery.action !== "publicized" || installationId === null) return;
  const askedAt = Date.now();
  const name = { owner: repository.owner, repo: repository.name };
  const now = await readGitHubRepository(installationOctokit(rooms.github, installationId), name);
  if (now?.id !== repository.id) return;
  await saveRepository(rooms.db, { ...now, installationId }, { askedAt }).run();
}

const UNINSTALLED_BY = "GitHub, since the App was uninstalled";

/** Without the App nothing can be read or told: what waits is not started, what runs is stopped. An App installed anew has another id. */
async function stopUninstalled(rooms: Pick<Rooms, "db" | "jobs">, { delivery, payload }: Webhook): Promise<void> {
  if (delivery.event !== "installation" || delivery.action !== "deleted") return;
  const id = readInstallation(payload);
  if (id === null) return;
  const builds = await cancelInstallation(rooms.db, id, UNINSTALLED_BY, delivery.receivedAt);
  // One that no message reaches is looked at by the sweep.
  for (const buildId of builds) await rooms.jobs.send({ buildId });
}

async function readWebhook(secrets: string[], request: Request): Promise<Webhook | Refusal> {
  if (secrets.length === 0) return { status: 503, detail: "GITHUB_WEBHOOK_SECRET is not set on this Worker." };
  const rawBody = await readBounded(request, MAX_WEBHOOK_BYTES);
  if (!rawBody) return { status: 413, detail: `A webhook holds at most ${MAX_WEBHOOK_BYTES} bytes.` };
  const text = decodeBody(rawBody);
  if (text === null) return { status: 400, detail: "The body is not UTF-8." };
  const signature = request.headers.get("x-hub-signature-256");
  if (!(await verifyWebhook({ secrets, rawBody, signature }))) {
    return { status: 401, detail: "X-Hub-Signature-256 is missing or does not fit the body." };
  }
  return readPayload(request.headers, text);
}

function readPayload(headers: Headers, text: string): Webhook | Refusal {
  const id = parseDeliveryId(headers.get("x-github-delivery") ?? "");
  if (!id) return { status: 400, detail: "X-GitHub-Delivery is missing or malformed." };
  const event = headers.get("x-github-event") ?? "";
  if (!EVENT_NAME.test(event)) return { status: 400, detail: "X-GitHub-Event is missing or malformed." };
  const parsed = parseJson(text);
  if (!parsed.ok) return { status: 400, detail: `The body is not JSON: ${parsed.error}.` };
  const reading = readEvent(event, parsed.value);
  if (!reading.ok) return { status: 400, detail: reading.error };
  return {
    delivery: {
      id,
      kind: "webhook",
      event,
      action: readAction(parsed.value),
      repositoryId: readRepository(parsed.value)?.repository.id ?? null,
      buildId: null,
      receivedAt: Date.now(),
    },
    text,
    payload: parsed.value,
    reading,
  };
}

function readAction(payload: unknown): string | null {
  if (typeof payload !== "object" || payload === null || !("action" in payload)) return null;
  return typeof payload.action === "string" ? payload.action.slice(0, 100) : null;
}
