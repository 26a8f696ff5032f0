/** One event becomes builds: which workflow files start, and what their jobs are. */

import { readWorkflowFiles, workflowDirs } from "../github/contents.ts";
import { readWorkflow } from "../language/read-workflow.ts";
import { sameNames } from "../language/same-names.ts";
import type { Build } from "../model/build.ts";
import { reportContext } from "../model/build.ts";
import type { Delivery, DeliveryOutcome } from "../model/delivery.ts";
import { buildId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Problem, Workflow, WorkflowFile } from "../model/workflow.ts";
import { MAX_OPEN_BUILDS } from "../model/limits.ts";
import { countOpenBuilds } from "../store/brakes.ts";
import { drawBuildNumber, insertBuild, readBuild } from "../store/builds.ts";
import { insertJob } from "../store/jobs.ts";
import { scopesOf } from "../store/scopes.ts";
import { readVariables } from "../store/variables.ts";
import type { IntakeBindings } from "./bindings.ts";
import { calledFiles } from "./called-files.ts";
import type { FoundEvent } from "./find-event.ts";
import { grantProblems } from "./plan-grants.ts";
import { planFile } from "./plan-file.ts";
import type { FilePlan } from "./plan-file.ts";
import { jobsOf } from "./plan-jobs.ts";
import { concurrencyOf, titleOf } from "./plan-names.ts";
import { keepSchedule } from "./schedules.ts";

export async function planBuilds(
  env: IntakeBindings,
  delivery: Delivery,
  found: FoundEvent,
  now: number,
): Promise<DeliveryOutcome> {
  const { event } = found;
  const read = await readFiles(env, found);
  if ("gone" in read) return { summary: read.gone, workflows: [] };
  await keepTimes(env, delivery, event, read.files);
  if ("empty" in read) return { summary: read.empty, workflows: [] };
  const plans: FilePlan[] = [];
  for (const file of sameNames(read.files, event)) plans.push(await planFile(found, file));
  const workflows: DeliveryOutcome["workflows"] = read.skipped.map(({ path, why }) => ({ path, buildId: null, why }));
  const settled = { ...found, vars: await variablesOf(env, found, plans) };
  for (const plan of plans) {
    const build = plan.build === "none" ? null : await saveBuild(env, delivery, settled, plan, now);
    workflows.push({ path: plan.file.path, buildId: build, why: plan.why });
  }
  return { summary: summaryOf(workflows), workflows };
}

/** Of the owner and the repository. */
async function variablesOf(
  env: IntakeBindings,
  { event }: FoundEvent,
  plans: readonly FilePlan[],
): Promise<Record<string, string>> {
  if (event.fork || plans.every(({ build }) => build !== "run")) return {};
  return await readVariables(env.DB, scopesOf(event.repository));
}

type ReadFiles =
  | { files: WorkflowFile[]; skipped: { path: string; why: string }[] }
  | { files: WorkflowFile[]; empty: string }
  | { gone: string };

async function readFiles(env: IntakeBindings, found: FoundEvent): Promise<ReadFiles> {
  const { event, octokit } = found;
  // A fork's own files are not trusted to say which contexts they hold up.
  const sha = event.fork ? (event.baseSha ?? event.sha) : event.sha;
  const where = { owner: event.repository.owner, repo: event.repository.name, sha };
  const dirs = workflowDirs(env);
  const read = await readWorkflowFiles(octokit, { ...where, dirs });
  if (read.status === "commit_gone") return { gone: `Commit ${sha} is gone` };
  if (read.dir === null || read.files.length === 0)
    return { files: [], empty: `No workflow file in ${dirs.join(" or ")} at ${sha.slice(0, 12)}` };
  const named = event.workflowPath;
  if (named !== null && !read.files.some(({ path }) => isNamed(path, named)))
    return { files: [], empty: `No workflow file is ${named}: there is ${listSome(read.files)}` };
  const readText = calledFiles(octokit, where, { dir: read.dir, files: read.files });
  const files = await Promise.all(
    read.files
      .filter(({ path }) => wanted(env, found, path))
      .map(({ path, text }) => readWorkflow(path, text, readText)),
  );
  return { files, skipped: read.skipped };
}

/** A push to the default branch says which times its workflows name from now on. */
async function keepTimes(
  env: IntakeBindings,
  delivery: Delivery,
  event: FoundEvent["event"],
  files: readonly WorkflowFile[],
): Promise<void> {
  const { id, defaultBranch: branch } = event.repository;
  if (event.name !== "push" || event.ref !== `refs/heads/${branch}` || event.fork) return;
  await keepSchedule(env, { repositoryId: id, branch, files }, delivery.receivedAt);
}

function summaryOf(workflows: DeliveryOutcome["workflows"]): string {
  const builds = workflows.filter((one) => one.buildId !== null).length;
  return builds === 0 ? "No workflow starts for this event" : `${builds} build${builds === 1 ? "" : "s"}`;
}

/** A dispatch names one file; on one machine `--workflow` does. */
function wanted(env: IntakeBindings, { event }: FoundEvent, path: string): boolean {
  if (event.workflowPath !== null && !isNamed(path, event.workflowPath)) return false;
  return env.ONLY_WORKFLOW === "" || isNamed(path, env.ONLY_WORKFLOW);
}

function isNamed(path: string, asked: string): boolean {
  return path === asked || path.endsWith(`/${asked}`);
}

/** So many names are told to whoever asked for another. */
const MAX_TOLD_FILES = 10;

function listSome(files: readonly { path: string }[]): string {
  const told = files.slice(0, MAX_TOLD_FILES).map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  return files.length > told.length ? `${told.join(", ")} …` : told.join(", ");
}

/** Rows first, then the messages; a delivery that comes again finds its rows and only knocks again. */
async function saveBuild(
  env: IntakeBindings,
  delivery: Delivery,
  found: FoundEvent,
  plan: Exclude<FilePlan, { build: "none" }>,
  now: number,
): Promise<Build["id"]> {
  const id = buildId(delivery.id, plan.file.path);
  const known = await readBuild(env.DB, id);
  const build = known ?? (await insertPlanned(env, delivery, found, plan, now));
  await env.REPORTS.send({ repositoryId: build.repositoryId, sha: build.reportSha, context: build.context });
  if (build.state.status !== "completed") await env.JOBS.send({ buildId: id });
  return id;
}

async function insertPlanned(
  env: IntakeBindings,
  delivery: Delivery,
  found: FoundEvent,
  plan: Exclude<FilePlan, { build: "none" }>,
  now: number,
): Promise<Build> {
  const number = await drawBuildNumber(env.DB, found.event.repository.id, plan.file.path);
  const draft = describeBuild(delivery, found, plan, { number, now });
  if (plan.build !== "run") {
    await insertBuild(env.DB, draft).run();
    return draft;
  }
  if ((await countOpenBuilds(env.DB, draft.repositoryId, MAX_OPEN_BUILDS)) >= MAX_OPEN_BUILDS) {
    const refused: Build = { ...draft, state: tooMany(now) };
    await insertBuild(env.DB, refused).run();
    return refused;
  }
  const planned = planRun(env, found, draft, plan.workflow);
  const grant = { installationId: found.event.installationId, now };
  const build: Build = planned.ok
    ? { ...planned.build, problems: await grantProblems(env, planned.build, planned.jobs, grant) }
    : { ...draft, problems: planned.problems, state: stateOf("invalid", planned.problems[0]?.message ?? "", now) };
  const jobs: Job[] = planned.ok ? planned.jobs : [];
  await env.DB.batch([insertBuild(env.DB, build), ...jobs.map((job) => insertJob(env.DB, job))]);
  return build;
}

function planRun(
  env: IntakeBindings,
  found: FoundEvent,
  draft: Build,
  workflow: Workflow,
): { ok: true; build: Build; jobs: Job[] } | { ok: false; problems: Problem[] } {
  const concurrency = concurrencyOf(env, found, draft, workflow);
  if (concurrency !== null && "problem" in concurrency) return { ok: false, problems: [concurrency.problem] };
  const build = {
    ...draft,
    title: titleOf(env, found, draft, workflow),
    concurrencyGroup: concurrency?.group ?? null,
    workflow: { ...draft.workflow, concurrency: concurrency && { ...concurrency, group: concurrency.group ?? "" } },
  };
  const planned = jobsOf(env, found, build, workflow);
  return planned.ok ? { ok: true, build, jobs: planned.jobs } : planned;
}

function describeBuild(
  delivery: Delivery,
  { event }: FoundEvent,
  plan: Exclude<FilePlan, { build: "none" }>,
  { number, now }: { number: number; now: number },
): Build {
  const { file } = plan;
  const workflow = plan.build === "run" ? plan.workflow : null;
  return {
    id: buildId(delivery.id, file.path),
    deliveryId: delivery.id,
    repositoryId: event.repository.id,
    workflowPath: file.path,
    workflowName: file.name,
    workflow: {
      env: workflow?.env ?? {},
      concurrency: workflow?.concurrency ?? null,
      permissions: workflow?.permissions ?? null,
    },
    number,
    runAttempt: 1,
    event: event.name,
    action: event.action,
    sha: event.sha,
    reportSha: event.reportSha,
    ref: event.ref,
    baseSha: event.baseSha,
    headRef: event.headRef,
    baseRef: event.baseRef,
    pullRequest: event.pullRequest,
    fork: event.fork,
    title: event.title,
    actor: event.actor,
    inputs: plan.build === "run" ? plan.inputs : null,
    context: reportContext(file, event.name, event.ref),
    problems: plan.build === "invalid" ? file.problems : [],
    concurrencyGroup: null,
    cancelRequested: null,
    createdAt: now,
    startedAt: null,
    state: stateOf(plan.build, plan.why, now),
  };
}

function tooMany(at: number): Build["state"] {
  const detail = `Not started: ${MAX_OPEN_BUILDS} builds of this repository wait or run already. Rerun it when some have ended`;
  return { status: "completed", conclusion: "failure", reason: "out_of_capacity", detail, completedAt: at };
}

function stateOf(kind: Exclude<FilePlan["build"], "none">, why: string, at: number): Build["state"] {
  switch (kind) {
    case "run":
      return { status: "queued", detail: null };
    case "invalid":
      return {
        status: "completed",
        conclusion: "failure",
        reason: "workflow_invalid",
        detail: `The workflow file has a problem: ${why}`,
        completedAt: at,
      };
    case "skipped":
      return {
        status: "completed",
        conclusion: "skipped",
        reason: "condition_false",
        detail: `Skipped: ${why}`,
        completedAt: at,
      };
    case "held":
      return {
        status: "completed",
        conclusion: "action_required",
        reason: "fork_builds_off",
        detail: "Builds of forks are off",
        completedAt: at,
      };
  }
}
