/** A build's page: how it ended, the first failure at once, then everything else. */

import { raw } from "hono/html";
import type { ArtifactView, BuildView, CacheUse, JobView } from "../../model/api.ts";
import { refName } from "../../model/event.ts";
import type { Problem } from "../../model/workflow.ts";
import { artifactPagePath, buildPagePath, jobPagePath } from "../../model/urls.ts";
import { readBuildView } from "../api-builds.ts";
import type { Rooms } from "../rooms.ts";
import { findFailure } from "./failure.ts";
import type { Failure } from "./failure.ts";
import { A, Badge, html, Layout, Notice, Time } from "./layout.tsx";
import { linesHtml } from "./log-html.ts";
import { StepList } from "./steps.tsx";
import { duration, explain, lookOf, size } from "./words.ts";

type PageRooms = Pick<Rooms, "db" | "blobs" | "logs" | "publicUrl" | "githubUrl">;

export async function showBuild(rooms: PageRooms, id: string, runAttempt: string | undefined): Promise<Response> {
  const view = await readBuildView(rooms, id, runAttempt);
  if (!view.ok) return html(<Notice title="No such build" />, view.answer.status);
  const build = view.value;
  const failure = await findFailure(rooms, build);
  const title = `${build.workflow.name ?? build.workflow.path} #${build.number}`;
  const repository = `${rooms.githubUrl}/${build.repository}`;
  return html(
    <Layout title={`${title} · ${build.repository}`} look={lookOf(build)} refresh={build.status !== "completed"}>
      <Heading build={build} title={title} repository={repository} />
      <Why of={build} />
      {failure ? <FirstFailure build={build} failure={failure} /> : null}
      <Problems problems={build.problems} blob={`${repository}/blob/${build.sha}`} />
      <h2>Jobs</h2>
      {build.jobs.length === 0 ? <p>There are none.</p> : null}
      {build.jobs.map((job) => (
        <Job build={build} job={job} />
      ))}
      <Artifacts build={build} artifacts={build.artifacts} />
    </Layout>,
  );
}

function Heading({ build, title, repository }: { build: BuildView; title: string; repository: string }) {
  return (
    <>
      <p>
        <A href={`/repositories/${build.repository}`}>{build.repository}</A>
      </p>
      <h1>
        <Badge of={build} /> {title}
      </h1>
      <p class="title">{build.title}</p>
      <dl>
        <dt>Commit</dt>
        <dd>
          <A href={`${repository}/commit/${build.reportSha}`}>
            <code>{build.reportSha.slice(0, 7)}</code>
          </A>{" "}
          on <code>{refName(build.ref)}</code>
          {build.pullRequest === null ? null : (
            <>
              , <A href={`${repository}/pull/${build.pullRequest}`}>{`pull request ${build.pullRequest}`}</A>
            </>
          )}
        </dd>
        <dt>Started by</dt>
        <dd>{`${build.event} of ${build.actor}`}</dd>
        <dt>Made</dt>
        <dd>
          <Time at={build.createdAt} />
        </dd>
        <dt>Took</dt>
        <dd>{duration(build.startedAt, build.completedAt, Date.now()) || "not started"}</dd>
        <dt>Run attempt</dt>
        <dd>
          {build.runAttempt}
          {build.runAttempt > 1 ? (
            <>
              {" "}
              <A href={`${buildPagePath(build.id)}?run_attempt=${build.runAttempt - 1}`}>the one before</A>
            </>
          ) : null}
        </dd>
      </dl>
    </>
  );
}

function Why({ of }: { of: Parameters<typeof explain>[0] }) {
  const told = explain(of);
  if (!told) return null;
  return (
    <p class={`why ${lookOf(of).tone}`}>
      {told.why} <strong>{told.fault}</strong>
    </p>
  );
}

function FirstFailure({ build, failure }: { build: BuildView; failure: Failure }) {
  const { job, step, lastLines } = failure;
  const log = jobPagePath(build.id, job.id);
  return (
    <section class="failure" aria-label="First failure">
      <h2>
        <A href={step ? `${log}#step-${step.number}` : log}>{step ? `${job.name} › ${step.name}` : job.name}</A>
      </h2>
      {job.detail === null || job.detail === build.detail ? null : <Why of={job} />}
      {step?.detail ? <p>{step.detail}</p> : null}
      {/* It escapes: what it makes of the text is spans and http links, nothing else. */}
      {lastLines.length === 0 ? null : raw(linesHtml(lastLines))}
    </section>
  );
}

function Problems({ problems, blob }: { problems: Problem[]; blob: string }) {
  if (problems.length === 0) return null;
  return (
    <section class="failure" aria-label="Problems of the workflow">
      <h2>Problems</h2>
      <ul>
        {problems.map(({ at, message }) => (
          <li>
            <A href={`${blob}/${at.file.split("/").map(encodeURIComponent).join("/")}#L${at.line}`}>
              <code>{`${at.file}:${at.line}:${at.column}`}</code>
            </A>{" "}
            {message}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Job({ build, job }: { build: BuildView; job: JobView }) {
  const told = explain(job);
  return (
    <details open={job.status === "in_progress" || job.conclusion === "failure" || job.conclusion === "timed_out"}>
      <summary>
        <Badge of={job} /> {job.name} <small>{duration(job.startedAt, job.completedAt, Date.now())}</small>
      </summary>
      <p>
        {job.attempt > 0 ? <A href={jobPagePath(build.id, job.id)}>Log</A> : "It has not started."}
        {job.needs.length === 0 ? null : ` Needs ${job.needs.join(", ")}.`} {told?.why}
      </p>
      <StepList steps={job.steps} page={jobPagePath(build.id, job.id)} />
      {job.annotations.length + job.caches.length === 0 ? null : <Notes job={job} />}
    </details>
  );
}

function Notes({ job }: { job: JobView }) {
  return (
    <ul>
      {job.annotations.map(({ level, message, file, line }) => (
        <li>
          <strong>{level}</strong> {file === null ? null : <code>{line === null ? file : `${file}:${line}`}</code>}{" "}
          {message}
        </li>
      ))}
      {mergeCaches(job.caches).map(({ key, matchedKey, saved, bytes }) => (
        <li>
          Cache <code>{key}</code>: {matchedKey === null ? "miss" : "hit"}
          {saved ? `, saved${bytes === null ? "" : ` ${size(bytes)}`}` : null}
        </li>
      ))}
    </ul>
  );
}

/** What a step found and what its post step saved are one line. */
function mergeCaches(caches: CacheUse[]): CacheUse[] {
  const byKey = new Map<string, CacheUse>();
  for (const use of caches) {
    const known = byKey.get(use.key);
    if (!known || use.saved) byKey.set(use.key, { ...use, matchedKey: known?.matchedKey ?? use.matchedKey });
  }
  return [...byKey.values()];
}

function Artifacts({ build, artifacts }: { build: BuildView; artifacts: ArtifactView[] }) {
  if (artifacts.length === 0) return null;
  return (
    <>
      <h2>Artifacts</h2>
      <ul>
        {artifacts.map(({ name, files, bytes, expiresAt }) => (
          <li>
            <A href={artifactPagePath(build.id, name)}>{name}</A>{" "}
            {`${files} ${files === 1 ? "file" : "files"}, ${size(bytes)}, until `}
            <Time at={expiresAt} /> <A href={`${artifactPagePath(build.id, name)}/zip`}>zip</A>
          </li>
        ))}
      </ul>
      <p>
        <A href={`${buildPagePath(build.id)}/artifacts.zip`}>All as one zip</A>
      </p>
    </>
  );
}
