/** What share of the jobs in real workflows Sandlot would run, what stops the rest, and how long reading takes. Computed, never kept by hand. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { isLocalAction } from "../src/language/native-actions.ts";
import { type PreviewJob, previewJobs } from "../src/language/preview.ts";
import { readWorkflow } from "../src/language/read-workflow.ts";
import { sandboxFor } from "../src/language/runs-on.ts";
import type { JobDefinition, Problem, StepDefinition, WorkflowFile } from "../src/model/workflow.ts";
import { siblingText } from "../test/support/corpus-texts.ts";

interface Text {
  name: string;
  text: string;
}

interface Read extends Text {
  file: WorkflowFile;
  jobs: PreviewJob[];
  ms: number;
}

const NO_FILE = "there is no file";

export async function printCorpus(folder: string, json: boolean): Promise<void> {
  if (!existsSync(folder)) {
    console.log(`${folder} is not here: there are no real workflows to read`);
    return;
  }
  const texts = readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name): Text => ({ name, text: readFileSync(join(folder, name), "utf8") }));
  const all: Read[] = [];
  for (const one of texts) all.push(await read(one, texts));
  const result = summarize(all);
  console.log(json ? JSON.stringify(result, null, 2) : show(result));
}

async function read({ name, text }: Text, texts: readonly Text[]): Promise<Read> {
  const start = performance.now();
  const file = await readWorkflow(name, text, siblingText(texts, name));
  const jobs = file.workflow === null ? [] : previewJobs(file.workflow, { github: {}, inputs: null });
  return { name, text, file, jobs, ms: performance.now() - start };
}

interface Reason {
  reason: string;
  /** Jobs that it is among the reasons of, and jobs that it stops alone. */
  jobs: number;
  alone: number;
}

interface Result {
  files: { all: number; well: number; stoppedWhole: number; callOthers: number };
  jobs: { linux: number; run: number; ownActions: number; share: number };
  reasons: Reason[];
  wholeFiles: { name: string; problem: string }[];
  ms: { p50: number; p99: number; max: number };
}

function summarize(all: readonly Read[]): Result {
  const judged = all.filter(({ file }) => !file.problems.some(({ message }) => message.startsWith(NO_FILE)));
  const stopped = judged.filter(({ file }) => file.workflow === null);
  const jobs = judged.flatMap((one) =>
    (one.file.workflow?.jobs ?? []).map((job) => ({ job, legs: legsOf(job, one.jobs) })),
  );
  const linux = jobs.filter(({ job, legs }) => hasLinux(job, legs)).map(({ job }) => job);
  const lost = stopped.reduce((sum, { text }) => sum + jobsOfBroken(text), 0);
  const run = linux.filter((job) => stopsOf(job).length === 0);
  const times = all.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0) * 10) / 10;
  return {
    files: {
      all: all.length,
      well: judged.length - stopped.length,
      stoppedWhole: stopped.length,
      callOthers: all.length - judged.length,
    },
    jobs: {
      linux: linux.length + lost,
      run: run.length,
      ownActions: run.filter(usesOwnActions).length,
      share: run.length / Math.max(1, linux.length + lost),
    },
    reasons: reasonsOf(linux),
    wholeFiles: stopped.map(({ name, file }) => ({ name, problem: file.problems[0]?.message ?? "" })),
    ms: { p50: at(0.5), p99: at(0.99), max: at(1) },
  };
}

/** A called job stands in its own file as well, and is counted there. */
function legsOf(job: JobDefinition, legs: readonly PreviewJob[]): PreviewJob[] {
  return legs.filter(({ key }) => key === job.id || key.startsWith(`${job.id} (`));
}

/** A call, and labels that are computed only when the job starts, count as Linux: nothing says otherwise. */
function hasLinux(job: JobDefinition, legs: readonly PreviewJob[]): boolean {
  return job.runsOn === null || legs.some(({ labels }) => labels === null || "size" in sandboxFor(labels));
}

/** Of a file that is stopped as a whole, the jobs that do not name another system. */
function jobsOfBroken(text: string): number {
  const { jobs } = parse(text) as { jobs: Record<string, { "runs-on"?: unknown }> };
  return Object.values(jobs).filter((job) => !/windows|macos/i.test(JSON.stringify(job["runs-on"] ?? ""))).length;
}

function usesOwnActions({ steps }: JobDefinition): boolean {
  return steps.some((step) => step.kind === "uses" && isLocalAction(step.uses));
}

function reasonsOf(jobs: readonly JobDefinition[]): Reason[] {
  const found = new Map<string, Reason>();
  for (const job of jobs) {
    const kinds = new Set(stopsOf(job));
    for (const reason of kinds) {
      const one = found.get(reason) ?? { reason, jobs: 0, alone: 0 };
      found.set(reason, { reason, jobs: one.jobs + 1, alone: one.alone + (kinds.size === 1 ? 1 : 0) });
    }
  }
  return [...found.values()].sort((a, b) => b.jobs - a.jobs || b.alone - a.alone || (a.reason < b.reason ? -1 : 1));
}

/**
 * Which actions need Docker can't be read here, since the actions themselves are not: these are known to, either as Docker actions or
 * since what they run calls it. Any other action of another repository counts as one that runs.
 */
const DOCKER_ACTIONS = new RegExp(
  [
    "docker/(?!metadata-action)",
    "(github|super-linter)/super-linter",
    "pypa/(gh-action-pypi-publish|cibuildwheel)",
    "google/oss-fuzz/",
    "ossf/scorecard-action",
    "PyO3/maturin-action",
    "EmbarkStudios/cargo-deny-action",
    "codespell-project/",
    "wagoid/commitlint",
    "hadolint/",
    "helm/kind-action",
    "rhysd/actionlint",
    "jidicula/clang-format",
    "zizmorcore/",
    "addnab/docker-run",
    "uraimo/run-on-arch",
    "vmactions/",
    "cross-platform-actions/",
  ]
    .map((name) => `^${name}`)
    .join("|"),
  "i",
);

/** A line of a script that calls it. */
const CALLS_DOCKER = /^\s*(sudo\s+)?docker(-compose)?\s/m;

/** Why a job would not run; empty where it would. */
function stopsOf({ unsupported, steps }: JobDefinition): string[] {
  return [...(unsupported ?? []).map(kindOf), ...steps.flatMap(dockerIn)];
}

function dockerIn(step: StepDefinition): string[] {
  if (step.kind === "uses")
    return DOCKER_ACTIONS.test(step.uses) ? [`the action ${step.uses.split("@")[0] ?? ""} needs Docker`] : [];
  return typeof step.run === "string" && CALLS_DOCKER.test(step.run) ? ["a script calls docker"] : [];
}

/** One action at all its refs is one reason. */
function kindOf({ message }: Problem): string {
  if (message.startsWith("the service image '")) return "a service of another image";
  return message.startsWith("the workflow '") ? "a workflow of another repository" : message;
}

const SHOWN_REASONS = 40;

function show({ files, jobs, reasons, wholeFiles, ms }: Result): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const hidden = reasons.slice(SHOWN_REASONS);
  return [
    `${files.all} files: ${files.well} read, ${files.stoppedWhole} stopped as a whole, ${files.callOthers} left out, since they call files that are not here`,
    `${jobs.linux} jobs with a Linux leg: ${jobs.run} would run (${percent(jobs.share)}), ${jobs.ownActions} of them with actions of their repository, which are not here`,
    "",
    "What stops the rest (jobs it is among the reasons of, jobs it stops alone):",
    ...reasons
      .slice(0, SHOWN_REASONS)
      .map((one) => `${String(one.jobs).padStart(5)} ${String(one.alone).padStart(5)}  ${one.reason}`),
    ...(hidden.length > 0
      ? [`             and ${hidden.length} more reasons, each of ${hidden[0]?.jobs ?? 0} jobs or fewer`]
      : []),
    "",
    ...wholeFiles.map(({ name, problem }) => `stopped as a whole: ${name}: ${problem}`),
    `reading and planning a file: p50 ${ms.p50} ms, p99 ${ms.p99} ms, longest ${ms.max} ms`,
  ].join("\n");
}
