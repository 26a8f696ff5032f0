/** Ids are derived, not drawn: the same delivery leads to the same build, job, attempt and sandbox, however often it arrives. */

import { createHash } from "node:crypto";

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

export type DeliveryId = Id<"delivery">;
export type BuildId = Id<"build">;
export type JobId = Id<"job">;
/** One go at a job; also the job runner's instance id and the name of its LogStream. */
export type AttemptId = Id<"attempt">;
export type SandboxId = Id<"sandbox">;

/** GitHub sends a GUID; our own deliveries are named after what they ask for. */
const DELIVERY_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/** Returns null when the text cannot be a delivery id (1 to 100 of `A-Za-z0-9_-`). */
export function parseDeliveryId(text: string): DeliveryId | null {
  return DELIVERY_ID.test(text) ? (text as DeliveryId) : null;
}

export function rerunDeliveryId(build: BuildId, runAttempt: number): DeliveryId {
  return `rerun-${build}-${runAttempt}` as DeliveryId;
}

/** A second cancel of one run attempt is another delivery: it forces. */
export function cancelDeliveryId(build: BuildId, runAttempt: number, nth: number): DeliveryId {
  return `cancel-${build}-${runAttempt}-${nth}` as DeliveryId;
}

export function dispatchDeliveryId(unique: string): DeliveryId {
  return `dispatch-${unique}` as DeliveryId;
}

/**
 * `minute` is the UTC minute that was due, in minutes since 1970, so that it is started once. Two lines of one file that are
 * due together are two deliveries, as on GitHub.
 */
export function scheduleDeliveryId(
  repositoryId: number,
  workflowPath: string,
  minute: number,
  cron: string,
): DeliveryId {
  return `schedule-${repositoryId}-${digest(`${workflowPath}\n${cron}`, 8)}-${minute}` as DeliveryId;
}

export function buildId(delivery: DeliveryId, workflowPath: string): BuildId {
  return digest(`${delivery}\n${workflowPath}`, 16) as BuildId;
}

/** `key` is the job's id in the workflow with its matrix values: `test (node 24)`. */
export function jobId(build: BuildId, key: string): JobId {
  return `${build}-${digest(key, 8)}` as JobId;
}

export function attemptId(job: JobId, attempt: number): AttemptId {
  return `${job}-${attempt}` as AttemptId;
}

/**
 * The sandbox's name: `build-<repo>-<commit>-<hash>`, at most 63 characters of `a-z0-9-`, as the Sandbox SDK asks.
 * The hash is over the attempt, so no two attempts share one.
 */
export function sandboxId(repositoryName: string, sha: string, attempt: AttemptId): SandboxId {
  const slug = repositoryName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 20)
    .replace(/-+$/, "");
  return `build-${slug || "repository"}-${sha.slice(0, 12).toLowerCase()}-${digest(attempt, 16)}` as SandboxId;
}

/** An id that comes back from our own store or URL; what it names is looked up, so a wrong one finds nothing. */
export const asBuildId = (text: string): BuildId => text as BuildId;
export const asJobId = (text: string): JobId => text as JobId;
export const asAttemptId = (text: string): AttemptId => text as AttemptId;
export const asDeliveryId = (text: string): DeliveryId => text as DeliveryId;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** SHA-256 in lowercase base32, cut to `length` characters (5 bits each). */
export function digest(text: string, length: number): string {
  const hash = createHash("sha256").update(text).digest();
  let out = "";
  for (let bit = 0; out.length < length; bit += 5) {
    const word = ((hash[bit >> 3] ?? 0) << 8) | (hash[(bit >> 3) + 1] ?? 0);
    out += ALPHABET[(word >> (11 - (bit & 7))) & 31];
  }
  return out;
}
