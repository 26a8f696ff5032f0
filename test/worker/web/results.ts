/** Speaks to the cache and artifact services as the actions' own client does, one call at a time. */

import { env, exports } from "cloudflare:workers";
import type { Build } from "../../../src/model/build.ts";
import type { AttemptId } from "../../../src/model/ids.ts";
import type { Job } from "../../../src/model/job.ts";
import { issueRuntimeToken } from "../../../src/store/runtime-token.ts";
import { seedAttempt, seedBuild, seedJob } from "./support.ts";

const ORIGIN = "https://sandlot.example";

export interface Caller {
  build: Build;
  job: Job;
  attemptId: AttemptId;
  token: string;
}

/** A job that runs, and its token. */
export async function running(given: Partial<Build> = {}, key = "test"): Promise<Caller> {
  const build = await seedBuild(given);
  return await runningIn(build, key);
}

export async function runningIn(build: Build, key: string): Promise<Caller> {
  const job = await seedJob(build.id, key, { repositoryId: build.repositoryId, runAttempt: build.runAttempt });
  const { id } = await seedAttempt(job);
  const claims = { attemptId: id, buildId: build.id, jobId: job.id };
  const token = await issueRuntimeToken(env.SANDLOT_MASTER_KEY, claims, { from: 0, until: Date.now() + 60_000 });
  return { build, job, attemptId: id, token };
}

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

export async function callTwirp(
  token: string | null,
  method: string,
  message: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const service = method.endsWith("Entry") || method.includes("CacheEntry") ? "CacheService" : "ArtifactService";
  const response = await exports.default.fetch(`${ORIGIN}/twirp/github.actions.results.api.v1.${service}/${method}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(message),
  });
  return { status: response.status, body: await response.json() };
}

/** With the ids that the client reads from its token. */
export async function callArtifacts(
  { token, build, job }: Pick<Caller, "token" | "build" | "job">,
  method: string,
  message: Record<string, unknown> = {},
): Promise<Answer> {
  return await callTwirp(token, method, {
    workflow_run_backend_id: build.id,
    workflow_job_run_backend_id: job.id,
    ...message,
  });
}

export const fetchAt = (url: string, init: RequestInit = {}): Promise<Response> => exports.default.fetch(url, init);

export async function putBlob(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const headers = { "x-ms-blob-type": "BlockBlob", "content-length": String(bytes.length) };
  return (await fetchAt(url, { method: "PUT", headers, body: bytes })).status;
}

const blockId = (name: string): string => btoa(name.padEnd(48, "0"));

export async function putBlock(url: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const address = `${url}&comp=block&blockid=${encodeURIComponent(blockId(name))}`;
  const headers = { "content-length": String(bytes.length) };
  return (await fetchAt(address, { method: "PUT", headers, body: bytes })).status;
}

export async function putBlockList(url: string, names: string[]): Promise<number> {
  const items = names.map((name) => `<Latest>${blockId(name)}</Latest>`).join("");
  const body = `<?xml version="1.0" encoding="utf-8"?><BlockList>${items}</BlockList>`;
  return (await fetchAt(`${url}&comp=blocklist`, { method: "PUT", body })).status;
}

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

/** Whatever it says it is. */
export async function textOf(response: Response): Promise<string> {
  return new TextDecoder().decode(await response.arrayBuffer());
}

export const version = (of: string): string => of.repeat(64).slice(0, 64);

/** Reserves, sends and finalizes; what the last call answered. */
export async function saveCache(caller: Caller, key: string, content: string, of = "a"): Promise<Answer> {
  const made = await callTwirp(caller.token, "CreateCacheEntry", { key, version: version(of) });
  if (made.status !== 200) return made;
  const bytes = bytesOf(content);
  await putBlob(String(made.body["signed_upload_url"]), bytes);
  const done = { key, version: version(of), size_bytes: String(bytes.length) };
  return await callTwirp(caller.token, "FinalizeCacheEntryUpload", done);
}

/** What it finds, `key: content`; null for a miss. */
export async function restoreCache(
  caller: Caller,
  key: string,
  restoreKeys: string[] = [],
  of = "a",
): Promise<string | null> {
  const message = { key, restore_keys: restoreKeys, version: version(of) };
  const { body } = await callTwirp(caller.token, "GetCacheEntryDownloadURL", message);
  if (body["ok"] !== true) return null;
  const response = await fetchAt(String(body["signed_download_url"]));
  return `${String(body["matched_key"])}: ${await textOf(response)}`;
}

/** Creates, sends and finalizes; what the last call answered. */
export async function saveArtifact(
  caller: Caller,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  given: Record<string, unknown> = { mime_type: "application/zip" },
): Promise<Answer> {
  const made = await callArtifacts(caller, "CreateArtifact", { name, version: 7, ...given });
  if (made.status !== 200) return made;
  await putBlob(String(made.body["signed_upload_url"]), bytes);
  return await callArtifacts(caller, "FinalizeArtifact", { name, size: String(bytes.length) });
}
