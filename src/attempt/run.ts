/** Carries out a `run:` step. */

import type { StepNotes } from "../model/step.ts";
import type { RunStep } from "../model/workflow.ts";
import { START_WAIT_MS } from "../model/limits.ts";
import type { StepSpec } from "../sandbox/port.ts";
import { followStep } from "./follow.ts";
import type { Followed } from "./follow.ts";
import { takeOver } from "./hand-over.ts";
import { openLog } from "./work.ts";
import type { StepWork, WorkResult } from "./work.ts";
import { readShell } from "./shell.ts";
import { processEnv, readText, timeLeft } from "./step-environment.ts";

export async function runScript(work: StepWork, step: RunStep): Promise<WorkResult> {
  const { session, values } = work;
  const { defaults } = session.facts.job.plan.definition;
  const shell = readShell(readText(step.shell ?? defaults.shell, values));
  if ("unsupported" in shell)
    return { state: "failed", exitCode: null, reason: "unsupported", detail: shell.unsupported };
  const script = readText(step.run, values) ?? "";
  const folder = readText(step.workingDirectory ?? defaults.workingDirectory, values);
  const id = `step-${step.number}`;
  const spec: StepSpec = {
    id,
    script: `${script}\n`,
    extension: shell.extension,
    command: shell.command,
    env: processEnv(session, id, values),
    cwd: folderIn(session.workspace, folder),
    timeoutMs: timeLeft(session, step, values, Date.now()),
    waitMs: START_WAIT_MS,
  };
  const lines = script.trimEnd().split("\n");
  await openLog(work, [
    `##[group]Run ${firstLine(script)}`,
    ...lines,
    ...describe(shell.command, work),
    "##[endgroup]",
  ]);
  return await readExit(work, step, id, await followStep(session, spec, work.follow));
}

async function readExit(work: StepWork, step: RunStep, id: string, followed: Followed): Promise<WorkResult> {
  const { exit, cancelled, annotations } = followed;
  if (exit === null && !followed.vanished) return { state: "running", memo: null, cancelled };
  const notes: StepNotes = annotations.length > 0 ? { annotations } : {};
  if (exit === null) return { ...failure(null, KILLED), notes };
  const handed = await takeOver(work.session, step, id, exit.files);
  if (handed.summary !== null) notes.summary = handed.summary;
  const lines = handed.warnings.map((warning) => `##[warning]${warning}`);
  return { ...wordOf(work, step, followed, handed.problems[0]), notes, lines };
}

/** How the script ended, the weightiest reason first. */
function wordOf(
  work: StepWork,
  step: RunStep,
  { exit, cancelled }: Followed,
  problem: string | undefined,
): Exclude<WorkResult, { state: "running" }> {
  // A step that ran in the grace of a cancelled job ends by its own exit code.
  if (cancelled && work.follow.cancelled === null) return { state: "cancelled", cancel: cancelled };
  if (exit?.timedOut) return timedOut(work, step);
  const code = exit?.exitCode ?? null;
  if (code !== 0) return failure(code, `Process completed with exit code ${code ?? "unknown"}.`);
  return problem === undefined ? { state: "succeeded", exitCode: 0 } : failure(0, problem);
}

const KILLED = "The step's process was killed from outside, perhaps for want of memory.";

function failure(exitCode: number | null, detail: string): Extract<WorkResult, { state: "failed" }> {
  return { state: "failed", exitCode, reason: "step_failed", detail };
}

/** The step's own limit, or the job's: whichever was nearer. */
function timedOut(work: StepWork, step: RunStep): Exclude<WorkResult, { state: "running" }> {
  if (Date.now() < work.session.deadline && step.timeoutMinutes !== null)
    return {
      state: "failed",
      exitCode: null,
      reason: "step_timed_out",
      detail: "The step ran longer than its timeout-minutes.",
    };
  const cancel = {
    reason: "job_timed_out",
    detail: "Stopped after the job's timeout-minutes.",
    at: Date.now(),
  } as const;
  return { state: "cancelled", cancel };
}

function describe(command: readonly string[], { values }: StepWork): string[] {
  const env = Object.entries(values.env);
  return [
    `shell: ${command.join(" ")}`,
    ...(env.length > 0 ? ["env:", ...env.map(([name, value]) => `  ${name}: ${value}`)] : []),
  ];
}

export function firstLine(script: string): string {
  return script.trim().split("\n", 1)[0]?.trim() ?? "";
}

/** As a shell would take it: relative to the workspace. */
export function folderIn(workspace: string, folder: string | null): string {
  if (folder === null || folder === "") return workspace;
  return folder.startsWith("/") ? folder : `${workspace}/${folder}`;
}
