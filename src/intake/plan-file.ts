/** What one workflow file asks for when an event happened: a build of some kind, or nothing, and why. */

import { changedFiles, readCommit } from "../github/contents.ts";
import { dispatchInputs } from "../language/inputs.ts";
import { decideTrigger, isDefaultType, needsChangedFiles } from "../language/trigger.ts";
import type { ChangedFiles, TriggerDecision } from "../language/trigger.ts";
import type { Build } from "../model/build.ts";
import type { Workflow, WorkflowFile } from "../model/workflow.ts";
import type { FoundEvent } from "./find-event.ts";

export type FilePlan = { file: WorkflowFile; why: string } & (
  | { build: "none" }
  | { build: "run"; workflow: Workflow; inputs: Build["inputs"] }
  | { build: "invalid" }
  /** Excluded by its own filters: on a pull request that opens the gate. */
  | { build: "skipped" }
  | { build: "held" }
);

const MERGE_QUEUE = "refs/heads/gh-readonly-queue/";

export async function planFile(found: FoundEvent, file: WorkflowFile): Promise<FilePlan> {
  const { event } = found;
  const { events, workflow } = file;
  if (events !== null && !events.includes(event.name))
    return { file, build: "none", why: `It starts on ${events.join(", ") || "nothing"}, not on ${event.name}` };
  if (isTwinOfMergeGroup(event, events))
    return { file, build: "none", why: "It is started for the merge group itself, not for the push to its branch" };
  if (workflow === null || file.problems.length > 0) return planBroken(found, file);
  if (event.fork) return planHeld(found, file, workflow);
  return await planWorkflow(found, file, workflow);
}

/** The push to a merge queue's branch, for a file that the merge group itself starts. */
function isTwinOfMergeGroup(event: FoundEvent["event"], events: WorkflowFile["events"]): boolean {
  return (
    event.name === "push" && event.ref.startsWith(MERGE_QUEUE) && events !== null && events.includes("merge_group")
  );
}

/** Which types of activity a broken file asks for cannot be told: it fails what every workflow of its event is asked for. */
function planBroken({ event }: FoundEvent, file: WorkflowFile): FilePlan {
  if (!isDefaultType(event))
    return { file, build: "none", why: `It can't be read, and may not be meant for ${event.action ?? ""}` };
  if (event.fork) return { file, build: "held", why: "Builds of forks are off" };
  return { file, build: "invalid", why: file.problems[0]?.message ?? "It can't be read" };
}

/** Without asking what a fork changed. */
function planHeld({ event }: FoundEvent, file: WorkflowFile, workflow: Workflow): FilePlan {
  const decision = decideTrigger(workflow, event, { files: [], truncated: true });
  return decision.start || decision.because === "filter"
    ? { file, build: "held", why: "Builds of forks are off" }
    : { file, build: "none", why: decision.why };
}

async function planWorkflow(found: FoundEvent, file: WorkflowFile, workflow: Workflow): Promise<FilePlan> {
  const { event, cron } = found;
  if (
    cron !== undefined &&
    !workflow.on.some((trigger) => trigger.event === "schedule" && trigger.crons.includes(cron))
  )
    return { file, build: "none", why: `The default branch does not ask for ${cron} any more` };
  const decision = await decide(found, workflow);
  if (decision.start) return planRun(event, file, workflow, decision.why);
  const gates = event.name === "pull_request" || event.name === "merge_group";
  return { file, build: decision.because === "filter" && gates ? "skipped" : "none", why: decision.why };
}

/** What was given to a dispatch is held against what the workflow asks for, as GitHub does. */
function planRun(event: FoundEvent["event"], file: WorkflowFile, workflow: Workflow, why: string): FilePlan {
  if (event.name !== "workflow_dispatch") return { file, build: "run", workflow, inputs: null, why };
  const inputs = dispatchInputs(workflow, event.inputs ?? {});
  if (!inputs.ok) return { file, build: "none", why: `Not started: ${inputs.problems.join("; ")}` };
  return { file, build: "run", workflow, inputs: inputs.inputs, why };
}

async function decide(found: FoundEvent, workflow: Workflow): Promise<TriggerDecision> {
  const { event, octokit } = found;
  if (!needsChangedFiles(workflow, event)) return decideTrigger(workflow, event, null);
  const base = await baseOf(found);
  if (base === null)
    return startAnyway(workflow, event, "what it changed can't be told, so the path filter is taken as matching");
  const name = { owner: event.repository.owner, repo: event.repository.name };
  const head = event.pullRequest === null ? event.sha : event.reportSha;
  const changed = await changedFiles(octokit, { ...name, base, head });
  if (changed.truncated && changed.files.length === 0)
    return startAnyway(workflow, event, "GitHub can't compare the commits, so the path filter is taken as matching");
  return decideTrigger(workflow, event, changed);
}

const ALL: ChangedFiles = { files: [], truncated: true };

function startAnyway(workflow: Workflow, event: FoundEvent["event"], why: string): TriggerDecision {
  const decision = decideTrigger(workflow, event, ALL);
  return decision.start ? { ...decision, why } : decision;
}

/**
 * What changes are counted from. A new branch is compared with the parent of the first commit that was pushed with it; null
 * where there is none.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#git-diff-comparisons
 */
async function baseOf({ event, octokit }: FoundEvent): Promise<string | null> {
  if (event.baseSha !== null) return event.baseSha;
  if (event.oldestCommit == null) return null;
  const { owner, name } = event.repository;
  const oldest = await readCommit(octokit, { owner, repo: name, sha: event.oldestCommit });
  return oldest?.parents[0] ?? null;
}
