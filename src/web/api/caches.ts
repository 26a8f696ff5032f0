/** Caches of a repository: listed, and forgotten by key. */

import { z } from "zod";
import type { CacheView, Page } from "../../model/api.ts";
import { MAX_CACHE_KEY_CHARS } from "../../model/limits.ts";
import { recordAct } from "../../store/audit.ts";
import { listCaches, removeCaches } from "../../store/caches.ts";
import { findRepository } from "../../store/repositories.ts";
import { json, notFound, problem } from "../http/answer.ts";
import { readQuery } from "../http/query.ts";
import type { RepositoryName, Rooms } from "../rooms.ts";

/** More than a repository ever has at once; the newest. */
const MAX_LISTED_CACHES = 1000;

export async function getCaches(rooms: Pick<Rooms, "db">, { owner, repo }: RepositoryName): Promise<Response> {
  const repository = await findRepository(rooms.db, owner, repo);
  if (!repository) return notFound("repository", `${owner}/${repo}`);
  const caches = await listCaches(rooms.db, repository.id, MAX_LISTED_CACHES);
  const items = caches.map(({ key, scope, bytes, createdAt }): CacheView => ({ key, scope, bytes, createdAt }));
  return json({ items, next: null } satisfies Page<CacheView>);
}

const removal = z.object({ key: z.string().min(1).max(MAX_CACHE_KEY_CHARS).optional(), all: z.enum(["1"]).optional() });

/** `?key=` forgets that key in every scope, `?all=1` all. Their bytes in the bucket expire by themselves. */
export async function deleteCaches(
  rooms: Pick<Rooms, "db" | "actor">,
  { owner, repo }: RepositoryName,
  url: string,
): Promise<Response> {
  const asked = readQuery(url, removal);
  if (!asked.ok) return asked.answer;
  const { key, all } = asked.value;
  if ((key === undefined) === (all === undefined)) return problem(400, "Say ?key=KEY, or ?all=1.");
  const repository = await findRepository(rooms.db, owner, repo);
  if (!repository) return notFound("repository", `${owner}/${repo}`);
  const { meta } = await removeCaches(rooms.db, repository.id, key ?? null).run();
  if (meta.changes === 0 && key !== undefined) return notFound("cache", key);
  const detail = key ?? "all";
  const at = Date.now();
  await recordAct(rooms.db, { at, who: rooms.actor, what: "cache.remove", repositoryId: repository.id, detail }).run();
  return json({ removed: meta.changes });
}
