/** What is not done yet, as the sweep and the health page ask for it: each query reads a bounded number of rows. */

import { asBuildId, asDeliveryId } from "../model/ids.ts";
import type { BuildId, DeliveryId } from "../model/ids.ts";
import type { ReportMessage } from "../model/messages.ts";
import type { Status } from "../model/status.ts";

/** A build that is not completed, or whose end GitHub was not told. */
export interface OpenBuild extends ReportMessage {
  id: BuildId;
  status: Status;
  createdAt: number;
  completedAt: number | null;
}

interface OpenRow {
  id: string;
  repository_id: number;
  report_sha: string;
  context: string;
  status: Status;
  created_at: number;
  completed_at: number | null;
}

const COLUMNS = "id, repository_id, report_sha, context, status, created_at, completed_at";

function fromRow(row: OpenRow): OpenBuild {
  return {
    id: asBuildId(row.id),
    repositoryId: row.repository_id,
    sha: row.report_sha,
    context: row.context,
    status: row.status,
    createdAt: row.created_at,
    completedAt: row.completed_at,
  };
}

/** Oldest first: what runs, what was never looked at, and what GitHub was not told. */
export async function urgentBuilds(db: D1Database, before: number, limit: number): Promise<OpenBuild[]> {
  const rows = await db
    .prepare(
      `SELECT ${COLUMNS} FROM builds WHERE settled = 0 AND created_at < ? AND (status = 'completed' OR detail IS NULL)
       ORDER BY created_at LIMIT ?`,
    )
    .bind(before, limit)
    .all<OpenRow>();
  return rows.results.map(fromRow);
}

/** Those that said what they wait for, made after `from`: others' ends wake them, so that a few at a time are looked at. */
export async function waitingBuilds(
  db: D1Database,
  { from, before, limit }: { from: number; before: number; limit: number },
): Promise<OpenBuild[]> {
  const rows = await db
    .prepare(
      `SELECT ${COLUMNS} FROM builds WHERE settled = 0 AND created_at > ? AND created_at < ? AND status <> 'completed'
         AND detail IS NOT NULL ORDER BY created_at LIMIT ?`,
    )
    .bind(from, before, limit)
    .all<OpenRow>();
  return rows.results.map(fromRow);
}

/** Nobody will be told of it any more. */
export function giveUpReport(db: D1Database, id: BuildId): D1PreparedStatement {
  return db.prepare("UPDATE builds SET settled = 1 WHERE id = ? AND status = 'completed'").bind(id);
}

export interface WaitingDeliveries {
  /** Recorded before `before` and not carried out. */
  forgotten: DeliveryId[];
  /** Up to this row none waits any more. */
  settledTo: number;
}

/** Looks at the rows after `from` (from the first, where somebody emptied the table since), at most `limit` of them, in the order in which they came. */
export async function waitingDeliveries(
  db: D1Database,
  { from, before, limit }: { from: number; before: number; limit: number },
): Promise<WaitingDeliveries> {
  const { results } = await db
    .prepare(
      `SELECT rowid AS place, id, status, received_at FROM deliveries
       WHERE rowid > CASE WHEN ?1 > (SELECT MAX(rowid) FROM deliveries) THEN 0 ELSE ?1 END ORDER BY rowid LIMIT ?2`,
    )
    .bind(from, limit)
    .all<{ place: number; id: string; status: string; received_at: number }>();
  const waiting = results.filter((row) => row.status === "recorded");
  const first = waiting[0];
  return {
    forgotten: waiting.filter((row) => row.received_at < before).map((row) => asDeliveryId(row.id)),
    settledTo: first ? first.place - 1 : (results.at(-1)?.place ?? from),
  };
}

export interface QueueDepth {
  deliveries: number;
  builds: number;
  jobs: number;
  /** When the oldest of them was made (ms); null where none waits. */
  oldestAt: number | null;
  untold: number;
  live: number;
  stale: number;
  lastDeliveryAt: number | null;
}

/** How much waits, for `GET /api/health`. */
export async function readDepth(db: D1Database, staleBefore: number): Promise<QueueDepth> {
  const row = await db
    .prepare(
      `SELECT
         (SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE rowid > (SELECT MAX(rowid) FROM deliveries) - 1000 AND status = 'recorded')) AS deliveries,
         (SELECT COUNT(*) FROM builds WHERE settled = 0 AND status IN ('queued', 'waiting')) AS builds,
         (SELECT COUNT(*) FROM builds b JOIN jobs j ON j.id >= b.id || '-' AND j.id < b.id || '.'
            WHERE b.settled = 0 AND b.status <> 'completed' AND j.status IN ('queued', 'waiting')) AS jobs,
         (SELECT MIN(created_at) FROM builds WHERE settled = 0 AND status IN ('queued', 'waiting')) AS oldestAt,
         (SELECT COUNT(*) FROM builds WHERE settled = 0 AND status = 'completed' AND completed_at < ?1) AS untold,
         (SELECT COUNT(*) FROM attempts WHERE destroyed_at IS NULL) AS live,
         (SELECT COUNT(*) FROM attempts WHERE destroyed_at IS NULL AND COALESCE(completed_at, heartbeat_at, created_at) < ?1) AS stale,
         (SELECT received_at FROM deliveries WHERE kind = 'webhook' ORDER BY rowid DESC LIMIT 1) AS lastDeliveryAt`,
    )
    .bind(staleBefore)
    .first<QueueDepth>();
  if (row === null) throw new Error("D1 gave no row to a question that always has one");
  return row;
}
