/** What a step handed on by its command files: read once it ended, kept in the job's state. */

import { readAssignments, readEnvironment, readPath } from "../logs/environment-files.ts";
import type { FileProblem } from "../logs/environment-files.ts";
import { MAX_SUMMARY_BYTES } from "../model/limits.ts";
import type { StepDefinition } from "../model/workflow.ts";
import type { CommandFile, StepProgress } from "../sandbox/port.ts";
import { writeJobState } from "./job-state.ts";
import type { Session } from "./session.ts";

export interface HandedOver {
  /** Problems in the files, which fail the step as on GitHub. */
  problems: string[];
  /** What is refused without failing the step. */
  warnings: string[];
  /** Masked Markdown; null where the step wrote none. */
  summary: string | null;
}

export async function takeOver(
  session: Session,
  step: StepDefinition,
  stepId: string,
  files: StepProgress["files"],
): Promise<HandedOver> {
  const read = async (file: CommandFile): Promise<string> => {
    const found = files[file];
    if (!found || found.size === 0) return "";
    if (found.text !== null) return found.text;
    const { body } = await session.sandbox.readFile(`${session.booted.control}/steps/${stepId}/${file}`);
    return await new Response(body).text();
  };
  const handed: HandedOver = { problems: [], warnings: [], summary: null };
  const problem = (variable: string, { line, message }: FileProblem): string => `${variable}, line ${line}: ${message}`;
  const before = JSON.stringify(session.state);

  const outputs = readAssignments(await read("output"));
  if (!outputs.ok) handed.problems.push(problem("GITHUB_OUTPUT", outputs.problem));
  else if (outputs.value.size > 0 && step.id !== null) session.state.outputs[step.id] = toRecord(outputs.value);

  const env = readEnvironment(await read("env"));
  if (!env.ok) handed.problems.push(problem("GITHUB_ENV", env.problem));
  else {
    Object.assign(session.state.env, toRecord(env.value.variables));
    handed.warnings.push(...env.value.refused.map((refused) => problem("GITHUB_ENV", refused)));
  }

  const path = readPath(await read("path"));
  if (path.length > 0) session.state.path = [...path, ...session.state.path];

  const summary = await read("summary");
  if (summary.length > MAX_SUMMARY_BYTES)
    handed.warnings.push(`GITHUB_STEP_SUMMARY is larger than ${MAX_SUMMARY_BYTES} bytes and is left out`);
  else if (summary !== "") handed.summary = session.vault.mask.text(summary);

  if (JSON.stringify(session.state) !== before) await writeJobState(session.sandbox, session.booted, session.state);
  return handed;
}

/** Own properties only, so that an output may be called `__proto__`. */
function toRecord(map: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(map);
}
