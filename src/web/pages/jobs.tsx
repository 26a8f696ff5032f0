/** The jobs of a build with their steps, unfolded where something is to be seen. */

import type { BuildView, JobView, StepView } from "../../model/api.ts";
import { jobPagePath } from "../../model/urls.ts";
import { A, StatusIcon, Took } from "./parts.tsx";
import { explain } from "./words.ts";

/** Steps of so many jobs are shown at once; of the others on their own pages. */
const MAX_UNFOLDED = 5;

export function JobList({ build }: { build: BuildView }) {
  const worth = build.jobs.filter(
    ({ status, conclusion }) => status === "in_progress" || conclusion === "failure" || conclusion === "timed_out",
  );
  const open = new Set(worth.slice(0, MAX_UNFOLDED).map(({ id }) => id));
  return (
    <ul class="jobs">
      {build.jobs.map((job) => (
        <li>
          <JobEntry build={build} job={job} open={open.has(job.id)} />
        </li>
      ))}
    </ul>
  );
}

function JobEntry({ build, job, open }: { build: BuildView; job: JobView; open: boolean }) {
  const page = jobPagePath(build.id, job.id);
  const told = job.conclusion === "success" ? null : explain(job);
  if (job.steps.length === 0)
    return (
      <div class="closed">
        <StatusIcon of={job} />
        <span>
          <A class="name" href={page}>
            {job.name}
          </A>{" "}
          {told ? <small>{told.why}</small> : <After job={job} />}
        </span>
        <Took from={job.startedAt} to={job.completedAt} ended={job.status === "completed"} />
      </div>
    );
  return (
    <>
      <details id={`job-${job.id}`} open={open}>
        <summary>
          <StatusIcon of={job} />
          <span>
            <span class="name">{job.name}</span> <After job={job} />
          </span>
          <Took from={job.startedAt} to={job.completedAt} ended={job.status === "completed"} />
        </summary>
        <div class="inside">
          {told && job.reason !== "step_failed" ? <p class="muted">{told.why}</p> : null}
          <StepList steps={job.steps} page={page} />
        </div>
      </details>
      <A class="jump" href={page} label={`Log of ${job.name}`}>
        Log
      </A>
    </>
  );
}

/** For whoever has no room for the graph. */
function After({ job }: { job: JobView }) {
  return job.after.length === 0 ? null : <small class="after">{`after ${job.after.join(", ")}`}</small>;
}

export function StepList({ steps, page }: { steps: StepView[]; page: string }) {
  if (steps.length === 0) return null;
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li>
          <StatusIcon of={{ status: step.status, conclusion: step.outcome }} />
          <A href={`${page}#step-${step.number}`}>{step.name}</A>
          {step.outcome === "skipped" ? (
            <small>skipped</small>
          ) : (
            <Took from={step.startedAt} to={step.completedAt} ended={step.status === "completed"} />
          )}
          <StepNote step={step} />
        </li>
      ))}
    </ol>
  );
}

/** A failure that was allowed is shown as what it was, and why nobody minds. */
function StepNote({ step }: { step: StepView }) {
  const allowed = step.outcome === "failure" && step.conclusion === "success";
  const words = [step.detail, allowed ? "It failed; continue-on-error lets the job go on." : null];
  const text = words.filter((one) => one !== null && one !== "").join(" ");
  return text === "" ? null : <span class="note">{text}</span>;
}
