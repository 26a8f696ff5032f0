/** Where things lie in R2. Every key starts with what expires together; names given by people are percent-encoded. */

import { createHash } from "node:crypto";
import type { BuildId, DeliveryId, JobId } from "../model/ids.ts";

export function deliveryKey(id: DeliveryId): string {
  return `deliveries/${id}.json`;
}

interface LogOf {
  repositoryId: number;
  buildId: BuildId;
  jobId: JobId;
  attempt: number;
}

export function logKey(of: LogOf): string {
  return `repositories/${of.repositoryId}/builds/${of.buildId}/jobs/${of.jobId}/${of.attempt}/log.txt`;
}

/** Offsets and times of the log's chunks and steps. */
export function logIndexKey(of: LogOf): string {
  return `repositories/${of.repositoryId}/builds/${of.buildId}/jobs/${of.jobId}/${of.attempt}/log-index.json`;
}

/** Files lie at `{prefix}/files/{path}`, their list at `{prefix}/manifest.json`. A try that was not finished leaves a prefix that nothing names. */
export function artifactPrefix(
  repositoryId: number,
  build: BuildId,
  runAttempt: number,
  name: string,
  unique: string,
): string {
  return `repositories/${repositoryId}/builds/${build}/${runAttempt}/artifacts/${encodeURIComponent(name)}/${unique}`;
}

export function artifactFileKey(prefix: string, path: string): string {
  return `${prefix}/files/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** What an action saved as a cache lies here as a blob (blob.ts); the native ones lie in the backup bucket. */
export function cachePrefix(repositoryId: number, unique: string): string {
  return `repositories/${repositoryId}/caches/${unique}`;
}

/** GitHub's artifacts and caches have numbers, of which JavaScript can hold 53 bits: derived, like every id of ours. */
export function prefixNumber(prefix: string): number {
  return Number.parseInt(createHash("sha256").update(prefix).digest("hex").slice(0, 12), 16);
}

export function artifactManifestKey(prefix: string): string {
  return `${prefix}/manifest.json`;
}

/** An action as its server has it at one commit, packed. */
export function actionKey({ server, name, sha }: { server: string; name: string; sha: string }): string {
  return `actions/${encodeURIComponent(new URL(server).host)}/${name.toLowerCase()}/${sha}.tar.gz`;
}
