/** A workflow to the jobs of a build: its matrices expanded and its calls followed, as far as that can be before anything ran. */

import type { JobDefinition, PlannedCall, PlannedJob, Workflow } from "../model/workflow.ts";
import { chainOf } from "./chain.ts";
import { containsExpression, type Contexts, evaluateData, evaluateTemplate, isExpression } from "./expression.ts";
import { expandNamed, legName } from "./matrix.ts";
import { narrowed } from "./permissions.ts";

type Called = Readonly<Record<string, Workflow>>;

/** In the file's order. A matrix that holds an expression stays one job with `unexpanded`, for `expandJob` once its needs are done. */
export function planJobs(workflow: Workflow): PlannedJob[] {
  return workflow.jobs.flatMap((definition) => planDefinition(definition, workflow.called ?? {}, null));
}

/**
 * The legs of a job whose matrix is computed, and the jobs under each where it calls a workflow; `contexts` are `github`,
 * `inputs`, `vars` and `needs`. A job that is expanded already is returned as it is. Throws `ExpressionError` where the
 * matrix comes out wrong: the job fails.
 */
export function expandJob(job: PlannedJob, contexts: Contexts): PlannedJob[] {
  const { called = {}, ...plan } = job;
  const { matrix } = plan.definition.strategy;
  if (!plan.unexpanded || matrix === null) {
    return [job];
  }
  return legsOf(plan.definition, evaluateData(matrix, contexts), plan.call ?? null).flatMap((leg) =>
    unfold(leg, called),
  );
}

/**
 * The name as shown, `caller / job` under a call; `contextsOf` gives each of the two what it may look at. GitHub puts the
 * matrix values behind a name that is plain text, and takes one that is computed as it is. Throws `ExpressionError`.
 */
export function jobName(job: PlannedJob, contextsOf: (job: PlannedJob) => Contexts): string {
  return chainOf(job)
    .reverse()
    .map((one) => ownName(one, contextsOf(one)))
    .join(SEPARATOR);
}

/** How GitHub parts the name of a called job from its caller's. */
const SEPARATOR = " / ";

function ownName(job: PlannedJob, contexts: Contexts): string {
  const { id, name } = job.definition;
  if (name !== null && isExpression(name)) {
    return evaluateTemplate(name, contexts) || id;
  }
  const shown = name === null || name.trim() === "" ? id : name;
  // The key is the id with the values behind it, after the caller's.
  const from = job.call === undefined ? 0 : job.call.caller.key.length + SEPARATOR.length;
  return legName(shown + job.key.slice(from + id.length), []);
}

function planDefinition(definition: JobDefinition, called: Called, call: PlannedCall | null): PlannedJob[] {
  const { matrix } = definition.strategy;
  if (matrix !== null && !containsExpression(matrix)) {
    return legsOf(definition, matrix, call).flatMap((leg) => unfold(leg, called));
  }
  const key = keyOf(definition.id, call);
  return unfold(
    { key, definition, matrix: null, leg: { index: 0, total: 1 }, unexpanded: matrix !== null, ...under(call) },
    called,
  );
}

/** A calling job is the jobs of what it calls; one that is still to be expanded keeps the files for then. */
function unfold(caller: PlannedJob, called: Called): PlannedJob[] {
  const { uses, unsupported } = caller.definition;
  const workflow = uses === undefined ? undefined : called[uses.path];
  if (uses === undefined || workflow === undefined || unsupported !== undefined) {
    return [caller];
  }
  if (caller.unexpanded) {
    return [{ ...caller, called }];
  }
  const contract = workflow.contract ?? { inputs: [], secrets: [], outputs: {} };
  const call: PlannedCall = { caller, path: uses.path, env: workflow.env, contract };
  return workflow.jobs.flatMap((job) => {
    const permissions = narrowed(job.permissions ?? workflow.permissions, caller.definition.permissions);
    return planDefinition({ ...job, permissions }, called, call);
  });
}

function legsOf(definition: JobDefinition, matrix: unknown, call: PlannedCall | null): PlannedJob[] {
  const legs = expandNamed(matrix);
  const taken = new Map<string, number>();
  return legs.map(({ values, segments }, index) => {
    const name = legName(definition.id, segments);
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return {
      key: keyOf(count === 1 ? name : `${name} #${count}`, call),
      definition,
      matrix: values,
      leg: { index, total: legs.length },
      unexpanded: false,
      ...under(call),
    };
  });
}

function keyOf(name: string, call: PlannedCall | null): string {
  return call === null ? name : `${call.caller.key}${SEPARATOR}${name}`;
}

function under(call: PlannedCall | null): Pick<PlannedJob, "call"> {
  return call === null ? {} : { call };
}
