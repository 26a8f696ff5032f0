/** Shows what `sandlot check` found: problems with their lines and a caret, then the plan of each workflow. */

import type { PreviewJob } from "../../language/preview.ts";
import { type Paint, showLine } from "../paint.ts";
import { countOf } from "../words.ts";
import type { CheckReport, WorkflowPlan } from "./check.ts";

const MAX_LINE_CHARS = 160;

export function showJson(report: CheckReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

export function showCheck(report: CheckReport, paint: Paint): string {
  const { event, problems, notes, workflows, actions } = harmless(report);
  const lines = [
    ...problems.flatMap((problem) => problemLines(problem, paint)),
    ...notes.map(({ at, message }) => `${at.file}:${at.line}:${at.column}: ${paint("yellow", "note:")} ${message}`),
    ...(problems.length + notes.length > 0 ? [""] : []),
    `${event.name} of ${event.ref}`,
    ...workflows.flatMap((workflow) => ["", ...workflowLines(workflow, paint)]),
    ...actionLines(actions, paint),
    "",
    summaryOf({ problems, workflows }, paint),
  ];
  return `${lines.join("\n")}\n`;
}

/** Names and lines come from files that anybody may have written: a terminal must not obey them. */
function harmless<T>(value: T): T {
  if (typeof value === "string") return showLine(value.replaceAll("\n", " "), { colour: false }) as T;
  if (Array.isArray(value)) return value.map(harmless) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [harmless(key), harmless(one)])) as T;
}

function problemLines({ at, message, reason, source }: CheckReport["problems"][number], paint: Paint): string[] {
  const kind = reason === "workflow_invalid" ? paint("red", "error:") : paint("yellow", "not carried out:");
  const place = paint("bold", `${at.file}:${at.line}:${at.column}:`);
  return [`${place} ${kind} ${message}`, ...(source === null ? [] : excerpt(source, at))];
}

/** The line and a caret under the column; tabs stay tabs, so that the caret stands where the eye looks for it. */
function excerpt(source: string, { line, column }: { line: number; column: number }): string[] {
  const from = Math.max(0, column - MAX_LINE_CHARS + 40);
  const shown = source.slice(from, from + MAX_LINE_CHARS);
  const lead = from > 0 ? "…" : "";
  const gutter = " ".repeat(String(line).length);
  const before = (lead + source.slice(from, column - 1)).replaceAll(/[^\t]/g, " ");
  return [`  ${line} | ${lead}${shown}`, `  ${gutter} | ${before}^`];
}

function workflowLines({ path, name, starts, why, jobs }: WorkflowPlan, paint: Paint): string[] {
  const title = `${paint("bold", path)}${name === null ? "" : `  ${name}`}`;
  if (!starts) return [title, `  ${paint("dim", `does not start: ${why}`)}`];
  return [
    title,
    `  ${paint("green", "starts")}: ${why}`,
    ...jobs.map((job, index) => jobLine(job, jobs[index - 1], paint)),
  ];
}

function actionLines(actions: CheckReport["actions"], paint: Paint): string[] {
  if (actions.length === 0) return [];
  const widest = Math.max(...actions.map(({ uses }) => uses.length));
  return [
    "",
    paint("bold", "Actions"),
    ...actions.map((one) => `  ${markOf(one, paint)} ${one.uses.padEnd(widest)}  ${paint("dim", one.how)}`),
  ];
}

function markOf({ runs }: CheckReport["actions"][number], paint: Paint): string {
  if (runs === null) return paint("yellow", "?");
  return runs ? paint("green", "✓") : paint("red", "✗");
}

/** The round stands before its first job. */
function jobLine(job: PreviewJob, before: PreviewJob | undefined, paint: Paint): string {
  const round = job.round === before?.round ? "" : `${job.round}.`;
  const about = [machineOf(job), matrixOf(job), needsOf(job)].filter((part) => part !== "").join(", ");
  return `  ${round.padStart(4)} ${job.name}${about === "" ? "" : `  ${paint("dim", `(${about})`)}`}${fateOf(job, paint)}`;
}

function machineOf({ labels, sandbox }: PreviewJob): string {
  if (labels === null) return "";
  return sandbox === "large" ? `${labels.join(", ")}: a large sandbox` : labels.join(", ");
}

function matrixOf({ matrix, unexpanded }: PreviewJob): string {
  if (unexpanded) return "its matrix is computed when it starts";
  return matrix === null
    ? ""
    : Object.entries(matrix)
        .map(([key, value]) => `${key}=${valueOf(value)}`)
        .join(" ");
}

function valueOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function needsOf({ needs }: PreviewJob): string {
  return needs.length === 0 ? "" : `after ${shortened(needs).join(", ")}`;
}

const MAX_SHOWN_NEEDS = 4;

function shortened(needs: readonly string[]): string[] {
  if (needs.length <= MAX_SHOWN_NEEDS) return [...needs];
  return [...needs.slice(0, MAX_SHOWN_NEEDS - 1), `${needs.length - MAX_SHOWN_NEEDS + 1} more`];
}

function fateOf({ fate, why }: PreviewJob, paint: Paint): string {
  switch (fate) {
    case "runs":
      return "";
    case "depends":
      return `  ${paint("cyan", why ?? "")}`;
    case "skipped":
      return `  ${paint("dim", `skipped: ${why ?? ""}`)}`;
    case "fails":
      return `  ${paint("red", `fails: ${why ?? ""}`)}`;
  }
}

function summaryOf({ problems, workflows }: Pick<CheckReport, "problems" | "workflows">, paint: Paint): string {
  const checked = `${countOf(workflows.length, "workflow")} checked`;
  if (problems.length === 0) return `${checked}: ${paint("green", "nothing wrong")}`;
  const invalid = problems.filter(({ reason }) => reason === "workflow_invalid").length;
  const parts = [
    ...(invalid > 0 ? [countOf(invalid, "error")] : []),
    ...(problems.length > invalid ? [`${problems.length - invalid} not carried out by Sandlot`] : []),
  ];
  return `${checked}: ${paint("red", parts.join(", "))}`;
}
