/** One entry of a job's `steps:`. */

import type { StepDefinition } from "../model/workflow.ts";
import {
  child,
  conditionOf,
  type Reading,
  stringsOf,
  templatedBoolean,
  templatedMap,
  templatedNumber,
  templatedText,
  type Token,
} from "./token.ts";

/** `number` counts from 1. */
export function readStep(reading: Reading, step: Token, number: number): StepDefinition {
  const base = {
    number,
    id: stringsOf(child(step, "id"))?.[0] ?? null,
    name: templatedText(child(step, "name")),
    if: conditionOf(reading, child(step, "if")),
    env: templatedMap(child(step, "env")),
    continueOnError: templatedBoolean(child(step, "continue-on-error"), false),
    timeoutMinutes: templatedNumber(child(step, "timeout-minutes")),
    at: reading.place(step),
  };
  const token = child(step, "uses");
  const uses = stringsOf(token)?.[0];
  if (token !== undefined && uses !== undefined) {
    return { ...base, kind: "uses", uses, usesAt: reading.place(token), with: templatedMap(child(step, "with")) };
  }
  return {
    ...base,
    kind: "run",
    run: templatedText(child(step, "run")) ?? "",
    shell: templatedText(child(step, "shell")),
    workingDirectory: templatedText(child(step, "working-directory")),
  };
}
