/** A step's work in one slice: what it is given and what it may come to. */

import type { Reason } from "../model/status.ts";
import type { Annotation, StepNotes } from "../model/step.ts";
import type { UsesStep } from "../model/workflow.ts";
import { evaluateTemplate } from "../language/expression.ts";
import type { Past } from "./contexts.ts";
import type { FollowOptions } from "./follow.ts";
import type { Session } from "./session.ts";
import type { Cancel } from "./step-end.ts";
import type { StepValues } from "./step-environment.ts";

export interface StepWork {
  session: Session;
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
}

export type WorkResult =
  | { state: "running"; memo: unknown; cancelled: Cancel | null }
  | ({ state: "succeeded"; exitCode: number | null } & Left)
  | ({ state: "failed"; exitCode: number | null; reason: Reason; detail: string } & Left)
  | ({ state: "cancelled"; cancel: Cancel } & Left);

/** Opens the step's part of the log; a second time changes nothing. All of it is masked. */
export async function openLog(
  { session, follow }: Pick<StepWork, "session" | "follow">,
  lines: readonly string[],
): Promise<number> {
  const text = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  const header = session.vault.mask.text(text);
  const options = maxLogBytes(session);
  follow.opened = await session.logs.open(follow.segment, header, Date.now(), options);
  return follow.opened.logFrom;
}

function maxLogBytes(session: Session): { maxBytes?: number } {
  const asked = Number(session.env.MAX_LOG_BYTES);
  return Number.isSafeInteger(asked) && asked > 0 ? { maxBytes: asked } : {};
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

export type { Annotation };
