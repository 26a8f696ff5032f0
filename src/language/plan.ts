/** A workflow to the jobs of a build: its matrices expanded, as far as they can be before anything ran. */

import type { JobDefinition, PlannedJob, Workflow } from "../model/workflow.ts";
import { containsExpression, type Contexts, evaluateData, evaluateTemplate, isExpression } from "./expression.ts";
import { expandNamed, legName } from "./matrix.ts";

/** In the file's order. A matrix that holds an expression stays one job with `unexpanded`, for `expandJob` once its needs are done. */
export function planJobs(workflow: Workflow): PlannedJob[] {
  return workflow.jobs.flatMap((definition) => {
    const { matrix } = definition.strategy;
    if (matrix === null) {
      return [single(definition, { unexpanded: false })];
    }
    return containsExpression(matrix) ? [single(definition, { unexpanded: true })] : legsOf(definition, matrix);
  });
}

/**
 * The legs of a job whose matrix is computed; `contexts` are `github`, `inputs`, `vars` and `needs`. A job that is expanded
 * already is returned as it is. Throws `ExpressionError` where the matrix comes out wrong: the job fails.
 */
export function expandJob(job: PlannedJob, contexts: Contexts): PlannedJob[] {
  const { matrix } = job.definition.strategy;
  if (!job.unexpanded || matrix === null) {
    return [job];
  }
  return legsOf(job.definition, evaluateData(matrix, contexts));
}

/**
 * The name as shown. GitHub puts the matrix values behind a name that is plain text, and takes one that is computed as it is.
 * Throws `ExpressionError`.
 */
export function jobName(job: PlannedJob, contexts: Contexts): string {
  const { id, name } = job.definition;
  if (name !== null && isExpression(name)) {
    return evaluateTemplate(name, contexts) || id;
  }
  // The key is the id with the values behind it.
  const shown = name === null || name.trim() === "" ? id : name;
  return legName(shown + job.key.slice(id.length), []);
}

function single(definition: JobDefinition, { unexpanded }: { unexpanded: boolean }): PlannedJob {
  return { key: definition.id, definition, matrix: null, leg: { index: 0, total: 1 }, unexpanded };
}

function legsOf(definition: JobDefinition, matrix: unknown): PlannedJob[] {
  const legs = expandNamed(matrix);
  const taken = new Map<string, number>();
  return legs.map(({ values, segments }, index) => {
    const name = legName(definition.id, segments);
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return {
      key: count === 1 ? name : `${name} #${count}`,
      definition,
      matrix: values,
      leg: { index, total: legs.length },
      unexpanded: false,
    };
  });
}
