/** What stands behind the `?` of a list: parsed once, refused with its name. */

import { z } from "zod";
import { asBuildId } from "../../model/ids.ts";
import { MAX_PAGE_ITEMS } from "../../model/limits.ts";
import type { Conclusion, Status } from "../../model/status.ts";
import type { BuildQuery, StoredBuild } from "../../store/builds.ts";
import { problem } from "./answer.ts";
import { describeIssues } from "./body.ts";
import type { Read } from "./body.ts";

/** As GitHub's API has it: a status, or the conclusion of what is completed. */
export const STATUSES = [
  "success",
  "failure",
  "timed_out",
  "cancelled",
  "skipped",
  "neutral",
  "action_required",
  "queued",
  "waiting",
  "in_progress",
  "completed",
] as const satisfies readonly (Status | Conclusion)[];

/** A form sends what was left open as nothing. */
const orNothing = (text: string): string | undefined => text || undefined;
const filter = (max: number) => z.string().max(max).transform(orNothing).optional();

const buildQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ITEMS).default(30),
  ref: filter(1000),
  branch: filter(1000),
  workflow: filter(500),
  status: z
    .enum(["", ...STATUSES])
    .transform(orNothing)
    .optional(),
  event: filter(100),
  after: z
    .string()
    .regex(/^\d{1,15}-[a-z2-7]{1,64}$/, "is not what a page gave as `next`")
    .optional(),
});

/** The first of a name counts; names that the schema does not know are ignored. */
export function readQuery<T>(url: string, schema: z.ZodType<T>): Read<T> {
  const given = [...new URL(url).searchParams].toReversed();
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, answer: problem(400, describeIssues(parsed.error)) };
}

export function readBuildQuery(url: string): Read<BuildQuery> {
  const parsed = readQuery(url, buildQuery);
  if (!parsed.ok) return parsed;
  const { limit, status, event, branch, workflow, after } = parsed.value;
  const [time, id] = after?.split("-") ?? [];
  const before = time === undefined ? undefined : Number(time);
  const beforeId = id === undefined ? undefined : asBuildId(id);
  return {
    ok: true,
    value: { limit, status, event, branch, workflow, ref: fullRef(parsed.value.ref), before, beforeId },
  };
}

/** A short name is a branch's. */
function fullRef(ref: string | undefined): string | undefined {
  return ref === undefined || ref.startsWith("refs/") ? ref : `refs/heads/${ref}`;
}

/** The cursor after these, where there may be more. */
export function nextPage(builds: StoredBuild[], limit: number): string | null {
  const last = builds.at(-1);
  return last && builds.length === limit ? `${last.createdAt}-${last.id}` : null;
}

/** A positive whole number of the query; null where it is not given. */
export function readCount(text: string | undefined, name: string): Read<number | null> {
  if (text === undefined) return { ok: true, value: null };
  if (/^[1-9]\d{0,8}$/.test(text)) return { ok: true, value: Number(text) };
  return { ok: false, answer: problem(400, `${name} is a whole number from 1.`) };
}
