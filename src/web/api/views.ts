/** Makes what we store into the JSON that leaves us. */

import type {
  ArtifactFileView,
  ArtifactView,
  AttemptView,
  BuildSummary,
  DeliveryView,
  JobView,
  Outcome,
  RepositoryView,
  StepKind,
  StepView,
} from "../../model/api.ts";
import type { Build } from "../../model/build.ts";
import type { Delivery } from "../../model/delivery.ts";
import type { Repository } from "../../model/event.ts";
import type { Attempt, Job } from "../../model/job.ts";
import { FAULT } from "../../model/status.ts";
import type { Step } from "../../model/step.ts";
import type { State } from "../../model/transition.ts";
import { artifactApiUrl, artifactFileApiUrl, buildApiUrl, jobApiUrl } from "../../model/urls.ts";
import type { StepDefinition } from "../../model/workflow.ts";
import type { Artifact, ArtifactFile } from "../../store/artifacts.ts";
import type { GraphPlace } from "./job-graph.ts";

function viewOutcome(state: State): Outcome {
  if (state.status !== "completed") {
    return { status: state.status, conclusion: null, reason: null, fault: null, detail: state.detail };
  }
  const { status, conclusion, reason, detail } = state;
  return { status, conclusion, reason, fault: reason && FAULT[reason], detail };
}

/** Null also where nothing ran that could have ended: its time is 0. */
const completedAt = (state: State): number | null => (state.status === "completed" ? state.completedAt || null : null);

export function viewBuild(build: Build, repository: string, publicUrl: string): BuildSummary {
  return {
    id: build.id,
    url: buildApiUrl(publicUrl, build.id),
    repository,
    repositoryId: build.repositoryId,
    workflow: { path: build.workflowPath, name: build.workflowName },
    number: build.number,
    runAttempt: build.runAttempt,
    event: build.event,
    sha: build.sha,
    reportSha: build.reportSha,
    ref: build.ref,
    pullRequest: build.pullRequest,
    title: build.title,
    actor: build.actor.login,
    actorId: build.actor.id,
    headRef: build.headRef,
    context: build.context,
    createdAt: build.createdAt,
    startedAt: build.startedAt,
    completedAt: completedAt(build.state),
    ...viewOutcome(build.state),
  };
}

function viewAttempt(attempt: Attempt): AttemptView {
  return {
    id: attempt.id,
    attempt: attempt.attempt,
    runAttempt: attempt.runAttempt,
    sandbox: attempt.sandboxId,
    startedAt: attempt.startedAt,
    completedAt: completedAt(attempt.state),
    ...viewOutcome(attempt.state),
  };
}

/** A job as one of its attempts shows it; `state` and times are that attempt's where it is an earlier one. */
export function viewJob(
  job: Job,
  shown: { attempt: Attempt | null; state: State; startedAt: number | null; runAttempt: number },
  parts: { attempts: Attempt[]; steps: Step[]; place: GraphPlace; publicUrl: string },
): JobView {
  const { steps } = parts;
  return {
    id: job.id,
    url: jobApiUrl(parts.publicUrl, job.buildId, job.id),
    key: job.plan.key,
    name: job.name,
    needs: job.plan.definition.needs,
    ...parts.place,
    at: job.plan.definition.at,
    attempt: shown.attempt?.attempt ?? 0,
    runAttempt: shown.runAttempt,
    queuedAt: shown.attempt?.createdAt ?? null,
    sandboxSize: shown.attempt?.sandboxSize ?? null,
    startedAt: shown.startedAt,
    completedAt: completedAt(shown.state),
    outputs: shown.runAttempt === job.runAttempt ? job.outputs : {},
    steps: steps.map((step) => viewStep(step, job.plan.definition.steps)),
    caches: steps.flatMap(({ number, notes }) => (notes.cache ? [{ step: number, ...notes.cache }] : [])),
    annotations: steps.flatMap(({ number, notes }) =>
      (notes.annotations ?? []).map((annotation) => ({ step: number, ...annotation })),
    ),
    attempts: parts.attempts.filter(({ id }) => id !== shown.attempt?.id).map(viewAttempt),
    ...viewOutcome(shown.state),
  };
}

/** Its action says what a step is for; what stands behind the job's own steps are post phases. */
function kindOf(step: Step, definitions: readonly StepDefinition[]): StepKind {
  if (step.number > definitions.length) return "post";
  const definition = definitions.find(({ number }) => number === step.number);
  if (definition?.kind !== "uses") return "run";
  const [, kind = "run"] = KINDS.find(([pattern]) => pattern.test(definition.uses)) ?? [];
  return kind;
}

const KINDS: readonly [RegExp, StepKind][] = [
  [/^actions\/checkout@/i, "checkout"],
  [/^actions\/cache(\/\w+)?@/i, "cache"],
  [/^actions\/(upload|download)-artifact@/i, "artifact"],
];

function viewStep(step: Step, definitions: readonly StepDefinition[]): StepView {
  const { number, name, logFrom, startedAt, notes, state } = step;
  const kind = kindOf(step, definitions);
  const common = { number, name, kind, logFrom, summary: notes.summary ?? null, startedAt, status: state.status };
  if (state.status === "in_progress") {
    const open = { outcome: null, conclusion: null, exitCode: null, reason: null, detail: null, completedAt: null };
    return { ...common, ...open };
  }
  const { outcome, conclusion, exitCode, reason, detail } = state;
  return { ...common, outcome, conclusion, exitCode, reason, detail, completedAt: state.completedAt };
}

export function viewArtifact(artifact: Artifact, publicUrl: string): ArtifactView {
  const { name, jobId: job, runAttempt, files, bytes, createdAt, expiresAt } = artifact;
  const url = artifactApiUrl(publicUrl, artifact.buildId, name);
  return { name, job, runAttempt, files, bytes, createdAt, expiresAt, url };
}

export function viewArtifactFile(artifact: Artifact, file: ArtifactFile, publicUrl: string): ArtifactFileView {
  const { path, bytes, sha256 } = file;
  return { path, bytes, sha256, url: artifactFileApiUrl(publicUrl, artifact.buildId, artifact.name, path) };
}

export function viewRepository({ id, owner, name, defaultBranch, private: hidden }: Repository): RepositoryView {
  return { id, owner, name, defaultBranch, private: hidden };
}

export function viewDelivery(delivery: Delivery): DeliveryView {
  const { id, kind, event, action, state, receivedAt } = delivery;
  const common = { id, kind, event, action, status: state.status, receivedAt };
  switch (state.status) {
    case "recorded":
      return { ...common, summary: null, workflows: [] };
    case "done":
      return { ...common, summary: state.outcome.summary, workflows: state.outcome.workflows };
    case "failed":
      return { ...common, summary: state.error, workflows: [] };
  }
}
