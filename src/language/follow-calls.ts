/** From a workflow file to all that it calls: read once each, held against what they ask for, bounded in depth and number. */

import { MAX_BUILD_JOBS, MAX_CALL_LEVELS, MAX_CALLED_FILES } from "../model/limits.ts";
import type { JobDefinition, Permissions, Place, Problem, Workflow, WorkflowFile } from "../model/workflow.ts";
import { containsExpression, ExpressionError } from "./expression.ts";
import { expandMatrix } from "./matrix.ts";
import { exceeds } from "./permissions.ts";
import { type CallSite, fitsInput } from "./read-call.ts";

/** The text of a file of the same commit, by its path from the root; null where there is none. */
export type ReadText = (path: string) => Promise<string | null>;

/** A file by itself, with the calls in it. */
export interface ReadFile {
  file: WorkflowFile;
  sites: CallSite[];
}

type Files = ReadonlyMap<string, ReadFile>;

/** The file with all that it calls in `workflow.called`; what is wrong in those is a problem of this file too. */
export async function followCalls(
  root: ReadFile,
  read: (path: string, text: string) => Promise<ReadFile>,
  readText: ReadText,
): Promise<WorkflowFile> {
  const { file } = root;
  if (file.workflow === null) {
    return file;
  }
  const { files, problems } = await gather(root, read, readText);
  for (const one of files.values()) {
    problems.push(...one.sites.flatMap((site) => callProblems(site, files)));
  }
  problems.push(...levelProblems(root, files));
  if (problems.length === 0) {
    problems.push(...sizeProblems(root, files));
  }
  if (problems.length > 0) {
    const workflows = [...files.values()].map((one) => one.file.workflow);
    return { ...file, workflow: null, problems: [...problems, ...workflows.flatMap(unsupportedIn)] };
  }
  const called = [...files].flatMap(([path, one]): [string, Workflow][] =>
    one === root || one.file.workflow === null ? [] : [[path, one.file.workflow]],
  );
  return called.length === 0 ? file : { ...file, workflow: { ...file.workflow, called: Object.fromEntries(called) } };
}

export function unsupportedIn(workflow: Workflow | null): Problem[] {
  return (workflow?.jobs ?? []).flatMap((job) => job.unsupported ?? []);
}

async function gather(
  root: ReadFile,
  read: (path: string, text: string) => Promise<ReadFile>,
  readText: ReadText,
): Promise<{ files: Map<string, ReadFile>; problems: Problem[] }> {
  const files = new Map([[root.file.path, root]]);
  const problems: Problem[] = [];
  const missing = new Set<string>();
  const queue = [root];
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    for (const { call } of one.sites) {
      if (files.has(call.path)) {
        continue;
      }
      if (files.size > MAX_CALLED_FILES) {
        problems.push(invalid(call.at, `a workflow leads to at most ${MAX_CALLED_FILES} others`));
        return { files, problems };
      }
      const text = missing.has(call.path) ? null : await readText(call.path);
      if (text === null) {
        missing.add(call.path);
        problems.push(invalid(call.at, `there is no file ${call.path} at this commit`));
        continue;
      }
      const next = await read(call.path, text);
      files.set(call.path, next);
      problems.push(...next.file.problems);
      queue.push(next);
    }
  }
  return { files, problems };
}

function invalid(at: Place, message: string): Problem {
  return { reason: "workflow_invalid", message, at };
}

/** What the call gives against what the called file asks for. Names are the same in any case. */
function callProblems(site: CallSite, files: Files): Problem[] {
  const { call } = site;
  const workflow = files.get(call.path)?.file.workflow;
  if (workflow === undefined || workflow === null) {
    return [];
  }
  if (workflow.contract === undefined) {
    return [invalid(call.at, `${call.path} cannot be called: its 'on' does not name workflow_call`)];
  }
  if (workflow.concurrency !== null) {
    const message = "the 'concurrency' of a called workflow is not carried out by Sandlot";
    site.definition.unsupported = [
      ...(site.definition.unsupported ?? []),
      { reason: "unsupported", message, at: call.at },
    ];
  }
  return [...inputProblems(site, workflow), ...secretProblems(site, workflow), ...permissionProblems(site, workflow)];
}

function inputProblems({ call, inputs }: CallSite, { contract }: Workflow): Problem[] {
  const asked = new Map((contract?.inputs ?? []).map((input) => [input.name.toLowerCase(), input]));
  const given = new Set(inputs.map(({ name }) => name.toLowerCase()));
  const wrong = inputs.flatMap(({ name, value, at }) => {
    const input = asked.get(name.toLowerCase());
    if (input === undefined) {
      return invalid(at, `${call.path} has no input '${name}'`);
    }
    return fitsInput(input, value) ? [] : invalid(at, `the input '${name}' of ${call.path} is a ${input.type}`);
  });
  const absent = [...asked.values()].filter(({ name, required }) => required && !given.has(name.toLowerCase()));
  return [...wrong, ...absent.map(({ name }) => invalid(call.at, `${call.path} needs the input '${name}'`))];
}

function secretProblems({ call, secrets }: CallSite, { contract }: Workflow): Problem[] {
  if (call.secrets === "inherit") {
    return [];
  }
  const asked = new Set((contract?.secrets ?? []).map(({ name }) => name.toLowerCase()));
  const given = new Set(secrets.map(({ name }) => name.toLowerCase()));
  const unknown = secrets.filter(({ name }) => !asked.has(name.toLowerCase()));
  const absent = (contract?.secrets ?? []).filter(({ name, required }) => required && !given.has(name.toLowerCase()));
  return [
    ...unknown.map(({ name, at }) => invalid(at, `${call.path} has no secret '${name}'`)),
    ...absent.map(({ name }) => invalid(call.at, `${call.path} needs the secret '${name}'`)),
  ];
}

/** A called job may have less than its call allows, never more. */
function permissionProblems({ call, granted }: CallSite, workflow: Workflow): Problem[] {
  if (granted === null) {
    return [];
  }
  return workflow.jobs.flatMap((job) => {
    const asked: Permissions | null = job.permissions ?? workflow.permissions;
    const scope = asked === null ? null : exceeds(asked, granted);
    const level = scope === null ? "" : `${scope}: ${asked?.[scope] ?? ""}`;
    return scope === null
      ? []
      : invalid(
          call.at,
          `job '${job.id}' of ${call.path} asks for '${level}', and this call allows '${granted[scope] ?? "none"}'`,
        );
  });
}

/** Circles, and more levels than are carried out. An endless path is always too long for the latter. */
function levelProblems(root: ReadFile, files: Files): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const visit = (one: ReadFile, trail: string[]): void => {
    const key = `${trail.length} ${one.file.path}`;
    if (seen.has(key)) {
      return;
    }
    seen.add(key);
    for (const { call } of one.sites) {
      const next = files.get(call.path);
      if (trail.includes(call.path)) {
        const circle = [...trail.slice(trail.indexOf(call.path)), call.path];
        problems.push(invalid(call.at, `workflows call each other in a circle: ${circle.join(" → ")}`));
      } else if (trail.length >= MAX_CALL_LEVELS) {
        problems.push(invalid(call.at, `workflows call each other at most ${MAX_CALL_LEVELS} levels deep`));
      } else if (next !== undefined) {
        visit(next, [...trail, call.path]);
      }
    }
  };
  visit(root, [root.file.path]);
  return problems;
}

/** Only for files that call each other in no circle. */
function sizeProblems(root: ReadFile, files: Files): Problem[] {
  const sizes = new Map<string, number>();
  const sizeOf = (path: string): number => {
    const known = sizes.get(path);
    if (known !== undefined) {
      return known;
    }
    const jobs = files.get(path)?.file.workflow?.jobs ?? [];
    const size = jobs.reduce((sum, job) => sum + jobSize(job), 0);
    sizes.set(path, size);
    return size;
  };
  const jobSize = (job: JobDefinition): number =>
    legCount(job) * (job.uses === undefined ? 1 : Math.max(1, sizeOf(job.uses.path)));
  let total = 0;
  for (const job of root.file.workflow?.jobs ?? []) {
    total += jobSize(job);
    if (total > MAX_BUILD_JOBS) {
      const message = `the workflow has more than ${MAX_BUILD_JOBS} jobs, its matrices expanded and its calls followed`;
      return [{ reason: "unsupported", message, at: job.at }];
    }
  }
  return [];
}

/** One where it is still to be computed. */
function legCount({ strategy: { matrix } }: JobDefinition): number {
  if (matrix === null || containsExpression(matrix)) {
    return 1;
  }
  try {
    return expandMatrix(matrix).length;
  } catch (error) {
    if (error instanceof ExpressionError) {
      return 1;
    }
    throw error;
  }
}
