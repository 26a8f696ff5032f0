/** What a step handed on by its command files: read once it ended, kept in the job's state. */

import { readAssignments, readEnvironment, readPath } from "../../logs/environment-files.ts";
import type { FileProblem } from "../../logs/environment-files.ts";
import { MAX_SUMMARY_BYTES } from "../../model/limits.ts";
import type { CommandFile, StepProgress } from "../../sandbox/port.ts";
import { writeJobState } from "../job-state.ts";
import type { JobState } from "../job-state.ts";
import type { StepWork } from "./work.ts";

export interface HandedOver {
  /** Problems in the files, which fail the step as on GitHub. */
  problems: string[];
  /** What is refused without failing the step. */
  warnings: string[];
  /** Masked Markdown; null where the step wrote none. */
  summary: string | null;
}

/** `stepId` is the one that the workflow gives it; `phases` says under which name an action's phases hand on. */
export async function takeOver(
  { session, id, scope }: Pick<StepWork, "session" | "id" | "scope">,
  stepId: string | null,
  files: StepProgress["files"],
  phases: string | null,
): Promise<HandedOver> {
  const read = async (file: CommandFile): Promise<string> => {
    const found = files[file];
    if (!found || found.size === 0) return "";
    if (found.text !== null) return found.text;
    const { body } = await session.sandbox.readFile(`${session.booted.control}/steps/${id}/${file}`);
    return await new Response(body).text();
  };
  const handed: HandedOver = { problems: [], warnings: [], summary: null };
  const before = JSON.stringify(session.state);

  takeOutputs(session.state, stepId === null ? null : scope + stepId, await read("output"), handed);
  takeEnvironment(session.state, await read("env"), handed);
  if (phases !== null) takeState(session.state, phases, await read("state"), handed);

  const path = readPath(await read("path"));
  if (path.length > 0) session.state.path = [...new Set([...path, ...session.state.path])];

  const summary = await readSummary(files.summary?.size ?? 0, read);
  if ("refused" in summary) handed.warnings.push(summary.refused);
  else if (summary.text !== "") handed.summary = session.vault.mask.text(summary.text);

  if (JSON.stringify(session.state) !== before) await writeJobState(session.sandbox, session.booted, session.state);
  return handed;
}

function takeOutputs(state: JobState, key: string | null, text: string, handed: HandedOver): void {
  const outputs = readAssignments(text);
  if (!outputs.ok) handed.problems.push(problem("GITHUB_OUTPUT", outputs.problem));
  else if (outputs.value.size > 0 && key !== null) state.outputs[key] = toRecord(outputs.value);
}

/** What a phase says adds to what those before it said. */
function takeState(state: JobState, phases: string, text: string, handed: HandedOver): void {
  const read = readAssignments(text);
  if (!read.ok) handed.problems.push(problem("GITHUB_STATE", read.problem));
  else if (read.value.size > 0)
    state.phases[phases] = toRecord(new Map([...Object.entries(state.phases[phases] ?? {}), ...read.value]));
}

function takeEnvironment(state: JobState, text: string, handed: HandedOver): void {
  const env = readEnvironment(text);
  if (!env.ok) {
    handed.problems.push(problem("GITHUB_ENV", env.problem));
    return;
  }
  Object.assign(state.env, toRecord(env.value.variables));
  handed.warnings.push(...env.value.refused.map((refused) => problem("GITHUB_ENV", refused)));
}

function problem(variable: string, { line, message }: FileProblem): string {
  return `${variable}, line ${line}: ${message}`;
}

/** What D1 would have to keep of it: a row holds 2 MB. */
const MAX_WRITTEN_SUMMARY_BYTES = 1.5 * MAX_SUMMARY_BYTES;

async function readSummary(
  bytes: number,
  read: (file: CommandFile) => Promise<string>,
): Promise<{ text: string } | { refused: string }> {
  const text = bytes > MAX_SUMMARY_BYTES ? null : await read("summary");
  if (text !== null && new TextEncoder().encode(JSON.stringify(text)).length <= MAX_WRITTEN_SUMMARY_BYTES)
    return { text };
  return { refused: `GITHUB_STEP_SUMMARY holds ${bytes} bytes, at most ${MAX_SUMMARY_BYTES} are kept: left out` };
}

/** Own properties only, so that an output may be called `__proto__`. */
function toRecord(map: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(map);
}
