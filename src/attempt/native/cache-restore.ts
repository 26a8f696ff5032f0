/** `actions/cache` and `actions/cache/restore`: finds a cache this build may read and unpacks it. Trouble is a notice, never a failure. */

import type { UsesStep } from "../../model/workflow.ts";
import { SandboxFault } from "../../sandbox/port.ts";
import type { BackupHandle } from "../../sandbox/port.ts";
import { cacheScopes, findCache, removeCache, touchCache } from "../../store/caches.ts";
import type { Cache } from "../../store/caches.ts";
import { writeJobState } from "../job-state.ts";
import { timeLeft } from "../step/environment.ts";
import { runQuietly } from "../step/follow.ts";
import { openLog, readBoolean, readInput } from "../step/work.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import { cacheFolders } from "./cache-folders.ts";
import { readCacheRequest } from "./cache-key.ts";
import type { CacheRequest } from "./cache-key.ts";
import { UNPACK_SCRIPT } from "./cache-scripts.ts";

export async function restoreCacheStep(work: StepWork, step: UsesStep): Promise<WorkResult> {
  const reading = readCacheRequest(work, step);
  if (!reading.ok) return { state: "failed", exitCode: null, reason: "step_failed", detail: reading.why };
  const { request } = reading;
  await openLog(work, [`##[group]Run ${step.uses}`, `key: ${request.key}`, ...request.paths, "##[endgroup]"]);
  const { facts, env } = work.session;
  const { readable } = cacheScopes(facts.build, facts.repository.defaultBranch);
  const { version, key, restoreKeys } = request;
  const query = { repositoryId: facts.repository.id, scopes: readable, version, key, restoreKeys };
  const cache = await findCache(env.DB, query);
  if (cache === null) return await remember(work, step, request, null, [`Cache not found for key ${key}`]);
  if (readBoolean(readInput(step, work, "lookup-only", "false")) === true)
    return await remember(work, step, request, cache, [`Cache found, and left where it is: ${cache.key}`]);
  const restored = await restore(work, step, cache);
  if (restored === null) return { state: "running", memo: null, cancelled: null };
  if (restored.ok) await touchCache(env.DB, cache, Date.now()).run();
  return restored.ok
    ? await remember(work, step, request, cache, [`Cache restored from key: ${cache.key} (${cache.bytes} bytes)`])
    : await remember(work, step, request, null, [`##[notice]The cache ${cache.key} can't be used: ${restored.why}`]);
}

/** Null where the slice is over. */
async function restore(
  work: StepWork,
  step: UsesStep,
  cache: Cache,
): Promise<{ ok: true } | { ok: false; why: string } | null> {
  const { session } = work;
  const folders = cacheFolders(session, work.id);
  try {
    const found = await session.sandbox.restoreBackup(cache.handle as BackupHandle, folders.backup);
    if (found === "miss") {
      await removeCache(session.env.DB, cache).run();
      return { ok: false, why: "its bytes are gone; it will be saved anew" };
    }
    const unpacked = await runQuietly(
      session,
      {
        id: `${work.id}-unpack`,
        script: UNPACK_SCRIPT,
        extension: "sh",
        command: ["bash", "{0}"],
        env: { ...folders.env, SHA256: cache.sha256 },
        cwd: session.booted.workspace,
        timeoutMs: timeLeft(work, step, Date.now()),
      },
      work.follow,
    );
    if (unpacked === null) return null;
    if (unpacked.exitCode === 0) return { ok: true };
    return { ok: false, why: unpacked.output.trim().split("\n").at(-1) ?? `exit code ${unpacked.exitCode}` };
  } catch (error) {
    // A cache is for speed: nothing that is wrong with it may fail a build, save that the whole machine is lost.
    if (error instanceof SandboxFault && error.kind !== "lost" && error.kind !== "transport")
      return { ok: false, why: error.message };
    throw error;
  }
}

/** Outputs and what the post phase needs to know. */
async function remember(
  work: StepWork,
  step: UsesStep,
  request: CacheRequest,
  cache: Cache | null,
  lines: string[],
): Promise<WorkResult> {
  const { session } = work;
  const hit = cache?.key === request.key;
  session.state.saved[work.id] = { key: request.key, hit: String(hit), paths: request.paths.join("\n") };
  await writeJobState(session.sandbox, session.booted, session.state);
  if (cache === null && mustHit(work, step))
    return {
      state: "failed",
      exitCode: null,
      reason: "step_failed",
      detail: `No cache for key ${request.key}, and fail-on-cache-miss is set`,
      lines,
    };
  const matchedKey = cache?.key ?? null;
  return {
    state: "succeeded",
    exitCode: null,
    lines,
    outputs: {
      // GitHub leaves it empty where nothing matched.
      "cache-hit": cache === null ? "" : String(hit),
      "cache-primary-key": request.key,
      "cache-matched-key": matchedKey ?? "",
    },
    notes: { cache: { key: request.key, matchedKey, saved: false, bytes: cache?.bytes ?? null } },
  };
}

function mustHit(work: StepWork, step: UsesStep): boolean {
  return readBoolean(readInput(step, work, "fail-on-cache-miss", "false")) === true;
}
