/** The mouth of the river: is this webhook GitHub's, and what does it want started? */

import { Webhooks } from "@octokit/webhooks";
import { z } from "zod";
import type { Repository, TriggerEvent } from "../model/event.ts";
import { firstLine, installation, isDependabot, repository, sha, toRepository, user, wrongShape } from "./payload.ts";
import type { EventReading } from "./payload.ts";
import { readMergeGroup, readRelease } from "./release-events.ts";

export type { EventReading } from "./payload.ts";

/** Exactly what GitHub sends; the library's own decoder is content with any hex digits anywhere. */
const SIGNATURE = /^sha256=[0-9a-f]{64}$/;

/** True when one of the secrets signed these bytes (two are valid while one is rotated). A malformed signature is false. */
export async function verifyWebhook(request: {
  secrets: string[];
  rawBody: Uint8Array;
  signature: string | null;
}): Promise<boolean> {
  const body = decodeBody(request.rawBody);
  if (!body || request.signature === null || !SIGNATURE.test(request.signature)) return false;
  for (const secret of request.secrets) {
    if (secret !== "" && (await new Webhooks({ secret }).verify(body, request.signature))) return true;
  }
  return false;
}

/** The text whose UTF-8 is exactly these bytes, a byte order mark included; null where there is none. */
export function decodeBody(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const pushPayload = z.object({
  ref: z.string().startsWith("refs/"),
  before: sha,
  after: sha,
  deleted: z.boolean().optional(),
  head_commit: z.object({ id: sha, message: z.string() }).nullish(),
  commits: z.array(z.object({ id: sha })).nullish(),
  repository,
  sender: user,
  installation,
});

const pullRequestPayload = z.object({
  action: z.string(),
  number: z.int().positive(),
  pull_request: z.object({
    title: z.string(),
    user: user.nullable(),
    merged: z.boolean().nullish(),
    merge_commit_sha: sha.nullish(),
    head: z.object({ sha, ref: z.string().min(1), repo: z.object({ id: z.int() }).nullable() }),
    base: z.object({ sha, ref: z.string().min(1), repo: z.object({ id: z.int() }) }),
  }),
  repository,
  sender: user,
  installation,
});

/** Reads a webhook's payload: only the fields that are used, ignoring all others. */
export function readEvent(eventName: string, payload: unknown): EventReading {
  switch (eventName) {
    case "push":
      return readPush(payload);
    case "pull_request":
      return readPullRequest(payload);
    case "merge_group":
      return readMergeGroup(payload);
    case "release":
      return readRelease(payload);
    default:
      return { ok: true, event: null, ignored: `${eventName} events start nothing` };
  }
}

function readPush(payload: unknown): EventReading {
  const parsed = pushPayload.safeParse(payload);
  if (!parsed.success) return wrongShape("push", parsed.error);
  const push = parsed.data;
  if (push.deleted === true || isZero(push.after)) {
    return { ok: true, event: null, ignored: `${push.ref} was deleted` };
  }
  if (!/^refs\/(heads|tags)\//.test(push.ref)) {
    return { ok: true, event: null, ignored: `${push.ref} is neither a branch nor a tag` };
  }
  return { ok: true, event: toPushEvent(push) };
}

function toPushEvent(push: z.infer<typeof pushPayload>): TriggerEvent {
  // For an annotated tag `after` is the tag object; the commit is what `head_commit` names.
  const { id: commit, message } = push.head_commit ?? { id: push.after, message: "" };
  return {
    name: "push",
    action: null,
    repository: toRepository(push.repository),
    installationId: push.installation?.id ?? null,
    actor: { id: push.sender.id, login: push.sender.login },
    sha: commit,
    reportSha: commit,
    ref: push.ref,
    baseSha: isZero(push.before) ? null : push.before,
    oldestCommit: push.commits?.[0]?.id ?? null,
    headRef: null,
    baseRef: null,
    pullRequest: null,
    fork: isDependabot(push.sender),
    title: firstLine(message) || push.ref.replace(/^refs\/(heads|tags)\//, ""),
    message,
    inputs: null,
    workflowPath: null,
  };
}

function readPullRequest(payload: unknown): EventReading {
  const parsed = pullRequestPayload.safeParse(payload);
  if (!parsed.success) return wrongShape("pull_request", parsed.error);
  const { pull_request: pull, sender, number } = parsed.data;
  const event: TriggerEvent = {
    name: "pull_request",
    action: parsed.data.action,
    repository: toRepository(parsed.data.repository),
    installationId: parsed.data.installation?.id ?? null,
    actor: { id: sender.id, login: sender.login },
    sha: null,
    mergeCommitSha: pull.merge_commit_sha ?? null,
    merged: pull.merged === true,
    reportSha: pull.head.sha,
    ref: `refs/pull/${number}/merge`,
    baseSha: pull.base.sha,
    headRef: pull.head.ref,
    baseRef: pull.base.ref,
    pullRequest: number,
    fork: pull.head.repo?.id !== pull.base.repo.id || isDependabot(sender) || isDependabot(pull.user),
    title: firstLine(pull.title),
    message: "",
    inputs: null,
    workflowPath: null,
  };
  return { ok: true, event };
}

/** The repository that any webhook is about and where the App is installed; null where the payload names none. */
export function readRepository(payload: unknown): { repository: Repository; installationId: number | null } | null {
  const parsed = z.object({ repository, installation }).safeParse(payload);
  if (!parsed.success) return null;
  return {
    repository: toRepository(parsed.data.repository),
    installationId: parsed.data.installation?.id ?? null,
  };
}

/** Of an event about an installation itself, which names no repository of its own. */
export function readInstallation(payload: unknown): number | null {
  const parsed = z.object({ installation }).safeParse(payload);
  return parsed.success ? (parsed.data.installation?.id ?? null) : null;
}

const botPayload = z.object({ sender: z.object({ login: z.string(), type: z.literal("Bot") }) });

/** Some App did this (any App): only then is it worth asking GitHub for the slug of our own. */
export function isBot(payload: unknown): boolean {
  return botPayload.safeParse(payload).success;
}

/** Our own App did this, by a token that a job was given: it must not start another. Logins with `[bot]` can be no user's. */
export function isOwnBot(payload: unknown, appSlug: string): boolean {
  const parsed = botPayload.safeParse(payload);
  return parsed.success && parsed.data.sender.login.toLowerCase() === `${appSlug}[bot]`.toLowerCase();
}

function isZero(sha: string): boolean {
  return /^0+$/.test(sha);
}
