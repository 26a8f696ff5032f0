/** Where the time of a build went: a bar for each job, from being queued over its boot to its last step. */

import type { BuildView, JobView, StepKind } from "../../model/api.ts";
import { jobPagePath } from "../../model/urls.ts";
import { A, Took } from "./parts.tsx";
import { spell } from "./words.ts";

type Phase = "queued" | "boot" | StepKind | "failed";

interface Stretch {
  phase: Phase;
  title: string;
  from: number;
  to: number;
}

const WORDS = {
  queued: "queued",
  boot: "boot",
  checkout: "checkout",
  cache: "cache",
  artifact: "artifacts",
  run: "steps",
  post: "after the steps",
  failed: "failed step",
} as const satisfies Record<Phase, string>;

/** Units across a bar: it is stretched to the width there is. */
const SCALE = 1000;
/** So that a moment can be seen. */
const LEAST = 2;

export function Waterfall({ build }: { build: BuildView }) {
  const now = Date.now();
  const bars = build.jobs
    .filter(({ runAttempt, queuedAt }) => runAttempt === build.runAttempt && queuedAt !== null)
    .map((job) => ({ job, stretches: stretchesOf(job, readyAt(build, job), now) }));
  const all = bars.flatMap(({ stretches }) => stretches);
  if (all.length === 0) return null;
  const start = Math.min(...all.map(({ from }) => from));
  const span = Math.max(1, Math.max(...all.map(({ to }) => to)) - start);
  const phases = (Object.keys(WORDS) as Phase[]).filter((phase) => all.some((one) => one.phase === phase));
  return (
    <section id="timing" class="card" aria-labelledby="timing-title">
      <h2 id="timing-title">Where the time went</h2>
      <ul class="bars-list">
        {bars.map(({ job, stretches }) => (
          <li>
            <A href={jobPagePath(build.id, job.id)}>{job.name}</A>
            <Bar stretches={stretches} start={start} span={span} />
            <Took from={job.startedAt} to={job.completedAt} ended={job.status === "completed"} />
          </li>
        ))}
      </ul>
      <ul class="legend" aria-hidden="true">
        {phases.map((phase) => (
          <li>
            <svg class="fall" viewBox="0 0 10 10">
              <rect class={phase} width="10" height="10" rx="2" />
            </svg>{" "}
            {WORDS[phase]}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Bar({ stretches, start, span }: { stretches: Stretch[]; start: number; span: number }) {
  const label = stretches.map(({ title, from, to }) => `${title} ${spell(to - from)}`).join(", ");
  const at = (time: number): number => Math.round(((time - start) / span) * SCALE * 10) / 10;
  return (
    <svg class="fall" viewBox={`0 0 ${SCALE} 14`} preserveAspectRatio="none" role="img" aria-label={label}>
      {stretches.map(({ phase, title, from, to }) => (
        <rect class={phase} x={at(from)} width={Math.max(LEAST, at(to) - at(from))} height="14">
          <title>{`${title}: ${spell(to - from)}`}</title>
        </rect>
      ))}
    </svg>
  );
}

/** When nothing of its own build kept it any more: an attempt is only made once there is room for it. */
function readyAt(build: BuildView, job: JobView): number | null {
  if (job.queuedAt === null) return null;
  const needed = build.jobs.filter(
    ({ group, runAttempt }) => job.after.includes(group) && runAttempt === job.runAttempt,
  );
  const ends = needed.flatMap(({ completedAt }) => completedAt ?? []);
  const earliest = job.runAttempt === 1 ? build.createdAt : job.queuedAt;
  return Math.min(job.queuedAt, ends.length === 0 ? earliest : Math.max(...ends));
}

/** What it waited for its sandbox, the sandbox's start, then each step; what is not over reaches to now. */
function stretchesOf(job: JobView, readyAt: number | null, now: number): Stretch[] {
  const { startedAt, steps } = job;
  if (readyAt === null) return [];
  const end = job.completedAt ?? now;
  const stretches: Stretch[] = [{ phase: "queued", title: "queued", from: readyAt, to: startedAt ?? end }];
  if (startedAt !== null)
    stretches.push({ phase: "boot", title: "boot", from: startedAt, to: steps[0]?.startedAt ?? end });
  for (const step of steps.filter(({ outcome }) => outcome !== "skipped")) {
    const phase = step.outcome === "failure" ? "failed" : step.kind;
    stretches.push({ phase, title: step.name, from: step.startedAt, to: step.completedAt ?? end });
  }
  return stretches.map((one) => ({ ...one, to: Math.max(one.from, one.to) }));
}
