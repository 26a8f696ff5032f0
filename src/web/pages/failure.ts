/** The first failure of a build: which step of which job, and the last that it said. */

import type { BuildView, JobView, StepView } from "../../model/api.ts";

import { asJobId, attemptId } from "../../model/ids.ts";
import { readAttempt } from "../../store/attempts.ts";
import { measureLog, readLogPart } from "../log/reader.ts";
import type { LogRooms } from "../log/reader.ts";

export interface Failure {
  job: JobView;
  step: StepView | null;
  /** As they came, colours included. */
  lastLines: string[];
}

const LINES = 40;
const TAIL_BYTES = 64 * 1024;

export async function findFailure(rooms: LogRooms, build: BuildView): Promise<Failure | null> {
  const failed = (job: JobView): boolean => job.conclusion === "failure" || job.conclusion === "timed_out";
  const job = build.jobs.find((one) => failed(one) && one.fault !== "nobody") ?? build.jobs.find(failed);
  if (!job) return null;
  const step = job.steps.find(({ conclusion }) => conclusion === "failure") ?? null;
  return { job, step, lastLines: step ? await readLastLines(rooms, job, step) : [] };
}

async function readLastLines(rooms: LogRooms, job: JobView, step: StepView): Promise<string[]> {
  const attempt = await readAttempt(rooms.db, attemptId(asJobId(job.id), job.attempt));
  if (!attempt) return [];
  const extent = await measureLog(rooms, attempt);
  const end = Math.min(partEnd(job.steps, step), extent.size);
  const from = Math.max(step.logFrom, end - TAIL_BYTES);
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of readLogPart(rooms, attempt, extent, from, end))
    text += decoder.decode(bytes, { stream: true });
  text = (text + decoder.decode()).replace(/\n$/, "");
  return text === "" ? [] : withoutScript(text.split("\n")).slice(-LINES);
}

/** What a step was told to do stands folded at its top: what it said counts here. */
function withoutScript(lines: string[]): string[] {
  const end = lines[0]?.startsWith("##[group]") ? lines.indexOf("##[endgroup]") : -1;
  return end < 0 || end === lines.length - 1 ? lines : lines.slice(end + 1);
}

/** Where a step's part of the log ends: where the next one's starts. A step that was skipped has none: it starts where the next does. */
function partEnd(steps: StepView[], step: StepView): number {
  const later = steps.filter(({ number, logFrom }) => number > step.number && logFrom >= step.logFrom);
  return Math.min(...later.map(({ logFrom }) => logFrom));
}
