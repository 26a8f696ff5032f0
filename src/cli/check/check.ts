/** `sandlot check`: everything that is wrong in a repository's workflows, and what an event would start, before anything runs. */

import { dispatchInputs } from "../../language/inputs.ts";
import { type PreviewJob, previewJobs } from "../../language/preview.ts";
import { sameNames } from "../../language/same-names.ts";
import { type ChangedFiles, decideTrigger, needsChangedFiles } from "../../language/trigger.ts";
import type { TriggerEvent } from "../../model/event.ts";
import type { Problem, Scalar, Workflow, WorkflowFile } from "../../model/workflow.ts";
import type { Paint } from "../paint.ts";
import { UsageError } from "../usage-error.ts";
import { judgeActions, type NeededAction } from "./actions.ts";
import { knownGithub, makeEvent } from "./event.ts";
import { type Checked, checkFile, findFiles, type Note, Texts, unique } from "./files.ts";
import { showCheck, showJson } from "./screen.ts";

/** As commander hands them over. */
export interface CheckOptions {
  event: string;
  ref?: string;
  input: Record<string, string>;
  workflow: string;
  changed: string[];
  json: boolean;
  /** A folder that holds actions of other repositories. */
  actions?: string;
}

export interface WorkflowPlan {
  path: string;
  name: string | null;
  starts: boolean;
  why: string;
  jobs: PreviewJob[];
}

export interface CheckReport {
  event: { name: string; ref: string };
  problems: (Problem & { source: string | null })[];
  notes: Note[];
  workflows: WorkflowPlan[];
  actions: NeededAction[];
}

/** Returns the exit code: 0 for nothing wrong, 1 for problems. Throws `UsageError`. */
export async function check(
  path: string,
  options: CheckOptions,
  { write, paint }: { write: (text: string) => void; paint: Paint },
): Promise<number> {
  const report = await makeReport(path, options);
  write(options.json ? showJson(report) : showCheck(report, paint));
  return report.problems.length > 0 ? 1 : 0;
}

async function makeReport(path: string, options: CheckOptions): Promise<CheckReport> {
  const { root, paths } = await findFiles(path);
  const asked = { event: options.event, ref: options.ref ?? null, inputs: options.input };
  const event = await makeEvent(root, asked);
  const texts = new Texts(root);
  const checked: Checked[] = [];
  for (const file of wanted(paths, options.workflow)) checked.push(await checkFile(file, texts));
  const files = sameNames(
    checked.map(({ file }) => file),
    event,
  );
  // What `sameNames` adds is a problem of each of the two files.
  const needed = await judgeActions(
    checked.flatMap((one) => one.uses),
    options.actions ?? null,
  );
  const problems = unique([...checked, ...files, needed].flatMap((one) => one.problems)).sort(byPlace);
  return {
    event: { name: event.name, ref: event.ref },
    problems: await Promise.all(problems.map(async (one) => ({ ...one, source: await lineOf(one, texts) }))),
    notes: unique(checked.flatMap((one) => one.notes)).sort(byPlace),
    workflows: files.map((file) => planOf(file, event, options.changed)),
    actions: needed.actions,
  };
}

function wanted(paths: readonly string[], workflow: string): string[] {
  const found = paths.filter((path) => workflow === "" || path === workflow || path.endsWith(`/${workflow}`));
  if (found.length === 0) throw new UsageError(`There is no workflow file ${workflow}.`, [...paths]);
  return found;
}

function byPlace(a: Note, b: Note): number {
  if (a.at.file !== b.at.file) return a.at.file < b.at.file ? -1 : 1;
  return a.at.line - b.at.line || a.at.column - b.at.column;
}

/** The line as the problem's column counts it. */
async function lineOf({ at }: Problem, texts: Texts): Promise<string | null> {
  const text = await texts.read(at.file);
  return text?.replace(/^\uFEFF/, "").split(/\r?\n/)[at.line - 1] ?? null;
}

function planOf(file: WorkflowFile, event: TriggerEvent, changed: readonly string[]): WorkflowPlan {
  const { path, name, events, workflow } = file;
  const not = (why: string): WorkflowPlan => ({ path, name, starts: false, why, jobs: [] });
  if (events !== null && !events.includes(event.name)) {
    return not(`it starts on ${events.join(", ") || "nothing"}, not on ${event.name}`);
  }
  if (workflow === null) return not("it has problems: its build would fail");
  const decision = decideTrigger(workflow, event, changedFiles(workflow, event, changed));
  if (!decision.start) return not(decision.why);
  const inputs = inputsFor(workflow, event);
  if ("problems" in inputs) return not(inputs.problems.join("; "));
  const jobs = previewJobs(workflow, { github: knownGithub(event), inputs: inputs.inputs });
  return { path, name, starts: true, why: whyStarted(workflow, event, changed), jobs };
}

function whyStarted(workflow: Workflow, event: TriggerEvent, changed: readonly string[]): string {
  const open = changed.length === 0 && needsChangedFiles(workflow, event);
  return `it starts on ${event.name}${open ? ", if a changed path matches its filter (--changed says which do)" : ""}`;
}

function changedFiles(workflow: Workflow, event: TriggerEvent, changed: readonly string[]): ChangedFiles | null {
  if (!needsChangedFiles(workflow, event)) return null;
  return { files: [...changed], truncated: changed.length === 0 };
}

function inputsFor(
  workflow: Workflow,
  event: TriggerEvent,
): { inputs: Record<string, Scalar> | null } | { problems: string[] } {
  if (event.name !== "workflow_dispatch") return { inputs: null };
  const read = dispatchInputs(workflow, event.inputs ?? {});
  return read.ok ? { inputs: read.inputs } : { problems: read.problems };
}
