/** A cache's identity: who asks for it, what it holds, under which key. */

import { digest } from "../../model/ids.ts";
import type { UsesStep } from "../../model/workflow.ts";
import { refusedCacheKey } from "../../store/caches.ts";
import { readInput, readLines } from "../step/work.ts";
import type { StepWork } from "../step/work.ts";

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
    const why = refusedCacheKey(one);
    if (why !== null) return { ok: false, why };
  }
  return { ok: true, request: { ...cacheRequest(paths, key), restoreKeys } };
}

export function cacheRequest(paths: string[], key: string): CacheRequest {
  return { paths, version: digest(paths.join("\n"), 16), key, restoreKeys: [] };
}
