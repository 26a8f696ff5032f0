/** Gathers what the log's part of a job page shows, as its address asks for it. */

import type { LogPage, Wanted } from "../../logs/lines.ts";
import type { LogIndex } from "../../logs/stream.ts";
import type { LogWindow, SearchAnswer } from "../../logs/wire.ts";
import type { JobView, StepView } from "../../model/api.ts";
import type { Attempt } from "../../model/job.ts";
import { type LogQuery, readLogQuery } from "./query.ts";
import type { LogRooms } from "./reader.ts";
import { searchLog } from "./search-log.ts";
import { around, lineAt, readLogPage, windowOf, WINDOW_LINES } from "./window.ts";

export interface LogView {
  build: string;
  job: string;
  attempt: number;
  query: LogQuery;
  window: LogWindow;
  /** Null where nothing is searched for. */
  found: SearchAnswer | null;
  /** Each step with the number of its first line; null for one that wrote none. */
  steps: { step: StepView; line: number | null }[];
  /** Nothing more will come. */
  ended: boolean;
  bytes: number;
}

export async function openLogView(rooms: LogRooms, job: JobView, attempt: Attempt, url: string): Promise<LogView> {
  const query = readLogQuery(url);
  const found =
    query.q === "" ? null : await searchLog(rooms, attempt, { text: query.q, matchCase: query.case === "1" });
  const hit = found?.numbers[0];
  let wanted: Wanted = { last: WINDOW_LINES };
  if (query.from !== undefined) wanted = { from: query.from, count: WINDOW_LINES };
  else if (hit !== undefined) wanted = around(hit);
  let page = await readLogPage(rooms, attempt, wanted);
  const failed = "last" in wanted ? failedBefore(page, job, wanted) : null;
  if (failed !== null) {
    wanted = failed;
    page = await readLogPage(rooms, attempt, wanted);
  }
  const { index, ended } = page;
  return {
    build: attempt.buildId,
    job: job.id,
    attempt: attempt.attempt,
    query,
    window: windowOf(page, wanted),
    found,
    steps: job.steps.map((step) => ({ step, line: firstLineOf(index, step) })),
    ended,
    bytes: index.size,
  };
}

/** A failed step that ends before the last lines is what people look for: the lines up to its end. */
function failedBefore(page: LogPage, job: JobView, wanted: { last: number }): Wanted | null {
  const { index } = page;
  const failed = job.steps.find(({ conclusion }) => conclusion === "failure");
  if (!failed) return null;
  const next = index.steps.find(({ step, offset }) => step > failed.number && offset > failed.logFrom);
  const end = next ? lineAt(index, next.offset) : Infinity;
  return end > index.lines - wanted.last ? null : { from: Math.max(1, end - wanted.last), count: wanted.last };
}

function firstLineOf(index: LogIndex, { number }: StepView): number | null {
  const at = index.steps.findIndex(({ step }) => step === number);
  const part = index.steps[at];
  const end = index.steps[at + 1]?.offset ?? index.size;
  return part && part.offset < end ? lineAt(index, part.offset) : null;
}
