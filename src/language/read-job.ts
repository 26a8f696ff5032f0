/** One entry of `jobs:`. */

import { isBasicExpression, isMapping, isString } from "@actions/workflow-parser";
import type { Concurrency, JobDefinition, Permissions, Strategy } from "../model/workflow.ts";
import { readCall } from "./read-call.ts";
import { readServices } from "./services.ts";
import { readStep } from "./read-step.ts";
import {
  child,
  conditionOf,
  entriesOf,
  itemsOf,
  type Reading,
  stringsOf,
  templatedBoolean,
  templatedData,
  templatedMap,
  templatedNumber,
  templatedText,
  templatedTextMap,
  type Token,
} from "./token.ts";

/** The workflow's `defaults.run`, which a job's own overrides key by key. */
export type Defaults = JobDefinition["defaults"];

export function readJob(reading: Reading, key: Token, job: Token, defaults: Defaults): JobDefinition {
  const runsOn = child(job, "runs-on");
  const uses = readCall(reading, job);
  const services = readServices(reading, job);
  const environment = readEnvironment(reading, child(job, "environment"));
  return {
    ...(uses !== undefined && { uses }),
    ...(services.length > 0 && { services }),
    ...(environment !== null && { environment }),
    id: isString(key) ? key.value : "",
    name: templatedText(child(job, "name")),
    needs: stringsOf(child(job, "needs")) ?? [],
    if: conditionOf(reading, child(job, "if")),
    runsOn: runsOn === undefined ? null : templatedData(runsOn),
    env: templatedMap(child(job, "env")),
    defaults: readDefaults(job, defaults),
    strategy: readStrategy(child(job, "strategy")),
    timeoutMinutes: templatedNumber(child(job, "timeout-minutes")),
    continueOnError: templatedBoolean(child(job, "continue-on-error"), false),
    concurrency: readConcurrency(child(job, "concurrency")),
    permissions: readPermissions(child(job, "permissions")),
    outputs: templatedTextMap(child(job, "outputs")),
    steps: itemsOf(child(job, "steps")).map((step, index) => readStep(reading, step, index + 1)),
    at: reading.place(key),
  };
}

/** A name alone, or a mapping. */
function readEnvironment(reading: Reading, token: Token | undefined): NonNullable<JobDefinition["environment"]> | null {
  if (token === undefined) {
    return null;
  }
  const name = templatedText(isMapping(token) ? child(token, "name") : token);
  return name === null ? null : { name, at: reading.place(token) };
}

export function readDefaults(owner: Token, inherited: Defaults): Defaults {
  const run = child(child(owner, "defaults"), "run");
  return {
    shell: templatedText(child(run, "shell")) ?? inherited.shell,
    workingDirectory: templatedText(child(run, "working-directory")) ?? inherited.workingDirectory,
  };
}

function readStrategy(strategy: Token | undefined): Strategy {
  const matrix = child(strategy, "matrix");
  return {
    matrix: matrix === undefined ? null : templatedData(matrix),
    failFast: templatedBoolean(child(strategy, "fail-fast"), true),
    maxParallel: templatedNumber(child(strategy, "max-parallel")),
  };
}

/** A group alone, or a mapping. */
export function readConcurrency(token: Token | undefined): Concurrency | null {
  if (token === undefined) {
    return null;
  }
  if (isMapping(token)) {
    return {
      group: templatedText(child(token, "group")) ?? "",
      cancelInProgress: templatedBoolean(child(token, "cancel-in-progress"), false),
    };
  }
  return { group: templatedText(token) ?? "", cancelInProgress: false };
}

/** https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#permissions */
const PERMISSIONS = [
  "actions",
  "attestations",
  "checks",
  "contents",
  "deployments",
  "discussions",
  "id-token",
  "issues",
  "models",
  "packages",
  "pages",
  "pull-requests",
  "repository-projects",
  "security-events",
  "statuses",
] as const;

/** `read-all` and `write-all` are written out: `id-token` cannot be read and `models` cannot be written. */
export function readPermissions(token: Token | undefined): Permissions | null {
  if (token === undefined || isBasicExpression(token)) {
    return null;
  }
  const all = stringsOf(token)?.[0];
  if (all === "read-all" || all === "write-all") {
    const level = all === "read-all" ? "read" : "write";
    return Object.fromEntries(
      PERMISSIONS.map((name) => {
        const own = { "id-token": level === "write" ? "write" : "none", models: "read" } as const;
        return [name, name === "id-token" || name === "models" ? own[name] : level];
      }),
    );
  }
  return Object.fromEntries(
    entriesOf(token).flatMap(({ key, value }) => {
      const level = isString(value) ? value.value : "";
      return level === "read" || level === "write" || level === "none" ? [[key, level]] : [];
    }),
  );
}
