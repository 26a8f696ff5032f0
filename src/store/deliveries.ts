/** Deliveries: the body in R2, the row in D1, both before anybody is told that it arrived. */

import type { Delivery, DeliveryBody, DeliveryKind, DeliveryOutcome, DeliveryState } from "../model/delivery.ts";
import { asBuildId, asDeliveryId } from "../model/ids.ts";
import type { DeliveryId } from "../model/ids.ts";
import { deliveryKey } from "./keys.ts";

interface DeliveryRow {
  id: string;
  kind: DeliveryKind;
  event: string | null;
  action: string | null;
  repository_id: number | null;
  build_id: string | null;
  received_at: number;
  status: "recorded" | "done" | "failed";
  done_at: number | null;
  outcome: string | null;
}

function stateOf(row: DeliveryRow): DeliveryState {
  switch (row.status) {
    case "recorded":
      return { status: "recorded" };
    case "done":
      return {
        status: "done",
        doneAt: row.done_at ?? 0,
        outcome: JSON.parse(row.outcome ?? '{"summary":"","workflows":[]}') as DeliveryOutcome,
      };
    case "failed":
      return { status: "failed", doneAt: row.done_at ?? 0, error: row.outcome ?? "" };
  }
}

function fromRow(row: DeliveryRow): Delivery {
  return {
    id: asDeliveryId(row.id),
    kind: row.kind,
    event: row.event,
    action: row.action,
    repositoryId: row.repository_id,
    buildId: row.build_id === null ? null : asBuildId(row.build_id),
    receivedAt: row.received_at,
    state: stateOf(row),
  };
}

/**
 * Records a delivery; `first` is false where its id was known, and then nothing is written.
 * The body may be the text as it came, so that nothing of it is lost in a parse.
 */
export async function recordDelivery(
  rooms: { db: D1Database; blobs: R2Bucket },
  delivery: Omit<Delivery, "state">,
  body: DeliveryBody | string,
): Promise<{ first: boolean }> {
  if (await isRecorded(rooms.db, delivery.id)) return { first: false };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  if (!(await putBody(rooms, delivery.id, text))) return { first: false };
  const inserted = await rooms.db
    .prepare(
      `INSERT INTO deliveries (id, kind, event, action, repository_id, build_id, received_at, status)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'recorded') ON CONFLICT DO NOTHING`,
    )
    .bind(
      delivery.id,
      delivery.kind,
      delivery.event,
      delivery.action,
      delivery.repositoryId,
      delivery.buildId,
      delivery.receivedAt,
    )
    .run();
  return { first: inserted.meta.changes > 0 };
}

async function isRecorded(db: D1Database, id: DeliveryId): Promise<boolean> {
  return (await db.prepare("SELECT 1 FROM deliveries WHERE id = ?").bind(id).first()) !== null;
}

/** R2 takes one write of a key in a second: https://developers.cloudflare.com/r2/platform/limits/ */
const SAME_KEY_AGAIN_MS = 1100;

/** False where another copy of the same delivery, whose write stood in the way of ours, was recorded meanwhile. */
async function putBody(rooms: { db: D1Database; blobs: R2Bucket }, id: DeliveryId, text: string): Promise<boolean> {
  try {
    await rooms.blobs.put(deliveryKey(id), text);
  } catch {
    await new Promise((resolve) => setTimeout(resolve, SAME_KEY_AGAIN_MS));
    if (await isRecorded(rooms.db, id)) return false;
    await rooms.blobs.put(deliveryKey(id), text);
  }
  return true;
}

export async function readDelivery(db: D1Database, id: DeliveryId): Promise<Delivery | null> {
  const row = await db.prepare("SELECT * FROM deliveries WHERE id = ?").bind(id).first<DeliveryRow>();
  return row && fromRow(row);
}

/** The body as recorded; a webhook's is GitHub's own JSON. Null once it expired. */
export async function readDeliveryBody(blobs: R2Bucket, id: DeliveryId): Promise<unknown> {
  const object = await blobs.get(deliveryKey(id));
  return object ? await object.json() : null;
}

export function settleDelivery(
  db: D1Database,
  id: DeliveryId,
  state: Exclude<DeliveryState, { status: "recorded" }>,
): D1PreparedStatement {
  return db
    .prepare("UPDATE deliveries SET status = ?, done_at = ?, outcome = ? WHERE id = ? AND status <> 'done'")
    .bind(state.status, state.doneAt, state.status === "done" ? JSON.stringify(state.outcome) : state.error, id);
}

/** Those of these ids that were recorded. */
export async function knownDeliveries(db: D1Database, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .prepare("SELECT id FROM deliveries WHERE id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(ids))
    .all<{ id: string }>();
  return new Set(rows.results.map((row) => row.id));
}

/** Of the oldest `limit`, those received before `before` and carried out. The newest of all stays, so that row numbers go on. */
export async function expiredDeliveries(db: D1Database, before: number, limit: number): Promise<DeliveryId[]> {
  const rows = await db
    .prepare(
      `SELECT id FROM (SELECT id, received_at, status FROM deliveries WHERE rowid < (SELECT MAX(rowid) FROM deliveries)
         ORDER BY rowid LIMIT ?) WHERE received_at < ? AND status <> 'recorded'`,
    )
    .bind(limit, before)
    .all<{ id: string }>();
  return rows.results.map((row) => asDeliveryId(row.id));
}

export async function removeDeliveries(
  rooms: { db: D1Database; blobs: R2Bucket },
  ids: readonly DeliveryId[],
): Promise<void> {
  // The body first: a row without one says what became of it, a body without a row nobody finds.
  await rooms.blobs.delete(ids.map(deliveryKey));
  await rooms.db
    .prepare("DELETE FROM deliveries WHERE id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(ids))
    .run();
}
