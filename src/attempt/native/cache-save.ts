/** The post phase of `actions/cache`, and `actions/cache/save`: packs what exists and keeps it under a key that nobody wrote before. */

import type { UsesStep } from "../../model/workflow.ts";
import { SandboxFault } from "../../sandbox/port.ts";
import { cacheScopes, hasCache, saveCache } from "../../store/caches.ts";
import { timeLeft } from "../step/environment.ts";
import { runQuietly } from "../step/follow.ts";
import { openLog } from "../step/work.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import { cacheFolders, cacheMembers } from "./cache-folders.ts";
import { cacheRequest, readCacheRequest } from "./cache-key.ts";
import type { CacheRequest } from "./cache-key.ts";
import { PACK_SCRIPT } from "./cache-scripts.ts";

/** As a step of its own. */
export async function saveCacheStep(work: StepWork, step: UsesStep): Promise<WorkResult> {
  const reading = readCacheRequest(work, step);
  if (!reading.ok) return { state: "failed", exitCode: null, reason: "step_failed", detail: reading.why };
  await openLog(work, [`##[group]Run ${step.uses}`, `key: ${reading.request.key}`, "##[endgroup]"]);
  return await saveRequested(work, step, reading.request);
}

/** After the job's steps, as its inputs were evaluated before them. `main` names the step that restored it. */
export async function saveCachePost(work: StepWork, step: UsesStep, main: string): Promise<WorkResult> {
  const saved = work.session.state.saved[main];
  if (!saved) return done(["Nothing to save"]);
  const { key = "", hit, paths = "" } = saved;
  await openLog(work, [`##[group]Post ${step.uses}`, `key: ${key}`, "##[endgroup]"]);
  if (hit === "true") return done([`Cache hit for ${key}: not saved again`]);
  return await saveRequested(work, step, cacheRequest(paths.split("\n"), key));
}

async function saveRequested(work: StepWork, step: UsesStep, request: CacheRequest): Promise<WorkResult> {
  const { session } = work;
  const { facts, env } = session;
  const { own } = cacheScopes(facts.build, facts.repository.defaultBranch);
  const identity = { repositoryId: facts.repository.id, scope: own, version: request.version, key: request.key };
  if (await hasCache(env.DB, identity)) return done([`${request.key} was saved already by another job`]);
  try {
    const packed = await pack(work, step, request);
    if (packed === null) return { state: "running", memo: null, cancelled: null };
    if ("notice" in packed) return done([packed.notice]);
    const { sha256, bytes } = packed;
    const handle = await session.sandbox.saveBackup(cacheFolders(session, work.id).backup, `cache ${work.id}`);
    const kept = await saveCache(env.DB, { ...identity, handle, sha256, bytes, createdAt: Date.now() }).run();
    const saved = kept.meta.changes > 0;
    const line = saved ? `Cache saved with key: ${request.key} (${bytes} bytes)` : `${request.key} was saved already`;
    return {
      ...done([...packed.warnings, line]),
      notes: { cache: { key: request.key, matchedKey: null, saved, bytes } },
    };
  } catch (error) {
    if (error instanceof SandboxFault && error.kind !== "lost" && error.kind !== "transport")
      return done([`##[notice]The cache was not saved: ${error.message}`]);
    throw error;
  }
}

type Packed = { sha256: string; bytes: number; warnings: string[] } | { notice: string };

/** Null where the slice is over. */
async function pack(work: StepWork, step: UsesStep, request: CacheRequest): Promise<Packed | null> {
  const { session } = work;
  const { members, outside } = await cacheMembers(session, request.paths);
  const warnings = outside.map((path) => `##[warning]${path} lies outside workspace and home and is not cached`);
  if (members.length === 0) return { notice: `##[warning]None of the paths exists, so nothing was saved` };
  const list = `${session.booted.control}/cache-${work.id}.list`;
  await session.sandbox.writeFile(list, members.map((member) => `${member}\0`).join(""));
  const packed = await runQuietly(
    session,
    {
      id: `${work.id}-pack`,
      script: PACK_SCRIPT,
      extension: "sh",
      command: ["bash", "{0}"],
      env: { ...cacheFolders(session, work.id).env, LIST: list },
      cwd: session.booted.workspace,
      timeoutMs: timeLeft(work, step, Date.now()),
    },
    work.follow,
  );
  if (packed === null) return null;
  const [sha256 = "", size = ""] = packed.output.trim().split("\n").slice(-2);
  if (packed.exitCode !== 0 || !/^[0-9a-f]{64}$/.test(sha256))
    return { notice: `##[notice]The cache was not saved: packing it failed: ${packed.output.trim().slice(-200)}` };
  return { sha256, bytes: Number(size), warnings };
}

function done(lines: string[]): Extract<WorkResult, { state: "succeeded" }> {
  return { state: "succeeded", exitCode: null, lines };
}
