/** A step's work in one slice: what it is given and what it may come to. */

import { evaluateTemplate } from "../../language/expression.ts";
import { digest } from "../../model/ids.ts";
import type { Reason } from "../../model/status.ts";
import type { StepNotes } from "../../model/step.ts";
import type { JobDefinition, StepDefinition, UsesStep } from "../../model/workflow.ts";
import { openInnerLog } from "../actions/inner-log.ts";
import type { Past } from "../contexts.ts";
import { logLimit } from "../session.ts";
import type { Session } from "../session.ts";
import type { Cancel } from "./end.ts";
import type { StepValues } from "./environment.ts";
import type { FollowOptions } from "./follow.ts";

export interface StepWork {
  session: Session;
  /** Its name in the sandbox: `step-3`, and `step-3-2` for the second step of the action that it uses. */
  id: string;
  /** Which step of the job, then of the action that it uses, and so on. */
  trail: number[];
  /** Put before a step's id where its outputs are kept: nothing for the job's own steps, `step-3/` for those of its action. */
  scope: string;
  /** How many actions it stands in. */
  depth: number;
  /** When its time is over (ms, UTC): the job's, or that of the step that uses the action. */
  deadline: number;
  /** How a step within an action is carried out: as this one is. */
  carryOut: (work: StepWork, step: StepDefinition) => Promise<WorkResult>;
  /** The job's `defaults.run`, which do not reach into an action. */
  defaults: JobDefinition["defaults"];
  values: StepValues;
  past: Past;
  /** Its number, slice and cancellation. */
  follow: FollowOptions;
  /** What the slice before left: plain, small, no secret. */
  memo: unknown;
}

interface Left {
  outputs?: Record<string, string>;
  notes?: StepNotes;
  /** Shown at the end of the step's log. */
  lines?: string[];
  /** No other step of the job runs after it. */
  fatal?: boolean;
}

export type WorkResult =
  | { state: "running"; memo: unknown; cancelled: Cancel | null }
  | ({ state: "succeeded"; exitCode: number | null } & Left)
  | ({ state: "failed"; exitCode: number | null; reason: Reason; detail: string } & Left)
  | ({ state: "cancelled"; cancel: Cancel } & Left);

/** Opens the step's part of the log; a second time changes nothing. All of it is masked. Where it starts in the stored log. */
export async function openLog(
  { session, follow }: Pick<StepWork, "session" | "follow">,
  lines: readonly string[],
): Promise<number> {
  const text = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  const header = session.vault.mask.text(text);
  if (follow.base !== null) return await openInnerLog(session, follow.segment, follow.base, header);
  const options = logLimit(session.env);
  follow.opened = await session.logs.open(follow.segment, header, Date.now(), options);
  return follow.opened.logFrom;
}

/** What stands at the end of a step's log, still to be masked. */
export function footerOf(result: Exclude<WorkResult, { state: "running" }>): string {
  const lines = [...(result.lines ?? [])];
  if (result.state === "failed") lines.push(`##[error]${result.detail}`);
  if (result.state === "cancelled") lines.push(`##[error]${result.cancel.detail}`);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Room is left for what a native action puts behind it: the sandbox takes 40 characters. */
const MAX_ID_CHARS = 30;

/** The name in the sandbox of the `number`th step of an action that the step `id` uses. */
export function innerId(id: string, number: number): string {
  const full = `${id}-${number}`;
  if (full.length <= MAX_ID_CHARS) return full;
  const [step = "step", of = "0"] = full.split("-");
  return `${step}-${of}-${digest(full, 12)}`;
}

/** An input of an action, evaluated; `otherwise` where it is absent. Names in any letter case. Throws ExpressionError. */
export function readInput(step: UsesStep, work: Pick<StepWork, "values">, name: string, otherwise: string): string {
  const key = Object.keys(step.with).find((given) => given.toLowerCase() === name);
  const value = key === undefined ? undefined : step.with[key];
  return value === undefined || value === null
    ? otherwise
    : evaluateTemplate(value, work.values.contexts, work.values.functions).trim();
}

/** As YAML 1.2 and GitHub's toolkit take it; null for anything else. */
export function readBoolean(text: string): boolean | null {
  if (/^(true|True|TRUE)$/.test(text)) return true;
  return /^(false|False|FALSE|)$/.test(text) ? false : null;
}

export function readLines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
