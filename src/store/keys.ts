/** Where things lie in R2. Every key starts with what expires together; names given by people are percent-encoded. */

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

export function artifactManifestKey(prefix: string): string {
  return `${prefix}/manifest.json`;
}
