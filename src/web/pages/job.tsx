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
import type { Frame } from "./frame.tsx";
import { frameFor, frameOf } from "./frame.tsx";
import type { FrameRooms } from "./frame.tsx";
import { StepList } from "./jobs.tsx";
import { html, htmlStream, Layout, Notice, render, renderPart } from "./layout.tsx";
import { logHtml } from "./log-html.ts";
import { A, Badge, StatusIcon, Took, Why, workflowName } from "./parts.tsx";
import { duration, explain, lookOf, size } from "./words.ts";

type PageRooms = LogRooms & FrameRooms & Pick<Rooms, "publicUrl" | "githubUrl">;

/** Of a longer log the page shows the end. */
const MAX_SHOWN_BYTES = 2 * 1024 * 1024;

/** Stands where the log goes. No text of a page can hold it: `<` is escaped there. */
const LOG_HERE = '<template id="log-here"></template>';

export async function showJob(rooms: PageRooms, id: string, jobId: string, request: Request): Promise<Response> {
  const view = await readBuildView(rooms, id, new URL(request.url).searchParams.get("run_attempt") ?? undefined);
  if (!view.ok) return html(<Notice title="There is no such build" frame={frameOf(request)} />, view.answer.status);
  const build = view.value;
  const frame = await frameFor(rooms, request, build.repositoryId);
  const job = build.jobs.find((one) => one.id === jobId);
  if (!job) return html(<NoJob build={build} frame={frame} />, 404);
  const given = { build, job, frame, githubUrl: rooms.githubUrl };
  const attempt = await findAttempt(rooms.db, id, jobId, job.attempt);
  if (!attempt.ok) return html(<JobPage {...given} extent={null} />);
  const extent = await measureLog(rooms, attempt.value);
  const page = render(<JobPage {...given} extent={extent} />);
  const [before = "", after = ""] = page.split(LOG_HERE);
  return htmlStream(streamOf(pageParts(before, logParts(rooms, attempt.value, extent, job.steps), after)));
}

function NoJob({ build, frame }: { build: BuildView; frame: Frame }) {
  return (
    <Notice title="There is no such job" frame={frame}>
      <p>
        <A href={buildPagePath(build.id)}>{`${workflowName(build)} #${build.number}`}</A> has others.
      </p>
    </Notice>
  );
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
      <StatusIcon of={{ status: step.status, conclusion: step.outcome }} /> {step.name}{" "}
      <small>{duration(step.startedAt, step.completedAt, Date.now())}</small>
    </h3>
  );
}

interface JobPageProps {
  build: BuildView;
  job: JobView;
  extent: LogExtent | null;
  frame: Frame;
  githubUrl: string;
}

function JobPage({ build, job, extent, frame, githubUrl }: JobPageProps) {
  const page = jobPagePath(build.id, job.id);
  const crumbs = [
    { text: build.repository, href: `/repositories/${build.repository}` },
    { text: `${workflowName(build)} #${build.number}`, href: buildPagePath(build.id) },
  ];
  const live = job.status !== "completed";
  return (
    <Layout title={`${job.name} · ${build.repository}`} frame={frame} look={lookOf(job)} refresh={live} crumbs={crumbs}>
      <JobHead build={build} job={job} githubUrl={githubUrl} />
      {job.steps.length === 0 ? null : (
        <section id="steps" class="card" aria-labelledby="steps-title">
          <h2 id="steps-title">Steps</h2>
          <StepList steps={job.steps} page={page} />
        </section>
      )}
      <section id="log" class="card" data-keep="" aria-labelledby="log-title">
        <h2 id="log-title">Log</h2>
        {extent === null ? (
          <p class="muted">It has not started.</p>
        ) : (
          <LogNotice extent={extent} raw={`${page}/log?attempt=${job.attempt}`} />
        )}
        {extent === null ? null : <template id="log-here"></template>}
      </section>
    </Layout>
  );
}

function JobHead({ build, job, githubUrl }: Pick<JobPageProps, "build" | "job" | "githubUrl">) {
  const { file, line } = job.at;
  const definition = `${githubUrl}/${build.repository}/blob/${build.sha}/${file.split("/").map(encodeURIComponent).join("/")}#L${line}`;
  return (
    <section id="head" class="head" aria-label="Job">
      <div class="title">
        <StatusIcon of={job} />
        <h1>
          {job.name} <span class="number">{build.title}</span>
        </h1>
      </div>
      <div class="facts">
        <Badge of={job} />
        {job.startedAt === null ? null : (
          <span>
            took <Took from={job.startedAt} to={job.completedAt} ended={job.status === "completed"} />
          </span>
        )}
        {job.attempt > 1 ? <span>{`attempt ${job.attempt}`}</span> : null}
        {job.sandboxSize === null ? null : <span>{`${job.sandboxSize} sandbox`}</span>}
        <A href={definition}>
          <code>{`${file}:${line}`}</code>
        </A>
      </div>
      {job.conclusion === "success" ? null : <Why of={job} />}
      {job.attempts.map((one) => (
        <p class="muted">{`Attempt ${one.attempt}: ${explain(one)?.why ?? lookOf(one).word}`}</p>
      ))}
    </section>
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
