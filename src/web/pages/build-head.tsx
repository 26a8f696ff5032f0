/** The head of a build's page: what was built, for whom, how long, and the buttons. */

import type { BuildView } from "../../model/api.ts";
import { buildPagePath } from "../../model/urls.ts";
import type { Frame } from "./frame.tsx";
import { A, Badge, Commit, Person, StatusIcon, Time, Took, Where, workflowName } from "./parts.tsx";

interface HeadProps {
  build: BuildView;
  frame: Frame;
  githubUrl: string;
}

export function BuildHead({ build, frame, githubUrl }: HeadProps) {
  return (
    <section id="head" class="head" aria-label="Build">
      <div class="headline">
        <div class="title">
          <StatusIcon of={build} />
          <h1>
            {build.title || workflowName(build)} <span class="number">{`${workflowName(build)} #${build.number}`}</span>
          </h1>
        </div>
        {frame.mayAct ? <Acts build={build} /> : null}
      </div>
      <div class="facts">
        <Badge of={build} />
        <span>
          <Commit build={build} githubUrl={githubUrl} /> on <Where build={build} githubUrl={githubUrl} />
        </span>
        <span>
          {build.event} by <Person login={build.actor} id={build.actorId} githubUrl={githubUrl} />
        </span>
        <Time at={build.createdAt} />
        {build.startedAt === null ? null : (
          <span>
            {build.status === "completed" ? "took" : "running for"}{" "}
            <Took from={build.startedAt} to={build.completedAt} ended={build.status === "completed"} />
          </span>
        )}
        {build.newestRunAttempt > 1 ? <RunAttempts build={build} /> : null}
      </div>
    </section>
  );
}

function RunAttempts({ build }: { build: BuildView }) {
  const all = Array.from({ length: build.newestRunAttempt }, (_, n) => n + 1);
  return (
    <nav class="attempts" aria-label="Run attempts">
      run attempt{" "}
      {all.map((n) =>
        n === build.runAttempt ? (
          <strong aria-current="page">{n}</strong>
        ) : (
          <A href={`${buildPagePath(build.id)}?run_attempt=${n}`} label={`Run attempt ${n}`}>
            {n}
          </A>
        ),
      )}
    </nav>
  );
}

function Acts({ build }: { build: BuildView }) {
  if (build.runAttempt < build.newestRunAttempt) return null;
  return <div class="acts">{build.status === "completed" ? <Rerun build={build} /> : <Cancel build={build} />}</div>;
}

function Rerun({ build }: { build: BuildView }) {
  if (build.jobs.length === 0) return null;
  const failed = build.jobs.some(({ conclusion }) => ["failure", "cancelled", "timed_out"].includes(conclusion ?? ""));
  const to = `${buildPagePath(build.id)}/rerun`;
  return (
    <form method="post" action={to}>
      {failed ? (
        <>
          <button class="primary" name="jobs" value="failed">
            Rerun failed jobs
          </button>{" "}
        </>
      ) : null}
      <button name="jobs" value="all">
        Rerun all jobs
      </button>
    </form>
  );
}

/** It destroys: so it asks first, in the page itself, with or without script. */
function Cancel({ build }: { build: BuildView }) {
  const asked = build.cancelRequested;
  return (
    <details id="cancel">
      <summary class="button">{asked ? "Stop by force…" : "Cancel…"}</summary>
      <form method="post" action={`${buildPagePath(build.id)}/cancel`}>
        <p>
          {asked
            ? `${asked.by} asked for it; steps with always() still run. By force, they are stopped too.`
            : "Running steps are stopped and waiting jobs are not started. Steps with always() still run."}
        </p>
        <button class="danger">{asked ? "Stop it now" : "Cancel this build"}</button>
      </form>
    </details>
  );
}
