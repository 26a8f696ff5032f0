/** The cache service that `@actions/cache` calls: the same scopes and keys as the native cache, in versions of their own. */

import { z } from "zod";
import type { Attempt } from "../../model/job.ts";
import { DOWNLOAD_ADDRESS_MS, MAX_CACHE_KEY_CHARS } from "../../model/limits.ts";
import { readBlob } from "../../store/blob.ts";
import { readBuild } from "../../store/builds.ts";
import {
  cacheScopes,
  findCache,
  hasCache,
  readCache,
  refusedCacheKey,
  removeCache,
  saveCache,
  touchCache,
} from "../../store/caches.ts";
import type { Cache } from "../../store/caches.ts";
import { cachePrefix, prefixNumber } from "../../store/keys.ts";
import { readRepository } from "../../store/repositories.ts";
import { markSaved } from "../../store/uploads.ts";
import { readCaller } from "./caller.ts";
import { TwirpError, answerTwirp, long, readMessage } from "./twirp.ts";
import { finishUpload, reserveUpload } from "./uploads.ts";
import type { ResultsRooms } from "./uploads.ts";
import { signAddress } from "./urls.ts";

/** The native cache's versions are shorter and have no colon: neither kind finds, or stands in the way of, the other. */
const ownVersion = (version: string): string => `results:${version}`;

/** As `@actions/cache` allows: the key and its restore keys. */
const MAX_KEYS = 10;

const key = z.string().superRefine((text, context) => {
  const message = refusedCacheKey(text);
  if (message !== null) context.addIssue({ code: "custom", message });
});
const version = z.string().min(1).max(MAX_CACHE_KEY_CHARS).transform(ownVersion);

const Create = z.object({ key, version });
const Finalize = z.object({ key, version, size_bytes: long.default(0) });
const Find = z.object({
  key,
  version,
  restore_keys: z
    .array(key)
    .max(MAX_KEYS - 1)
    .default([]),
});

async function scopesOf(rooms: ResultsRooms, attempt: Attempt) {
  const [build, repository] = await Promise.all([
    readBuild(rooms.db, attempt.buildId),
    readRepository(rooms.db, attempt.repositoryId),
  ]);
  if (!build || !repository) throw new Error(`attempt ${attempt.id} lacks its build or repository`);
  return cacheScopes(build, repository.defaultBranch);
}

export function createCacheEntry(rooms: ResultsRooms, request: Request): Promise<Response> {
  return answerTwirp(async () => {
    const attempt = await readCaller(rooms, request);
    const asked = await readMessage(request, Create);
    const { own: scope } = await scopesOf(rooms, attempt);
    if (await hasCache(rooms.db, { repositoryId: attempt.repositoryId, scope, ...asked }))
      throw new TwirpError("already_exists", "a cache of this key and version was saved already");
    const upload = {
      kind: "cache",
      name: asked.key,
      version: asked.version,
      scope,
      mimeType: null,
      expiresAt: null,
    } as const;
    const prefixOf = (unique: string) => cachePrefix(attempt.repositoryId, unique);
    return { ok: true, signed_upload_url: await reserveUpload(rooms, attempt, upload, prefixOf) };
  });
}

export function finalizeCacheEntry(rooms: ResultsRooms, request: Request): Promise<Response> {
  return answerTwirp(async () => {
    const attempt = await readCaller(rooms, request);
    const { key: name, version: own, size_bytes: bytes } = await readMessage(request, Finalize);
    const { own: scope } = await scopesOf(rooms, attempt);
    const { upload, blob } = await finishUpload(rooms, attempt, { kind: "cache", name, version: own, scope }, bytes);
    const cache: Cache = {
      repositoryId: attempt.repositoryId,
      scope,
      key: name,
      version: own,
      handle: { kind: "blob", prefix: upload.prefix },
      sha256: upload.list ?? "",
      bytes: blob.bytes,
      createdAt: Date.now(),
    };
    await saveCache(rooms.db, cache).run();
    const kept = await readCache(rooms.db, cache);
    if (kept === null || prefixOf(kept) !== upload.prefix)
      return { ok: false, message: "another job saved this cache first" };
    await markSaved(rooms.db, upload).run();
    return { ok: true, entry_id: String(prefixNumber(upload.prefix)) };
  });
}

export function findCacheEntry(rooms: ResultsRooms, request: Request): Promise<Response> {
  return answerTwirp(async () => {
    const attempt = await readCaller(rooms, request);
    const asked = await readMessage(request, Find);
    const { readable: scopes } = await scopesOf(rooms, attempt);
    const { repositoryId } = attempt;
    const query = { repositoryId, scopes, version: asked.version, key: asked.key, restoreKeys: asked.restore_keys };
    const cache = await findCache(rooms.db, query);
    if (cache === null) return { ok: false };
    const prefix = prefixOf(cache);
    if ((await readBlob(rooms.blobs, prefix)) === null) {
      await removeCache(rooms.db, cache).run();
      return { ok: false };
    }
    const path = `/results/caches/${repositoryId}/${prefix.slice(prefix.lastIndexOf("/") + 1)}`;
    const now = Date.now();
    await touchCache(rooms.db, cache, now).run();
    const until = now + DOWNLOAD_ADDRESS_MS;
    return { ok: true, matched_key: cache.key, signed_download_url: await signAddress(rooms, "down", path, until) };
  });
}

const Handle = z.object({ kind: z.literal("blob"), prefix: z.string() });

function prefixOf(cache: Cache): string {
  return Handle.parse(cache.handle).prefix;
}
