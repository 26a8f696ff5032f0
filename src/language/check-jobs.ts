/** What must hold among a workflow's jobs and steps: known needs, no circle, ids used once, a matrix of bearable size. */

import type { JobDefinition } from "../model/workflow.ts";
import { containsExpression, ExpressionError } from "./expression.ts";
import { expandMatrix } from "./matrix.ts";
import { child, itemsOf, type Reading, stringsOf, type Token } from "./token.ts";

/** The official parser finds no names for more. */
const MAX_STEPS = 1000;

export interface ReadJob {
  token: Token;
  definition: JobDefinition;
}

/** `at` is where a workflow without jobs has its problem. */
export function checkJobs(reading: Reading, at: Token, jobs: readonly ReadJob[]): void {
  if (jobs.length === 0) {
    reading.report("workflow_invalid", "a workflow must have at least one job", at);
  }
  checkNeeds(reading, jobs);
  for (const { token, definition } of jobs) {
    checkSteps(reading, token, definition);
    const matrix = child(child(token, "strategy"), "matrix");
    if (matrix !== undefined) {
      checkMatrix(reading, definition, matrix);
    }
  }
}

function checkSteps(reading: Reading, job: Token, { steps }: JobDefinition): void {
  const token = child(job, "steps") ?? job;
  if (steps.length === 0 && child(job, "uses") === undefined) {
    reading.report("workflow_invalid", "a job must have at least one step", token);
  }
  checkStepList(reading, token, "job");
}

/** `token` is the list of steps of one job or one action. */
export function checkStepList(reading: Reading, token: Token, owner: "job" | "action"): void {
  const steps = itemsOf(token);
  if (steps.length > MAX_STEPS) {
    reading.report(
      "workflow_invalid",
      `${owner === "job" ? "a job" : "an action"} has at most ${MAX_STEPS} steps`,
      token,
    );
  }
  checkStepIds(reading, steps, owner);
}

function checkMatrix(reading: Reading, { strategy }: JobDefinition, at: Token): void {
  if (strategy.matrix === null || containsExpression(strategy.matrix)) {
    return;
  }
  try {
    expandMatrix(strategy.matrix);
  } catch (error) {
    if (!(error instanceof ExpressionError)) {
      throw error;
    }
    reading.report("workflow_invalid", error.message, at);
  }
}

/** Ids are the same in any case, as `steps.Build` finds `build`. */
function checkStepIds(reading: Reading, steps: Token[], owner: string): void {
  const seen = new Set<string>();
  for (const step of steps) {
    const token = child(step, "id");
    const id = stringsOf(token)?.[0]?.toLowerCase();
    if (token === undefined || id === undefined) {
      continue;
    }
    if (seen.has(id)) {
      reading.report("workflow_invalid", `two steps of this ${owner} have the id '${id}'`, token);
    }
    seen.add(id);
  }
}

interface Need {
  id: string;
  at: Token;
}

function checkNeeds(reading: Reading, jobs: readonly ReadJob[]): void {
  const needs = new Map(jobs.map(({ token, definition }) => [definition.id.toLowerCase(), needsOf(token)]));
  for (const [id, list] of needs) {
    for (const need of list) {
      if (!needs.has(need.id)) {
        reading.report("workflow_invalid", `job '${id}' needs '${need.id}', which is no job of this workflow`, need.at);
      }
    }
  }
  checkCircles(reading, needs);
}

function needsOf(job: Token): Need[] {
  const token = child(job, "needs");
  if (token === undefined) {
    return [];
  }
  const list = itemsOf(token).length > 0 ? itemsOf(token) : [token];
  return list.flatMap((at) => (stringsOf(at) ?? []).map((id) => ({ id: id.toLowerCase(), at })));
}

function checkCircles(reading: Reading, needs: Map<string, Need[]>): void {
  const left = jobsInCircles(needs);
  const start = [...left.keys()][0];
  if (start === undefined) {
    return;
  }
  const circle = circleFrom(start, left);
  const last = needs.get(circle[0] ?? "")?.find((need) => need.id === circle[1]);
  if (last !== undefined) {
    reading.report("workflow_invalid", `the jobs ${shortened(circle).join(" → ")} wait for each other`, last.at);
  }
}

/** Takes away what can run until nothing more can; what is left waits for itself, or for one that does. */
function jobsInCircles(needs: Map<string, Need[]>): Map<string, Set<string>> {
  const left = new Map(
    [...needs].map(([id, list]) => [id, new Set(list.map((need) => need.id).filter((other) => needs.has(other)))]),
  );
  let done: Set<string>;
  do {
    done = new Set([...left].filter(([, waits]) => waits.size === 0).map(([id]) => id));
    for (const [id, waits] of left) {
      if (done.has(id)) {
        left.delete(id);
      } else {
        left.set(id, new Set([...waits].filter((other) => !done.has(other))));
      }
    }
  } while (done.size > 0);
  return left;
}

/** Walks from one waiting job to the next until one comes a second time. */
function circleFrom(start: string, left: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const path: string[] = [];
  let id: string | undefined = start;
  while (id !== undefined && !path.includes(id)) {
    path.push(id);
    id = [...(left.get(id) ?? [])].find((other) => left.has(other));
  }
  return id === undefined ? path : [...path.slice(path.indexOf(id)), id];
}

const MAX_SHOWN_JOBS = 10;

function shortened(circle: string[]): string[] {
  return circle.length <= MAX_SHOWN_JOBS ? circle : [...circle.slice(0, MAX_SHOWN_JOBS - 2), "…", ...circle.slice(-1)];
}
