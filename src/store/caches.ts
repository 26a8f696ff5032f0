/** Caches: what was saved under which key, by whom it may be read. The bytes lie in the backup bucket. */

import type { Build } from "../model/build.ts";
import { CACHE_USED_EVERY_MS, MAX_CACHE_KEY_CHARS } from "../model/limits.ts";

/** Who may write what a reader reads: (trust, ref) as text, `branch:main`, `pull:7`, `fork:7`. */
export type CacheScope = string;

export interface Cache {
  repositoryId: number;
  scope: CacheScope;
  key: string;
  version: string;
  handle: unknown;
  sha256: string;
  bytes: number;
  createdAt: number;
}

interface CacheRow {
  repository_id: number;
  scope: string;
  key: string;
  version: string;
  handle: string;
  sha256: string;
  bytes: number;
  created_at: number;
}

function fromRow(row: CacheRow): Cache {
  return {
    repositoryId: row.repository_id,
    scope: row.scope,
    key: row.key,
    version: row.version,
    handle: JSON.parse(row.handle) as unknown,
    sha256: row.sha256,
    bytes: row.bytes,
    createdAt: row.created_at,
  };
}

export interface CacheQuery {
  repositoryId: number;
  /** In the order in which they are searched: one's own, then those it descends from. */
  scopes: CacheScope[];
  version: string;
  /** The exact key first, then prefixes (`restore-keys`). */
  key: string;
  restoreKeys: string[];
}

/**
 * As GitHub searches: in each scope the exact key, then each restore key as a prefix, the newest first; then the next scope.
 * https://docs.github.com/actions/reference/workflows-and-actions/dependency-caching#restrictions-for-accessing-a-cache
 */
export async function findCache(db: D1Database, query: CacheQuery): Promise<Cache | null> {
  for (const scope of query.scopes) {
    const exact = await db
      .prepare("SELECT * FROM caches WHERE repository_id = ? AND scope = ? AND version = ? AND key = ?")
      .bind(query.repositoryId, scope, query.version, query.key)
      .first<CacheRow>();
    if (exact) return fromRow(exact);
    for (const prefix of [query.key, ...query.restoreKeys]) {
      const newest = await db
        .prepare(
          `SELECT * FROM caches WHERE repository_id = ? AND scope = ? AND version = ? AND substr(key, 1, length(?4)) = ?4
           ORDER BY created_at DESC LIMIT 1`,
        )
        .bind(query.repositoryId, scope, query.version, prefix)
        .first<CacheRow>();
      if (newest) return fromRow(newest);
    }
  }
  return null;
}

export async function hasCache(
  db: D1Database,
  of: { repositoryId: number; scope: CacheScope; version: string; key: string },
): Promise<boolean> {
  const row = await db
    .prepare("SELECT 1 FROM caches WHERE repository_id = ? AND scope = ? AND version = ? AND key = ?")
    .bind(of.repositoryId, of.scope, of.version, of.key)
    .first();
  return row !== null;
}

export async function readCache(
  db: D1Database,
  of: { repositoryId: number; scope: CacheScope; version: string; key: string },
): Promise<Cache | null> {
  const row = await db
    .prepare("SELECT * FROM caches WHERE repository_id = ? AND scope = ? AND version = ? AND key = ?")
    .bind(of.repositoryId, of.scope, of.version, of.key)
    .first<CacheRow>();
  return row && fromRow(row);
}

/** The first writer of a key wins; the statement changes no row for a later one. */
export function saveCache(db: D1Database, cache: Cache): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO caches (repository_id, scope, key, version, handle, sha256, bytes, created_at, used_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?8, ?8) ON CONFLICT DO NOTHING`,
    )
    .bind(
      cache.repositoryId,
      cache.scope,
      cache.key,
      cache.version,
      JSON.stringify(cache.handle),
      cache.sha256,
      cache.bytes,
      cache.createdAt,
    );
}

/** Says that it was read, at most once in `CACHE_USED_EVERY_MS`: what is read stays. */
export function touchCache(db: D1Database, cache: Cache, now: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE caches SET used_at = ?1
       WHERE repository_id = ?2 AND scope = ?3 AND version = ?4 AND key = ?5 AND used_at < ?1 - ?6`,
    )
    .bind(now, cache.repositoryId, cache.scope, cache.version, cache.key, CACHE_USED_EVERY_MS);
}

/** Forgets a cache whose backup is gone, so that the next build saves it anew. */
export function removeCache(
  db: D1Database,
  cache: Pick<Cache, "repositoryId" | "scope" | "version" | "key" | "createdAt">,
): D1PreparedStatement {
  return db
    .prepare("DELETE FROM caches WHERE repository_id = ? AND scope = ? AND version = ? AND key = ? AND created_at = ?")
    .bind(cache.repositoryId, cache.scope, cache.version, cache.key, cache.createdAt);
}

/** Null for a key that may be used. */
export function refusedCacheKey(key: string): string | null {
  if (key === "") return "key is empty";
  if (key.length > MAX_CACHE_KEY_CHARS)
    return `key has ${key.length} characters, at most ${MAX_CACHE_KEY_CHARS} are allowed`;
  return key.includes(",") ? `key must not contain a comma: ${key}` : null;
}

/**
 * (trust, ref): a build writes its own scope and reads that and those it descends from, never a sibling's.
 * https://docs.github.com/actions/reference/workflows-and-actions/dependency-caching#restrictions-for-accessing-a-cache
 */
export function cacheScopes(
  build: Pick<Build, "fork" | "pullRequest" | "ref" | "baseRef">,
  defaultBranch: string,
): { own: CacheScope; readable: CacheScope[] } {
  const trunk = `branch:refs/heads/${defaultBranch}`;
  if (build.pullRequest === null) {
    const own = `branch:${build.ref}`;
    return { own, readable: [...new Set([own, trunk])] };
  }
  const own = `${build.fork ? "fork" : "pull"}:${build.pullRequest}`;
  const base = build.baseRef === null ? trunk : `branch:refs/heads/${build.baseRef}`;
  return { own, readable: [...new Set([own, base, trunk])] };
}

/** Newest first. */
export async function listCaches(db: D1Database, repositoryId: number, limit: number): Promise<Cache[]> {
  const rows = await db
    .prepare("SELECT * FROM caches WHERE repository_id = ? ORDER BY created_at DESC, key LIMIT ?")
    .bind(repositoryId, limit)
    .all<CacheRow>();
  return rows.results.map(fromRow);
}

/** One key in every scope, or with null all of a repository. */
export function removeCaches(db: D1Database, repositoryId: number, key: string | null): D1PreparedStatement {
  return db.prepare("DELETE FROM caches WHERE repository_id = ?1 AND (?2 IS NULL OR key = ?2)").bind(repositoryId, key);
}
