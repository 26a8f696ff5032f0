/** What its time is over of: rows found by going through a table a piece at a time, so that no index has to be paid for. */

import type { Artifact } from "./artifacts.ts";
import type { Cache } from "./caches.ts";
import { asBuildId } from "../model/ids.ts";

/** A piece of a table: what of it expired, and where the next piece begins; null at the end of the table. */
interface Piece<T> {
  expired: T[];
  next: string | null;
}

type ExpiredArtifact = Pick<Artifact, "buildId" | "runAttempt" | "name" | "prefix">;

export async function expiredArtifacts(
  db: D1Database,
  { from, now, limit }: { from: string; now: number; limit: number },
): Promise<Piece<ExpiredArtifact>> {
  const { results } = await db
    .prepare(
      "SELECT build_id, run_attempt, name, prefix, expires_at FROM artifacts WHERE build_id > ? ORDER BY build_id LIMIT ?",
    )
    .bind(from, limit)
    .all<{ build_id: string; run_attempt: number; name: string; prefix: string; expires_at: number }>();
  const last = results.at(-1)?.build_id;
  // The last build may go on in the next piece, unless it is the only one.
  const whole = results.length < limit ? results : results.filter((row) => row.build_id !== last);
  const shown = whole.length === 0 ? results : whole;
  return {
    expired: shown
      .filter((row) => row.expires_at <= now)
      .map((row) => ({
        buildId: asBuildId(row.build_id),
        runAttempt: row.run_attempt,
        name: row.name,
        prefix: row.prefix,
      })),
    next: results.length < limit ? null : (shown.at(-1)?.build_id ?? null),
  };
}

export function removeArtifact(db: D1Database, of: ExpiredArtifact): D1PreparedStatement {
  return db
    .prepare("DELETE FROM artifacts WHERE build_id = ? AND run_attempt = ? AND name = ? AND prefix = ?")
    .bind(of.buildId, of.runAttempt, of.name, of.prefix);
}

/** Of these prefixes, those that an artifact or a cache has. */
export async function namedPrefixes(db: D1Database, prefixes: readonly string[]): Promise<Set<string>> {
  if (prefixes.length === 0) return new Set();
  const builds = [...new Set(prefixes.map((prefix) => prefix.split("/")[3] ?? ""))];
  const ofCaches = prefixes.filter((prefix) => prefix.split("/")[2] === "caches");
  const repositories = [...new Set(ofCaches.map((prefix) => Number(prefix.split("/")[1])))];
  const [artifacts, caches] = await db.batch<{ prefix: string | null }>([
    db
      .prepare("SELECT prefix FROM artifacts WHERE build_id IN (SELECT value FROM json_each(?))")
      .bind(JSON.stringify(builds)),
    db
      .prepare(
        `SELECT json_extract(handle, '$.prefix') AS prefix FROM caches
         WHERE repository_id IN (SELECT value FROM json_each(?))`,
      )
      .bind(JSON.stringify(repositories)),
  ]);
  return new Set([...(artifacts?.results ?? []), ...(caches?.results ?? [])].flatMap((row) => row.prefix ?? []));
}

type ExpiredCache = Pick<Cache, "repositoryId" | "scope" | "version" | "key" | "createdAt" | "handle">;

interface CachePlace {
  repository_id: number;
  scope: string;
  version: string;
  key: string;
}

const BEGINNING: CachePlace = { repository_id: -1, scope: "", version: "", key: "" };

/** `from` is a place as the piece before said it, or empty for the beginning. */
export async function expiredCaches(
  db: D1Database,
  { from, before, limit }: { from: string; before: number; limit: number },
): Promise<Piece<ExpiredCache>> {
  const place = from === "" ? BEGINNING : (JSON.parse(from) as CachePlace);
  const { results } = await db
    .prepare(
      `SELECT repository_id, scope, version, key, created_at, used_at, handle FROM caches
       WHERE (repository_id, scope, version, key) > (?, ?, ?, ?) ORDER BY repository_id, scope, version, key LIMIT ?`,
    )
    .bind(place.repository_id, place.scope, place.version, place.key, limit)
    .all<CachePlace & { created_at: number; used_at: number; handle: string }>();
  const last = results.at(-1);
  return {
    expired: results
      .filter((row) => row.used_at < before)
      .map((row) => ({
        repositoryId: row.repository_id,
        scope: row.scope,
        version: row.version,
        key: row.key,
        createdAt: row.created_at,
        handle: JSON.parse(row.handle) as unknown,
      })),
    next: last === undefined || results.length < limit ? null : placeOf(last),
  };
}

function placeOf({ repository_id, scope, version, key }: CachePlace): string {
  return JSON.stringify({ repository_id, scope, version, key });
}
