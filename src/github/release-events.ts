/** Merge groups and releases: what their payloads want started. */

import { z } from "zod";
import type { TriggerEvent } from "../model/event.ts";
import { firstLine, installation, repository, sha, toRepository, user, wrongShape } from "./payload.ts";
import type { EventReading } from "./payload.ts";

const common = { repository, sender: user, installation };

const mergeGroupPayload = z.object({
  action: z.string(),
  merge_group: z.object({
    head_sha: sha,
    head_ref: z.string().startsWith("refs/heads/"),
    base_sha: sha,
    base_ref: z.string().startsWith("refs/heads/"),
    head_commit: z.object({ message: z.string() }).nullish(),
  }),
  ...common,
});

/** `checks_requested` starts; `destroyed` ends what was started for the group. */
export function readMergeGroup(payload: unknown): EventReading {
  const parsed = mergeGroupPayload.safeParse(payload);
  if (!parsed.success) return wrongShape("merge_group", parsed.error);
  const { action, merge_group: group } = parsed.data;
  if (action !== "checks_requested" && action !== "destroyed")
    return { ok: true, event: null, ignored: `merge_group ${action} starts nothing` };
  const event: TriggerEvent = {
    ...shared("merge_group", parsed.data),
    sha: group.head_sha,
    reportSha: group.head_sha,
    ref: group.head_ref,
    baseSha: group.base_sha,
    baseRef: group.base_ref.slice("refs/heads/".length),
    title: firstLine(group.head_commit?.message ?? "") || group.head_ref.slice("refs/heads/".length),
  };
  return { ok: true, event };
}

const releasePayload = z.object({
  action: z.string(),
  release: z.object({ tag_name: z.string().min(1), name: z.string().nullish(), draft: z.boolean() }),
  ...common,
});

/** https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#release */
const SILENT_DRAFTS = new Set(["created", "edited", "deleted"]);

/** The commit is the tag's, which the payload does not name: it is looked up while planning. */
export function readRelease(payload: unknown): EventReading {
  const parsed = releasePayload.safeParse(payload);
  if (!parsed.success) return wrongShape("release", parsed.error);
  const { action, release } = parsed.data;
  if (release.draft && SILENT_DRAFTS.has(action))
    return { ok: true, event: null, ignored: `A draft of a release that is ${action} starts nothing` };
  const event: TriggerEvent = {
    ...shared("release", parsed.data),
    sha: null,
    reportSha: "",
    ref: `refs/tags/${release.tag_name}`,
    baseSha: null,
    baseRef: null,
    title: firstLine(release.name ?? "") || release.tag_name,
  };
  return { ok: true, event };
}

type Shared = Omit<TriggerEvent, "sha" | "reportSha" | "ref" | "baseSha" | "baseRef" | "title">;

function shared(
  name: string,
  given: {
    action: string;
    repository: z.infer<typeof repository>;
    sender: z.infer<typeof user>;
    installation?: z.infer<typeof installation>;
  },
): Shared {
  return {
    name,
    action: given.action,
    repository: toRepository(given.repository),
    installationId: given.installation?.id ?? null,
    actor: { id: given.sender.id, login: given.sender.login },
    headRef: null,
    pullRequest: null,
    // Whoever may merge or release has said yes to it.
    fork: false,
    message: "",
    inputs: null,
    workflowPath: null,
  };
}
