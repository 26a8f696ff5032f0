/** A cache's identity: who asks for it, what it holds, under which key. */

import { digest } from "../model/ids.ts";
import type { Build } from "../model/build.ts";
import { MAX_CACHE_KEY_CHARS } from "../model/limits.ts";
import type { UsesStep } from "../model/workflow.ts";
import type { CacheScope } from "../store/caches.ts";
import { readInput, readLines } from "./work.ts";
import type { StepWork } from "./work.ts";

export interface CacheRequest {
  paths: string[];
  /** Hash of `path`: part of the identity, as on GitHub. */
  version: string;
  key: string;
  restoreKeys: string[];
}

export type CacheReading = { ok: true; request: CacheRequest } | { ok: false; why: string };

export function readCacheRequest(work: StepWork, step: UsesStep): CacheReading {
  const paths = readLines(readInput(step, work, "path", ""));
  const key = readInput(step, work, "key", "");
  const restoreKeys = readLines(readInput(step, work, "restore-keys", ""));
  if (paths.length === 0) return { ok: false, why: "path is empty: name at least one folder or file to cache" };
  for (const one of [key, ...restoreKeys]) {
    const why = refusedKey(one);
    if (why !== null) return { ok: false, why };
  }
  return { ok: true, request: { ...cacheRequest(paths, key), restoreKeys } };
}

export function cacheRequest(paths: string[], key: string): CacheRequest {
  return { paths, version: digest(paths.join("\n"), 16), key, restoreKeys: [] };
}

function refusedKey(key: string): string | null {
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
