/** A build's page: how it ended, the first failure at once, then everything else. */

import { raw } from "hono/html";
import type { BuildView, DeliveryView } from "../../model/api.ts";
import { asDeliveryId } from "../../model/ids.ts";
import { jobPagePath } from "../../model/urls.ts";
import type { Problem } from "../../model/workflow.ts";
import { readDelivery } from "../../store/deliveries.ts";
import { readBuildView } from "../api/builds.ts";
import { viewDelivery } from "../api/views.ts";
import type { Rooms } from "../rooms.ts";
import { AboutBuild, Artifacts } from "./about.tsx";
import { BuildHead } from "./build-head.tsx";
import { findFailure } from "./failure.ts";
import type { Failure } from "./failure.ts";
import { frameFor, frameOf } from "./frame.tsx";
import type { Frame } from "./frame.tsx";
import type { FrameRooms } from "./frame.tsx";
import { JobGraph } from "./graph.tsx";
import { JobList } from "./jobs.tsx";
import { html, Layout, Notice } from "./layout.tsx";
import { livePage } from "./live.ts";
import { linesHtml } from "./log-html.ts";
import { Annotations, Summaries } from "./notes.tsx";
import { A, Why, workflowName } from "./parts.tsx";
import { Waterfall } from "./waterfall.tsx";
import { count, duration, lookOf } from "./words.ts";

type PageRooms = FrameRooms & Pick<Rooms, "blobs" | "logs" | "publicUrl" | "githubUrl">;

export async function showBuild(rooms: PageRooms, id: string, request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const view = await readBuildView(rooms, id, query.get("run_attempt") ?? undefined);
  if (!view.ok) return html(<NoBuild frame={frameOf(request)} />, view.answer.status);
  const build = view.value;
  const frame = await frameFor(rooms, request, build.repositoryId);
  const [failure, asked] = await Promise.all([findFailure(rooms, build), readAsked(rooms, build, query.get("asked"))]);
  // What it costs grows with the time of day alone.
  const facts = { build: build.status === "completed" ? build : { ...build, cost: null }, failure, asked };
  return livePage(request, frame, facts, () => (
    <BuildPage build={build} failure={failure} asked={asked} frame={frame} githubUrl={rooms.githubUrl} />
  ));
}

function NoBuild({ frame }: { frame: Frame }) {
  return (
    <Notice title="There is no such build" frame={frame}>
      <p>The address may be cut, the build too old, or not yours to see.</p>
    </Notice>
  );
}

/** What came of the button that led here, as long as it is about this build. */
async function readAsked(rooms: PageRooms, build: BuildView, id: string | null): Promise<DeliveryView | null> {
  const delivery = id === null ? null : await readDelivery(rooms.db, asDeliveryId(id));
  return delivery && (delivery.buildId === build.id || build.deliveryId === delivery.id)
    ? viewDelivery(delivery)
    : null;
}

interface PageProps {
  build: BuildView;
  failure: Failure | null;
  asked: DeliveryView | null;
  frame: Frame;
  githubUrl: string;
}

function BuildPage({ build, failure, asked, frame, githubUrl }: PageProps) {
  const repository = `${githubUrl}/${build.repository}`;
  const blob = `${repository}/blob/${build.sha}`;
  const title = `${workflowName(build)} #${build.number} · ${build.repository}`;
  const crumbs = [{ text: build.repository, href: `/repositories/${build.repository}` }];
  const live = build.status !== "completed" || asked?.status === "recorded";
  return (
    <Layout title={title} frame={frame} look={lookOf(build)} refresh={live} crumbs={crumbs}>
      {asked ? <Asked delivery={asked} /> : null}
      <BuildHead build={build} frame={frame} githubUrl={githubUrl} />
      <Verdict build={build} />
      {failure ? <FirstFailure build={build} failure={failure} /> : null}
      <Problems problems={build.problems} blob={blob} />
      <section id="jobs" class="card" aria-labelledby="jobs-title">
        <h2 id="jobs-title">Jobs</h2>
        {build.jobs.length === 0 ? <p class="muted">There are none.</p> : null}
        <JobGraph build={build} />
        <JobList build={build} />
      </section>
      <Annotations build={build} blob={blob} />
      <Summaries build={build} />
      <Artifacts build={build} />
      <Waterfall build={build} />
      <AboutBuild build={build} githubUrl={githubUrl} />
    </Layout>
  );
}

function Asked({ delivery }: { delivery: DeliveryView }) {
  const words = { rerun: "Rerun", cancel: "Cancel", dispatch: "Start", webhook: "Delivery", schedule: "Schedule" };
  const waits = delivery.status === "recorded";
  return (
    <section id="asked" class="card told" aria-label="What you asked for">
      <strong>{words[delivery.kind]}</strong>
      {waits ? " is asked for: it will show here in a moment." : `: ${delivery.summary ?? "done"}.`}
    </section>
  );
}

function Verdict({ build }: { build: BuildView }) {
  const passed = build.conclusion === "success";
  if (!passed && build.reason === null && build.detail === null) return null;
  return (
    <section id="verdict" aria-label="What happened">
      {passed ? <Passed build={build} /> : <Why of={build} />}
    </section>
  );
}

function Passed({ build }: { build: BuildView }) {
  const ran = build.jobs.filter(({ conclusion }) => conclusion === "success").length;
  const allowed = build.jobs.filter(({ conclusion }) => conclusion === "neutral").length;
  const skipped = build.jobs.filter(({ conclusion }) => conclusion === "skipped").length;
  const others = [
    allowed > 0 ? `, ${count(allowed, "allowed failure")}` : "",
    skipped > 0 ? `, ${skipped} skipped` : "",
  ].join("");
  const took = duration(build.startedAt, build.completedAt, Date.now());
  return (
    <div class="why good">
      <p>{`${count(ran, "job")} passed in ${took}${others}.`}</p>
    </div>
  );
}

function FirstFailure({ build, failure }: { build: BuildView; failure: Failure }) {
  const { job, step, lastLines } = failure;
  const log = jobPagePath(build.id, job.id);
  const here = step ? `${log}#step-${step.number}` : log;
  return (
    <section id="failure" class="card failure" aria-labelledby="failure-title">
      <header>
        <h2 id="failure-title">
          <A href={here}>{step ? `${job.name} › ${step.name}` : job.name}</A>
        </h2>
        <A href={here}>Open the log there</A>
      </header>
      {job.reason === build.reason ? null : <Why of={job} />}
      {step?.detail && lastLines.length === 0 ? <p>{step.detail}</p> : null}
      {/* It escapes: what it makes of the text is spans and http links, nothing else. */}
      {lastLines.length === 0 ? null : raw(linesHtml(lastLines))}
    </section>
  );
}

function Problems({ problems, blob }: { problems: Problem[]; blob: string }) {
  if (problems.length === 0) return null;
  return (
    <section id="problems" class="card problem" aria-labelledby="problems-title">
      <h2 id="problems-title">Problems of the workflow</h2>
      <ul class="notes">
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
