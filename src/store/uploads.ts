/** Uploads that actions make by themselves: reserved, sent in blocks, sealed, then named by a cache or an artifact. */

import { asAttemptId } from "../model/ids.ts";
import type { AttemptId } from "../model/ids.ts";
import { MAX_UPLOADS_PER_ATTEMPT } from "../model/limits.ts";
import type { CacheScope } from "./caches.ts";

export interface Upload {
  /** Unique within its attempt. */
  id: string;
  attemptId: AttemptId;
  repositoryId: number;
  kind: "cache" | "artifact";
  /** A cache's key, an artifact's name. */
  name: string;
  version: string;
  scope: CacheScope;
  mimeType: string | null;
  expiresAt: number | null;
  prefix: string;
  /** Null until a list of blocks, or the whole, was sent. */
  list: string | null;
  sealedAt: number | null;
  saved: boolean;
}

interface UploadRow {
  attempt_id: string;
  id: string;
  repository_id: number;
  kind: "cache" | "artifact";
  name: string;
  version: string;
  scope: string;
  mime_type: string | null;
  expires_at: number | null;
  prefix: string;
  list: string | null;
  sealed_at: number | null;
  saved: number;
}

function fromRow(row: UploadRow): Upload {
  return {
    id: row.id,
    attemptId: asAttemptId(row.attempt_id),
    repositoryId: row.repository_id,
    kind: row.kind,
    name: row.name,
    version: row.version,
    scope: row.scope,
    mimeType: row.mime_type,
    expiresAt: row.expires_at,
    prefix: row.prefix,
    list: row.list,
    sealedAt: row.sealed_at,
    saved: row.saved === 1,
  };
}

export type UploadAsked = Omit<Upload, "list" | "sealedAt" | "saved">;

/** Changes no row where the attempt has too many already. */
export function openUpload(db: D1Database, asked: UploadAsked, now: number): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO uploads (attempt_id, id, repository_id, kind, name, version, scope, mime_type, expires_at, prefix, created_at)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
       WHERE (SELECT COUNT(*) FROM uploads WHERE attempt_id = ?1) < ?12`,
    )
    .bind(
      asked.attemptId,
      asked.id,
      asked.repositoryId,
      asked.kind,
      asked.name,
      asked.version,
      asked.scope,
      asked.mimeType,
      asked.expiresAt,
      asked.prefix,
      now,
      MAX_UPLOADS_PER_ATTEMPT,
    );
}

/** Those of this name, newest first, whose attempt still runs: each reserves it. */
export async function uploadsNamed(
  db: D1Database,
  of: Pick<Upload, "repositoryId" | "kind" | "name" | "version" | "scope">,
): Promise<Upload[]> {
  const rows = await db
    .prepare(
      `SELECT u.* FROM uploads u JOIN attempts a ON a.id = u.attempt_id
       WHERE u.repository_id = ? AND u.kind = ? AND u.name = ? AND u.version = ? AND u.scope = ? AND a.status = 'in_progress'
       ORDER BY u.created_at DESC`,
    )
    .bind(of.repositoryId, of.kind, of.name, of.version, of.scope)
    .all<UploadRow>();
  return rows.results.map(fromRow);
}

/** Counts `bytes` as sent; null where nothing more is taken: it is sealed, over its limit, or its attempt is not the job's running one. */
export async function countSent(
  db: D1Database,
  of: Pick<Upload, "attemptId" | "id">,
  bytes: number,
  maxBytes: number,
): Promise<Upload | null> {
  const row = await db
    .prepare(
      `UPDATE uploads SET sent_bytes = sent_bytes + ?3 WHERE attempt_id = ?1 AND id = ?2 AND sealed_at IS NULL
         AND sent_bytes + ?3 <= ?4 AND EXISTS (SELECT 1 FROM attempts a JOIN jobs j ON j.id = a.job_id AND j.attempt = a.attempt
           WHERE a.id = ?1 AND a.status = 'in_progress') RETURNING *`,
    )
    .bind(of.attemptId, of.id, bytes, maxBytes)
    .first<UploadRow>();
  return row && fromRow(row);
}

/** False where it was sealed in between. */
export async function setList(db: D1Database, of: Pick<Upload, "attemptId" | "id">, list: string): Promise<boolean> {
  const done = await db
    .prepare("UPDATE uploads SET list = ? WHERE attempt_id = ? AND id = ? AND sealed_at IS NULL")
    .bind(list, of.attemptId, of.id)
    .run();
  return done.meta.changes > 0;
}

/** What is sealed stays as it is: a second time gives the same. Null where there is none. */
export async function sealUpload(
  db: D1Database,
  of: Pick<Upload, "attemptId" | "id">,
  now: number,
): Promise<Upload | null> {
  const row = await db
    .prepare("UPDATE uploads SET sealed_at = COALESCE(sealed_at, ?) WHERE attempt_id = ? AND id = ? RETURNING *")
    .bind(now, of.attemptId, of.id)
    .first<UploadRow>();
  return row && fromRow(row);
}

export function markSaved(db: D1Database, of: Pick<Upload, "attemptId" | "id">): D1PreparedStatement {
  return db.prepare("UPDATE uploads SET saved = 1 WHERE attempt_id = ? AND id = ?").bind(of.attemptId, of.id);
}

export async function uploadsOfAttempt(db: D1Database, attempt: AttemptId): Promise<Upload[]> {
  const rows = await db.prepare("SELECT * FROM uploads WHERE attempt_id = ?").bind(attempt).all<UploadRow>();
  return rows.results.map(fromRow);
}

/** So that it is not finished once more. */
export function forgetUpload(db: D1Database, of: { attemptId: AttemptId; prefix: string }): D1PreparedStatement {
  return db.prepare("DELETE FROM uploads WHERE attempt_id = ? AND prefix = ?").bind(of.attemptId, of.prefix);
}

export function removeUploads(db: D1Database, attempt: AttemptId): D1PreparedStatement {
  return db.prepare("DELETE FROM uploads WHERE attempt_id = ?").bind(attempt);
}
