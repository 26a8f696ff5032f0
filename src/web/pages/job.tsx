/** A job's page: its steps and the whole log, sent while it is read. */

import type { BuildView, JobView, StepView } from "../../model/api.ts";
import type { Attempt } from "../../model/job.ts";
import { buildPagePath, jobPagePath } from "../../model/urls.ts";
import { readBuildView } from "../api-builds.ts";
import { findAttempt } from "../api-logs.ts";
import { measureLog, readLogPart } from "../log-reader.ts";
import type { LogExtent, LogRooms } from "../log-reader.ts";
import type { Rooms } from "../rooms.ts";
import { streamOf } from "../stream.ts";
import { partEnd } from "./failure.ts";
import { A, Badge, html, htmlStream, Layout, Notice, render, renderPart } from "./layout.tsx";
import { logHtml } from "./log-html.ts";
import { StepList } from "./steps.tsx";
import { duration, explain, lookOf, size } from "./words.ts";

type PageRooms = LogRooms & Pick<Rooms, "publicUrl">;

/** Of a longer log the page shows the end. */
const MAX_SHOWN_BYTES = 2 * 1024 * 1024;

/** Stands where the log goes. No text of a page can hold it: `<` is escaped there. */
const LOG_HERE = '<template id="log"></template>';

export async function showJob(
  rooms: PageRooms,
  id: string,
  jobId: string,
  runAttempt: string | undefined,
): Promise<Response> {
  const view = await readBuildView(rooms, id, runAttempt);
  if (!view.ok) return html(<Notice title="No such build" />, view.answer.status);
  const build = view.value;
  const job = build.jobs.find((one) => one.id === jobId);
  if (!job) return html(<Notice title="No such job" />, 404);
  const attempt = await findAttempt(rooms.db, id, jobId, job.attempt);
  if (!attempt.ok) return html(<JobPage build={build} job={job} extent={null} />);
  const extent = await measureLog(rooms, attempt.value);
  const page = render(<JobPage build={build} job={job} extent={extent} />);
  const [before = "", after = ""] = page.split(LOG_HERE);
  return htmlStream(streamOf(pageParts(before, logParts(rooms, attempt.value, extent, job.steps), after)));
}

async function* pageParts(before: string, log: AsyncGenerator<string>, after: string): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(before);
  for await (const text of log) yield encoder.encode(text);
  yield encoder.encode(after);
}

/** What stands before the first step, then each step's part under its heading. */
async function* logParts(
  rooms: LogRooms,
  attempt: Attempt,
  extent: LogExtent,
  steps: StepView[],
): AsyncGenerator<string> {
  const shownFrom = Math.max(0, extent.size - MAX_SHOWN_BYTES);
  const first = Math.min(extent.size, ...steps.map(({ logFrom }) => logFrom));
  yield* logHtml(readLogPart(rooms, attempt, extent, shownFrom, first));
  for (const step of steps) {
    const to = Math.min(partEnd(steps, step), extent.size);
    yield renderPart(<StepHeading step={step} />);
    yield* logHtml(readLogPart(rooms, attempt, extent, Math.max(step.logFrom, shownFrom), to));
  }
}

function StepHeading({ step }: { step: StepView }) {
  return (
    <h3 id={`step-${step.number}`}>
      <Badge of={step} /> {step.name} <small>{duration(step.startedAt, step.completedAt, Date.now())}</small>
    </h3>
  );
}

function JobPage({ build, job, extent }: { build: BuildView; job: JobView; extent: LogExtent | null }) {
  const page = jobPagePath(build.id, job.id);
  const told = explain(job);
  return (
    <Layout title={`${job.name} · ${build.repository}`} look={lookOf(job)} refresh={job.status !== "completed"}>
      <p>
        <A href={buildPagePath(build.id)}>{`${build.workflow.name ?? build.workflow.path} #${build.number}`}</A>
      </p>
      <h1>
        <Badge of={job} /> {job.name} <small>{duration(job.startedAt, job.completedAt, Date.now())}</small>
      </h1>
      {told ? (
        <p class={`why ${lookOf(job).tone}`}>
          {told.why} <strong>{told.fault}</strong>
        </p>
      ) : null}
      <StepList steps={job.steps} page={page} />
      <h2>Log</h2>
      {extent === null ? (
        <p>It has not started.</p>
      ) : (
        <LogNotice extent={extent} raw={`${page}/log?attempt=${job.attempt}`} />
      )}
      {extent === null ? null : <template id="log"></template>}
    </Layout>
  );
}

function LogNotice({ extent, raw }: { extent: LogExtent; raw: string }) {
  const long = extent.size > MAX_SHOWN_BYTES;
  return (
    <p>
      {long ? `The last ${size(MAX_SHOWN_BYTES)} of ${size(extent.size)}. ` : null}
      <A href={raw}>{long ? "The whole log as text" : "As text"}</A>
    </p>
  );
}
