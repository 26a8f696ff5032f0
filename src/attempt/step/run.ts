/** Carries out a `run:` step. */

import { START_WAIT_MS } from "../../model/limits.ts";
import type { Reason } from "../../model/status.ts";
import type { StepNotes } from "../../model/step.ts";
import type { RunStep, StepDefinition } from "../../model/workflow.ts";
import type { StepSpec } from "../../sandbox/port.ts";
import { processEnv, readText, timeLeft } from "./environment.ts";
import { followStep } from "./follow.ts";
import type { Followed } from "./follow.ts";
import { takeOver } from "./hand-over.ts";
import { noSuchShell, readShell } from "./shell.ts";
import type { Shell } from "./shell.ts";
import { openLog } from "./work.ts";
import type { StepWork, WorkResult } from "./work.ts";

type Ended = Exclude<WorkResult, { state: "running" }>;

export async function runScript(work: StepWork, step: RunStep): Promise<WorkResult> {
  const { session, values, defaults, id } = work;
  const shell = readShell(readText(step.shell ?? defaults.shell, values));
  if ("unsupported" in shell) return failure(null, shell.unsupported, "unsupported");
  const script = readText(step.run, values) ?? "";
  const folder = readText(step.workingDirectory ?? defaults.workingDirectory, values);
  const spec: StepSpec = {
    id,
    script: textOf(script, shell),
    extension: shell.extension,
    command: shell.command,
    env: processEnv(session, id, values),
    cwd: folderIn(session.workspace, folder),
    timeoutMs: timeLeft(work, step, Date.now()),
    waitMs: START_WAIT_MS,
  };
  await openLog(work, [
    `##[group]Run ${firstLine(script)}`,
    ...script.trimEnd().split("\n"),
    ...describe(shell.command, work),
    "##[endgroup]",
  ]);
  return await readExit(work, step, spec, await followStep(session, spec, work.follow));
}

function textOf(script: string, { wrap }: Shell): string {
  return wrap === undefined ? `${script}\n` : `${wrap.before}${script}${wrap.after}\n`;
}

/** `phases` names what the phases of an action hand on to each other; null for a script. */
export async function readExit(
  work: StepWork,
  step: StepDefinition,
  spec: StepSpec,
  followed: Followed,
  phases: string | null = null,
): Promise<WorkResult> {
  const { exit, cancelled, annotations } = followed;
  if (exit === null && !followed.vanished) return { state: "running", memo: null, cancelled };
  const notes: StepNotes = annotations.length > 0 ? { annotations } : {};
  if (exit === null) return { ...failure(null, KILLED), notes };
  const never = await neverStarted(work, spec, followed);
  if (never !== null)
    return { ...failure(null, never, exit.exitCode === EXIT_NO_PROGRAM ? "unsupported" : "step_failed"), notes };
  const handed = await takeOver(work, step.id, exit.files, phases);
  if (handed.summary !== null) notes.summary = handed.summary;
  const lines = handed.warnings.map((warning) => `##[warning]${warning}`);
  return { ...wordOf(work, step, followed, handed.problems[0]), notes, lines };
}

/** Why not a word of the script was run; null where it was. Its whole output is then one sentence of whoever was to start it. */
async function neverStarted({ session }: StepWork, spec: StepSpec, { exit, size }: Followed): Promise<string | null> {
  const code = exit?.exitCode;
  if ((code !== EXIT_NO_PROGRAM && code !== EXIT_NO_FOLDER) || size > MAX_COMPLAINT_BYTES) return null;
  const { bytes } = await session.sandbox.pollStep(spec.id, 0, 0);
  const said = new TextDecoder().decode(bytes).trimEnd();
  const [program = ""] = spec.command;
  if (code === EXIT_NO_PROGRAM) return NO_PROGRAM.exec(said)?.[1] === program ? noSuchShell(program) : null;
  return said === `The working directory does not exist: ${spec.cwd}` ? said : null;
}

/** What `env` and the supervisor end with. */
const EXIT_NO_PROGRAM = 127;
const EXIT_NO_FOLDER = 1;
/** Quoted or not, from one system to the other. */
const NO_PROGRAM = /^env: ['\u2018]?(.*?)['\u2019]?: No such file or directory$/;

const MAX_COMPLAINT_BYTES = 8 * 1024;

/** How the script ended, the weightiest reason first. */
function wordOf(
  work: StepWork,
  step: StepDefinition,
  { exit, cancelled }: Followed,
  problem: string | undefined,
): Ended {
  // A step that ran in the grace of a cancelled job ends by its own exit code.
  if (cancelled && work.follow.cancelled === null) return { state: "cancelled", cancel: cancelled };
  if (exit?.timedOut) return timedOut(work, step);
  const code = exit?.exitCode ?? null;
  if (code !== 0) return failure(code, `Process completed with exit code ${code ?? "unknown"}.`);
  return problem === undefined ? { state: "succeeded", exitCode: 0 } : failure(0, problem);
}

const KILLED = "The step's process was killed from outside, perhaps for want of memory.";

function failure(
  exitCode: number | null,
  detail: string,
  reason: Reason = "step_failed",
): Extract<WorkResult, { state: "failed" }> {
  return { state: "failed", exitCode, reason, detail };
}

/** The step's own limit, or the job's: whichever was nearer. */
function timedOut({ session, deadline }: StepWork, step: StepDefinition): Ended {
  if (Date.now() < session.deadline && (step.timeoutMinutes !== null || deadline < session.deadline))
    return failure(null, "The step ran longer than its timeout-minutes.", "step_timed_out");
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
