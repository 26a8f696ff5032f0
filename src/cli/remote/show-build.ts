/** One build on the screen: how it went, each job, what failed in it, and where to look next. */

import type { BuildView, JobView } from "../../model/api.ts";
import { formatDuration } from "../../model/duration.ts";
import { refName } from "../../model/event.ts";
import { buildPagePath } from "../../model/urls.ts";
import type { Paint } from "../paint.ts";
import { say } from "../say.ts";
import { explain, sign, timeOf } from "../words.ts";

export function hasPassed({ conclusion }: Pick<BuildView, "conclusion">): boolean {
  return conclusion === "success" || conclusion === "neutral" || conclusion === "skipped";
}

export function showBuild({ paint, url }: { paint: Paint; url: string }, build: BuildView): void {
  const name = paint("bold", `${build.workflow.name ?? build.workflow.path} #${build.number}`);
  say(`${sign(build.conclusion, paint)} ${name} ${build.repository} ${explain(build)} ${paint("dim", timeOf(build))}`);
  say(`  ${build.title}  ${refName(build.ref)} ${build.sha.slice(0, 7)}, ${build.event} by ${build.actor}`);
  for (const { at, message } of build.problems) say(`  ${at.file}:${at.line}:${at.column}: ${paint("red", message)}`);
  for (const job of build.jobs) showJob(paint, job);
  if (build.artifacts.length > 0) say(`  Artifacts: ${build.artifacts.map((one) => one.name).join(", ")}`);
  say(`  ${new URL(buildPagePath(build.id), url).href}`);
  if (build.jobs.some(({ conclusion }) => conclusion === "failure")) say(`  sandlot logs ${build.id} --failed`);
}

function showJob(paint: Paint, job: JobView): void {
  const took = job.startedAt === null ? "" : formatDuration((job.completedAt ?? Date.now()) - job.startedAt);
  const why = job.conclusion === "success" ? "" : explain(job);
  say(`  ${sign(job.conclusion, paint)} ${job.name} ${paint("dim", took)} ${why}`.trimEnd());
  for (const step of job.steps.filter(({ outcome }) => outcome === "failure")) {
    say(`      ${sign("failure", paint)} ${step.name}${step.detail === null ? "" : `: ${step.detail}`}`);
  }
}
