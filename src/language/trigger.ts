/** Whether an event starts a workflow, and in words why not. */

import { refName, refType, type TriggerEvent } from "../model/event.ts";
import type { Filters, Trigger, Workflow } from "../model/workflow.ts";
import { matchesPatterns } from "./glob.ts";
import { skipWords } from "./skip-ci.ts";

/** `event`: the workflow does not name it, or not this kind of it. `filter`: its branches, tags or paths exclude it. */
export type TriggerDecision =
  | { start: true; why: string }
  | { start: false; because: "event" | "filter" | "skip_ci"; why: string };

/** Files by their paths from the repository's root. `truncated`: there are more, so a path filter cannot exclude. */
export interface ChangedFiles {
  files: string[];
  truncated: boolean;
}

/** Activity types that start a workflow which names none. */
const DEFAULT_TYPES = new Map<string, readonly string[]>([
  ["pull_request", ["opened", "synchronize", "reopened"]],
  ["pull_request_target", ["opened", "synchronize", "reopened"]],
  ["merge_group", ["checks_requested"]],
]);

/** `[skip ci]` counts for these only: in a merge queue a missing check would stall everybody. */
const SKIPPABLE = new Set(["push", "pull_request"]);

/** The filters by branch speak of the branch that is merged into. */
const BY_BASE = new Set(["pull_request", "pull_request_target", "merge_group"]);

/** `changedFiles` is null where `needsChangedFiles` said no. */
export function decideTrigger(
  workflow: Workflow,
  event: TriggerEvent,
  changedFiles: ChangedFiles | null,
): TriggerDecision {
  const trigger = triggerOf(workflow, event);
  if (trigger === undefined) {
    return refuse("event", `the workflow does not start on ${event.name}`);
  }
  const otherType = excludedByType(trigger.filters, event);
  if (otherType !== null) {
    return refuse("event", otherType);
  }
  const words = SKIPPABLE.has(event.name) ? skipWords(event.message) : null;
  if (words !== null) {
    return refuse("skip_ci", `the commit message says ${words}`);
  }
  const excluded = excludedByRef(trigger.filters, event) ?? excludedByPath(trigger.filters, event, changedFiles);
  if (excluded !== null) {
    return refuse("filter", excluded);
  }
  return { start: true, why: whyStarted(trigger.filters, event, changedFiles) };
}

function whyStarted(filters: Filters, event: TriggerEvent, changed: ChangedFiles | null): string {
  return changed?.truncated === true && hasPathFilter(filters)
    ? "more files changed than GitHub lists, so the path filter is taken as matching"
    : `the workflow starts on ${event.name}`;
}

/** Whether a workflow that names no types starts on this activity. */
export function isDefaultType(event: TriggerEvent): boolean {
  return excludedByType({ types: null }, event) === null;
}

/** False where the answer is the same whatever changed, so that nobody asks GitHub for it. */
export function needsChangedFiles(workflow: Workflow, event: TriggerEvent): boolean {
  const trigger = triggerOf(workflow, event);
  return (
    trigger !== undefined &&
    seesPaths(event) &&
    hasPathFilter(trigger.filters) &&
    decideTrigger(workflow, event, { files: [], truncated: true }).start
  );
}

function triggerOf(workflow: Workflow, event: TriggerEvent): Trigger | undefined {
  return workflow.on.find((trigger) => trigger.event === event.name);
}

function refuse(because: "event" | "filter" | "skip_ci", why: string): TriggerDecision {
  return { start: false, because, why };
}

function hasPathFilter({ paths, pathsIgnore }: Filters): boolean {
  return paths !== null || pathsIgnore !== null;
}

/** GitHub does not look at the paths of a pushed tag. */
function seesPaths({ name, ref }: TriggerEvent): boolean {
  return name === "push" ? refType(ref) === "branch" : name === "pull_request" || name === "pull_request_target";
}

/** A sentence, or null where the type of activity lets it pass. */
function excludedByType({ types }: Pick<Filters, "types">, { name, action }: TriggerEvent): string | null {
  const wanted = types ?? DEFAULT_TYPES.get(name) ?? null;
  return wanted === null || action === null || wanted.includes(action)
    ? null
    : `${name} ${action} does not match types: ${wanted.join(", ")}`;
}

/** A sentence, or null where the branch or tag lets it pass. */
function excludedByRef(filters: Filters, event: TriggerEvent): string | null {
  if (BY_BASE.has(event.name)) {
    return excludedByName("branch", filters.branches, filters.branchesIgnore, event.baseRef ?? "");
  }
  return event.name === "push" ? excludedByPushedRef(filters, event.ref) : null;
}

/** A filter for branches alone excludes every tag, and the other way round. */
function excludedByPushedRef(filters: Filters, ref: string): string | null {
  const { branches, branchesIgnore, tags, tagsIgnore } = filters;
  const byBranch = branches !== null || branchesIgnore !== null;
  const byTag = tags !== null || tagsIgnore !== null;
  const name = refName(ref);
  if (refType(ref) === "tag") {
    return byBranch && !byTag
      ? `the workflow names branches only, and ${name} is a tag`
      : excludedByName("tag", tags, tagsIgnore, name);
  }
  return byTag && !byBranch
    ? `the workflow names tags only, and ${name} is a branch`
    : excludedByName("branch", branches, branchesIgnore, name);
}

function excludedByName(
  kind: "branch" | "tag",
  wanted: string[] | null,
  ignored: string[] | null,
  name: string,
): string | null {
  const plural = kind === "branch" ? "branches" : "tags";
  if (wanted !== null && !matchesPatterns(wanted, name)) {
    return `${kind} ${name} does not match ${plural}: ${wanted.join(", ")}`;
  }
  if (ignored !== null && matchesPatterns(ignored, name)) {
    return `${kind} ${name} matches ${plural}-ignore: ${ignored.join(", ")}`;
  }
  return null;
}

function excludedByPath(filters: Filters, event: TriggerEvent, changed: ChangedFiles | null): string | null {
  if (!seesPaths(event) || changed === null || changed.truncated) {
    return null;
  }
  const { paths, pathsIgnore } = filters;
  if (paths !== null && !changed.files.some((file) => matchesPatterns(paths, file))) {
    return `no changed path matches paths: ${paths.join(", ")}`;
  }
  if (pathsIgnore !== null && changed.files.every((file) => matchesPatterns(pathsIgnore, file))) {
    return `every changed path matches paths-ignore: ${pathsIgnore.join(", ")}`;
  }
  return null;
}
