/** Clears away what its time is over of: deliveries, artifacts, caches, and files of uploads that were never finished. */

import {
  CACHE_RETENTION_MS,
  DELIVERY_RETENTION_MS,
  RETENTION_EVERY_MS,
  UNFINISHED_UPLOAD_MS,
} from "../model/limits.ts";
import { log } from "../model/log.ts";
import { removeCache } from "../store/caches.ts";
import { expiredDeliveries, removeDeliveries } from "../store/deliveries.ts";
import { expiredArtifacts, expiredCaches, namedPrefixes, removeArtifact } from "../store/expired.ts";
import { setMark } from "../store/marks.ts";
import type { Mark, MarkName } from "../store/marks.ts";

type RetentionBindings = Pick<Env, "DB" | "STORE" | "BACKUP_BUCKET">;
type Marks = ReadonlyMap<MarkName, Mark>;

/** Of each kind in one round. */
const ROUND = 200;
/** What R2 lists, and deletes, at once. */
const OBJECTS = 1000;

/** Does nothing within an hour of the last time. Safe twice at once: what is gone is gone. */
export async function clearExpired(env: RetentionBindings, now: number, marks: Marks): Promise<void> {
  const last = marks.get("retention");
  if (last !== undefined && now - last.at < RETENTION_EVERY_MS) return;
  // Said first: a round that fails is not made again each minute.
  await setMark(env.DB, "retention", now, now).run();
  const cleared = {
    deliveries: await clearDeliveries(env, now),
    artifacts: await clearArtifacts(env, now, marks),
    caches: await clearCaches(env, now, marks),
    objects: await clearUnfinished(env, now, marks),
  };
  if (Object.values(cleared).some((count) => count > 0)) log("retention.cleared", cleared);
}

async function clearDeliveries(env: RetentionBindings, now: number): Promise<number> {
  const ids = await expiredDeliveries(env.DB, now - DELIVERY_RETENTION_MS, ROUND);
  if (ids.length > 0) await removeDeliveries({ db: env.DB, blobs: env.STORE }, ids);
  return ids.length;
}

async function clearArtifacts(env: RetentionBindings, now: number, marks: Marks): Promise<number> {
  const from = marks.get("retention.artifacts")?.value ?? "";
  const { expired, next } = await expiredArtifacts(env.DB, { from, now, limit: ROUND });
  for (const artifact of expired) {
    // The row last: as long as it stands, the next round finds what is left.
    await removeAll(env.STORE, `${artifact.prefix}/`);
    await removeArtifact(env.DB, artifact).run();
  }
  await goOn(env, "retention.artifacts", from, next ?? "", now);
  return expired.length;
}

async function clearCaches(env: RetentionBindings, now: number, marks: Marks): Promise<number> {
  const from = marks.get("retention.caches")?.value ?? "";
  const { expired, next } = await expiredCaches(env.DB, { from, before: now - CACHE_RETENTION_MS, limit: ROUND });
  for (const cache of expired) {
    // The row first: nobody must find a cache whose bytes are gone.
    await removeCache(env.DB, cache).run();
    await removeBackup(env, cache.handle);
  }
  await goOn(env, "retention.caches", from, next ?? "", now);
  return expired.length;
}

/** A backup of the sandbox lies in a bucket of its own under its id, what an action sent in ours under its prefix. */
async function removeBackup(env: RetentionBindings, handle: unknown): Promise<void> {
  if (typeof handle !== "object" || handle === null) return;
  if ("id" in handle && typeof handle.id === "string" && /^[0-9a-f-]{36}$/.test(handle.id))
    await removeAll(env.BACKUP_BUCKET, `backups/${handle.id}/`);
  if ("prefix" in handle && typeof handle.prefix === "string" && handle.prefix.startsWith("repositories/"))
    await removeAll(env.STORE, `${handle.prefix}/`);
}

/** Goes through the bucket a page at a time: what was sent for artifacts and caches that no row names, a day after it came. */
async function clearUnfinished(env: RetentionBindings, now: number, marks: Marks): Promise<number> {
  const from = marks.get("retention.objects")?.value ?? "";
  const page = await env.STORE.list({
    prefix: "repositories/",
    limit: OBJECTS,
    ...(from !== "" && { startAfter: from }),
  });
  const old = page.objects.filter((object) => now - object.uploaded.getTime() > UNFINISHED_UPLOAD_MS);
  const files = old.flatMap(({ key }) => {
    const prefix = SENT_PREFIX.exec(key)?.[0];
    return prefix === undefined ? [] : [{ key, prefix }];
  });
  const named = await namedPrefixes(env.DB, [...new Set(files.map((file) => file.prefix))]);
  const orphans = files.filter((file) => !named.has(file.prefix)).map((file) => file.key);
  if (orphans.length > 0) await env.STORE.delete(orphans);
  const next = page.truncated ? (page.objects.at(-1)?.key ?? "") : "";
  await goOn(env, "retention.objects", from, next, now);
  return orphans.length;
}

/**
 * `repositories/{id}/builds/{build}/{run attempt}/artifacts/{name}/{unique}` and `repositories/{id}/caches/{unique}`, as
 * src/store/keys.ts makes them.
 */
const SENT_PREFIX = /^repositories\/\d+\/(?:builds\/[^/]+\/\d+\/artifacts\/[^/]+|caches)\/[^/]+/;

async function removeAll(bucket: R2Bucket, prefix: string): Promise<void> {
  for (;;) {
    const page = await bucket.list({ prefix, limit: OBJECTS });
    if (page.objects.length > 0) await bucket.delete(page.objects.map((object) => object.key));
    if (!page.truncated) return;
  }
}

async function goOn(env: RetentionBindings, name: MarkName, from: string, next: string, now: number): Promise<void> {
  if (from !== next) await setMark(env.DB, name, next, now).run();
}
