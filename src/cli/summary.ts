/** The end of a run in a few lines: what failed and with which words, each job, caches, artifacts, and what GitHub would show. */

import type { BuildView, JobView } from "../model/api.ts";
import { formatDuration } from "../model/duration.ts";
import type { Summary } from "./events.ts";
import { drawLine, type Paint } from "./paint.ts";
import { countOf, explain, formatBytes, sign, timeOf } from "./words.ts";

export function drawSummary(summary: Summary, paint: Paint, options: { colour: boolean }): string {
  const parts = [
    ...summary.failures.map((failure) => drawFailure(failure, paint, options)),
    ...summary.builds.map((build) => drawBuild(build, paint)),
    drawArtifacts(summary, paint),
    drawStatuses(summary, paint),
    drawVerdict(summary, paint),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function drawFailure(failure: Summary["failures"][number], paint: Paint, options: { colour: boolean }): string {
  const why = failure.detail === null ? "" : `: ${failure.detail}`;
  const lines = failure.lines.map((line) => drawLine(line, paint, options)).filter((line) => line !== null);
  const title = paint("red", `✗ ${failure.job} / ${failure.step}${why}`);
  return `${[title, ...lines.map((line) => `    ${line}`)].join("\n")}\n`;
}

function drawBuild(build: BuildView, paint: Paint): string {
  const name = paint("bold", build.workflow.name ?? build.workflow.path);
  const why = build.conclusion === "success" ? "" : ` ${explain(build)}`;
  const title = `${sign(build.conclusion, paint)} ${name} ${paint("dim", timeOf(build))}${why}`;
  return [title, ...build.jobs.map((job) => drawJob(job, paint))].join("\n");
}

function drawJob(job: JobView, paint: Paint): string {
  const steps = job.steps.length === 0 ? "" : countOf(job.steps.length, "step");
  const facts = [timeOf(job), steps, ...mergeCaches(job.caches).map(drawCache)]
    .filter((fact) => fact !== "")
    .join(", ");
  const why = job.conclusion === "success" ? "" : ` ${explain(job)}`;
  return `  ${sign(job.conclusion, paint)} ${job.name} ${paint("dim", facts)}${why}`;
}

type CacheUse = JobView["caches"][number];

/** A cache is used twice, by the step and by its post step: said once, of each key. */
function mergeCaches(caches: readonly CacheUse[]): CacheUse[] {
  const merged = new Map<string, CacheUse>();
  for (const cache of caches) {
    const known = merged.get(cache.key);
    merged.set(cache.key, {
      ...cache,
      matchedKey: known?.matchedKey ?? cache.matchedKey,
      bytes: known?.bytes ?? cache.bytes,
      saved: cache.saved || known?.saved === true,
    });
  }
  return [...merged.values()];
}

function drawCache(cache: CacheUse): string {
  const size = cache.bytes === null ? "" : ` (${formatBytes(cache.bytes)})`;
  if (cache.matchedKey === cache.key) return `cache hit ${shorten(cache.key)}${size}`;
  const found =
    cache.matchedKey === null ? `cache miss ${shorten(cache.key)}` : `cache hit ${shorten(cache.matchedKey)}`;
  return cache.saved ? `${found}, saved${size}` : found;
}

const MAX_KEY_CHARS = 32;

/** Most of a key is often a hash. */
function shorten(key: string): string {
  return key.length > MAX_KEY_CHARS ? `${key.slice(0, MAX_KEY_CHARS - 1)}…` : key;
}

function drawArtifacts({ artifacts }: Summary, paint: Paint): string {
  return artifacts
    .map((artifact) => {
      const facts = `${countOf(artifact.files, "file")}, ${formatBytes(artifact.bytes)}`;
      const where = artifact.savedTo === null ? paint("dim", "--artifacts DIR keeps it") : artifact.savedTo;
      return `Artifact ${paint("bold", artifact.name)} (${facts}) ${where}`;
    })
    .join("\n");
}

const STATUS_SIGNS = { success: "success", failure: "failure", error: "failure", pending: null } as const;

function drawStatuses({ statuses }: Summary, paint: Paint): string {
  if (statuses.length === 0) return "";
  const lines = statuses.map((status) => {
    const description = status.description === null ? "" : paint("dim", ` ${status.description}`);
    return `  ${sign(STATUS_SIGNS[status.state], paint)} ${status.context}${description}`;
  });
  return ["GitHub would show", ...lines].join("\n");
}

const VERDICTS = { 0: "Passed", 1: "Failed", 2: "Could not be built" } as const;

function drawVerdict({ exitCode, durationMs, builds }: Summary, paint: Paint): string {
  const jobs = countOf(
    builds.reduce((sum, build) => sum + build.jobs.length, 0),
    "job",
  );
  const verdict = exitCode === 0 || exitCode === 1 || exitCode === 2 ? VERDICTS[exitCode] : "Stopped";
  return `${paint(exitCode === 0 ? "green" : "red", verdict)}: ${jobs} in ${formatDuration(durationMs)}`;
}
