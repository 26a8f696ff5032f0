/** One event becomes builds: which workflow files start, and what their jobs are. */

import { changedFiles, readWorkflowFiles } from "../github/contents.ts";
import { decideTrigger, needsChangedFiles } from "../language/trigger.ts";
import type { TriggerDecision } from "../language/trigger.ts";
import { dispatchInputs } from "../language/inputs.ts";
import { readWorkflow } from "../language/read-workflow.ts";
import type { Build } from "../model/build.ts";
import { reportContext } from "../model/build.ts";
import type { Delivery, DeliveryOutcome } from "../model/delivery.ts";
import { buildId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Workflow, WorkflowFile } from "../model/workflow.ts";
import { drawBuildNumber, insertBuild, readBuild } from "../store/builds.ts";
import { insertJob } from "../store/jobs.ts";
import type { IntakeBindings } from "./bindings.ts";
import { calledFiles } from "./called-files.ts";
import type { FoundEvent } from "./find-event.ts";
import { jobsOf } from "./plan-jobs.ts";
import { groupOf, titleOf } from "./plan-names.ts";
import { sameNames } from "./same-names.ts";

/** What one file asks for: a build of some kind, or nothing, and why. */
type FilePlan = { file: WorkflowFile; why: string } & (
  | { build: "none" }
  | { build: "run"; workflow: Workflow; inputs: Build["inputs"] }
  | { build: "invalid" }
  /** Excluded by its own filters: on a pull request that opens the gate. */
  | { build: "skipped" }
  | { build: "held" }
);

export async function planBuilds(
  env: IntakeBindings,
  delivery: Delivery,
  found: FoundEvent,
  now: number,
): Promise<DeliveryOutcome> {
  const { event, octokit } = found;
  const name = { owner: event.repository.owner, repo: event.repository.name };
  const dirs = env.WORKFLOW_DIRS.split(",").map((dir) => dir.trim());
  // A fork's own files are not trusted to say which contexts they hold up.
  const sha = event.fork ? (event.baseSha ?? event.sha) : event.sha;
  const read = await readWorkflowFiles(octokit, { ...name, sha, dirs });
  if (read.status === "commit_gone") return { summary: `Commit ${sha} is gone`, workflows: [] };
  if (read.dir === null || read.files.length === 0)
    return { summary: `No workflow file in ${dirs.join(" or ")} at ${sha.slice(0, 12)}`, workflows: [] };
  const readText = calledFiles(octokit, { ...name, sha }, { dir: read.dir, files: read.files });
  const files = await Promise.all(
    read.files
      .filter(({ path }) => wanted(env, found, path))
      .map(({ path, text }) => readWorkflow(path, text, readText)),
  );
  const plans: FilePlan[] = [];
  for (const file of sameNames(files, event)) plans.push(await planFile(found, file));
  const workflows: DeliveryOutcome["workflows"] = read.skipped.map(({ path, why }) => ({ path, buildId: null, why }));
  for (const plan of plans) {
    const build = plan.build === "none" ? null : await saveBuild(env, delivery, found, plan, now);
    workflows.push({ path: plan.file.path, buildId: build, why: plan.why });
  }
  return { summary: summaryOf(workflows), workflows };
}

function summaryOf(workflows: DeliveryOutcome["workflows"]): string {
  const builds = workflows.filter((one) => one.buildId !== null).length;
  return builds === 0 ? "No workflow starts for this event" : `${builds} build${builds === 1 ? "" : "s"}`;
}

/** A dispatch names one file; on one machine `--workflow` does. */
function wanted(env: IntakeBindings, { event }: FoundEvent, path: string): boolean {
  const matches = (asked: string): boolean => path === asked || path.endsWith(`/${asked}`);
  if (event.workflowPath !== null && !matches(event.workflowPath)) return false;
  return env.ONLY_WORKFLOW === "" || matches(env.ONLY_WORKFLOW);
}

async function planFile(found: FoundEvent, file: WorkflowFile): Promise<FilePlan> {
  const { event } = found;
  if (file.events !== null && !file.events.includes(event.name))
    return { file, build: "none", why: `It starts on ${file.events.join(", ") || "nothing"}, not on ${event.name}` };
  if (event.fork) return { file, build: "held", why: "Builds of forks are off" };
  if (file.workflow === null || file.problems.length > 0)
    return { file, build: "invalid", why: file.problems[0]?.message ?? "It can't be read" };
  return await planWorkflow(found, file, file.workflow);
}

async function planWorkflow(found: FoundEvent, file: WorkflowFile, workflow: Workflow): Promise<FilePlan> {
  const { event } = found;
  const decision = await decide(found, workflow);
  if (decision.start) return planRun(event, file, workflow);
  const gates = event.name === "pull_request" || event.name === "merge_group";
  return { file, build: decision.because === "filter" && gates ? "skipped" : "none", why: decision.why };
}

/** What was given to a dispatch is held against what the workflow asks for, as GitHub does. */
function planRun(event: FoundEvent["event"], file: WorkflowFile, workflow: Workflow): FilePlan {
  const why = `It starts on ${event.name}`;
  if (event.name !== "workflow_dispatch") return { file, build: "run", workflow, inputs: null, why };
  const inputs = dispatchInputs(workflow, event.inputs ?? {});
  if (!inputs.ok) return { file, build: "none", why: `Not started: ${inputs.problems.join("; ")}` };
  return { file, build: "run", workflow, inputs: inputs.inputs, why };
}

async function decide({ event, octokit }: FoundEvent, workflow: Workflow): Promise<TriggerDecision> {
  if (!needsChangedFiles(workflow, event)) return decideTrigger(workflow, event, null);
  if (event.baseSha === null) return decideTrigger(workflow, event, { files: [], truncated: true });
  const name = { owner: event.repository.owner, repo: event.repository.name };
  const head = event.pullRequest === null ? event.sha : event.reportSha;
  return decideTrigger(workflow, event, await changedFiles(octokit, { ...name, base: event.baseSha, head }));
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
  const named = { ...draft, ...(await namesOf(env, found, draft, plan.workflow)) };
  const planned = jobsOf(env, found, named, plan.workflow);
  const build: Build = planned.ok
    ? named
    : { ...named, problems: planned.problems, state: stateOf("invalid", planned.problems[0]?.message ?? "", now) };
  const jobs: Job[] = planned.ok ? planned.jobs : [];
  await env.DB.batch([insertBuild(env.DB, build), ...jobs.map((job) => insertJob(env.DB, job))]);
  return build;
}

async function namesOf(
  env: IntakeBindings,
  found: FoundEvent,
  build: Build,
  workflow: Workflow,
): Promise<Pick<Build, "title" | "concurrencyGroup">> {
  return { title: titleOf(env, found, build, workflow), concurrencyGroup: groupOf(env, found, build, workflow) };
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
