/** A job's page: its steps and its log. */

import type { BuildView, JobView } from "../../model/api.ts";
import { buildPagePath, jobPagePath } from "../../model/urls.ts";
import { readBuildView } from "../api/builds.ts";
import { findAttempt } from "../api/logs.ts";
import { openLogView } from "../log/open.ts";
import type { LogView } from "../log/open.ts";
import type { LogRooms } from "../log/reader.ts";
import { LogSection } from "../log/section.tsx";
import type { Rooms } from "../rooms.ts";
import { frameFor, frameOf } from "./frame.tsx";
import type { Frame } from "./frame.tsx";
import type { FrameRooms } from "./frame.tsx";
import { StepList } from "./jobs.tsx";
import { html, Layout, Notice } from "./layout.tsx";
import { LIVE_HEADER, livePage } from "./live.ts";
import { A, Badge, StatusIcon, Took, Why, workflowName } from "./parts.tsx";
import { explain, lookOf } from "./words.ts";

type PageRooms = LogRooms & FrameRooms & Pick<Rooms, "publicUrl" | "githubUrl">;

export async function showJob(rooms: PageRooms, id: string, jobId: string, request: Request): Promise<Response> {
  const view = await readBuildView(rooms, id, new URL(request.url).searchParams.get("run_attempt") ?? undefined);
  if (!view.ok) return html(<Notice title="There is no such build" frame={frameOf(request)} />, view.answer.status);
  const build = view.value;
  const frame = await frameFor(rooms, request, build.repositoryId);
  const job = build.jobs.find((one) => one.id === jobId);
  if (!job) return html(<NoJob build={build} frame={frame} />, 404);
  const given = { build, job, frame, githubUrl: rooms.githubUrl };
  const attempt = await findAttempt(rooms.db, id, jobId, job.attempt);
  // The page's script asks for what stands around the log: the log has its own way to stay true.
  if (request.headers.has(LIVE_HEADER)) {
    const facts = { title: build.title, job, started: attempt.ok };
    return livePage(request, frame, facts, () => <JobPage {...given} log={attempt.ok ? "kept" : null} />);
  }
  const log = attempt.ok ? await openLogView(rooms, job, attempt.value, request.url) : null;
  return html(<JobPage {...given} log={log} />);
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

interface JobPageProps {
  build: BuildView;
  job: JobView;
  /** Null before it has started; `kept` where the browser has it. */
  log: LogView | "kept" | null;
  frame: Frame;
  githubUrl: string;
}

function JobPage({ build, job, log, frame, githubUrl }: JobPageProps) {
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
      {log === null && !live ? null : (
        <section id="log" class="card" {...(log === null ? {} : { "data-keep": "" })} aria-labelledby="log-title">
          <h2 id="log-title">Log</h2>
          {log === null ? <p class="muted">It has not started.</p> : null}
          {log === null || log === "kept" ? null : <LogSection log={log} />}
        </section>
      )}
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
            {job.status === "completed" ? "took" : "running for"}{" "}
            <Took from={job.startedAt} to={job.completedAt} ended={job.status === "completed"} />
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
