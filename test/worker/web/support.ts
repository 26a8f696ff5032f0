/** Seeds the store and speaks to the Worker as GitHub, programs and people do. */

import { createHmac } from "node:crypto";
import { applyD1Migrations } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import examples from "@octokit/webhooks-examples";
import type { Build } from "../../../src/model/build.ts";
import { asBuildId, asDeliveryId, attemptId, buildId, jobId, sandboxId } from "../../../src/model/ids.ts";
import type { BuildId } from "../../../src/model/ids.ts";
import type { Attempt, Job } from "../../../src/model/job.ts";
import type { Step } from "../../../src/model/step.ts";
import type { JobDefinition } from "../../../src/model/workflow.ts";
import { admitAttempt, changeAttempt } from "../../../src/store/attempts.ts";
import { insertBuild } from "../../../src/store/builds.ts";
import { changeJob, insertJob } from "../../../src/store/jobs.ts";
import { saveRepository } from "../../../src/store/repositories.ts";
import { saveStep } from "../../../src/store/steps.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";

export async function migrate(): Promise<void> {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
}

/** Any of GitHub's own examples of an event. */
export function example(name: string, nth = 0): Record<string, unknown> {
  const found = examples.find((definition) => definition.name === name)?.examples[nth];
  if (!found) throw new Error(`no example of ${name}`);
  return structuredClone(found) as unknown as Record<string, unknown>;
}

export function sign(body: string | Uint8Array, secret = env.GITHUB_WEBHOOK_SECRET): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

export async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string | null> = {},
): Promise<Response> {
  const given: Record<string, string | null> = {
    "x-github-delivery": crypto.randomUUID(),
    "x-github-event": "push",
    "x-hub-signature-256": sign(body),
    "content-type": "application/json",
    ...headers,
  };
  const present = Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== null);
  return await exports.default.fetch("https://sandlot.example/webhooks/github", {
    method: "POST",
    body,
    headers: present,
  });
}

export async function api(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has("authorization")) headers.set("authorization", `Bearer ${env.SANDLOT_API_TOKEN}`);
  return await exports.default.fetch(`https://sandlot.example/api${path}`, { ...init, headers, redirect: "manual" });
}

export async function deliveries(id: string): Promise<Record<string, unknown>[]> {
  const rows = await env.DB.prepare("SELECT * FROM deliveries WHERE id = ?").bind(id).all();
  return rows.results;
}

export async function seedRepository(id: number, name: string, owner = "acme"): Promise<void> {
  const repository = { id, owner, name, private: false, defaultBranch: "main", installationId: 7 };
  await saveRepository(env.DB, repository).run();
}

let seeded = 0;

export async function seedBuild(given: Partial<Build> = {}): Promise<Build> {
  seeded += 1;
  const delivery = asDeliveryId(`seed-${seeded}`);
  const build: Build = {
    id: buildId(delivery, ".sandlot/workflows/ci.yml"),
    deliveryId: delivery,
    repositoryId: 1,
    workflowPath: ".sandlot/workflows/ci.yml",
    workflowName: "CI",
    workflow: { env: {}, concurrency: null, permissions: null },
    number: seeded,
    runAttempt: 1,
    event: "push",
    action: null,
    sha: SHA,
    reportSha: SHA,
    ref: "refs/heads/main",
    baseSha: null,
    headRef: null,
    baseRef: null,
    pullRequest: null,
    fork: false,
    title: "Add a thing",
    actor: { id: 5, login: "octocat" },
    inputs: null,
    context: "sandlot / CI",
    problems: [],
    concurrencyGroup: null,
    cancelRequested: null,
    createdAt: 1_000_000 + seeded,
    startedAt: null,
    state: { status: "in_progress", detail: null },
    ...given,
  };
  await insertBuild(env.DB, build).run();
  return build;
}

function definition(id: string, needs: string[]): JobDefinition {
  return {
    id,
    name: null,
    needs,
    if: "success()",
    runsOn: "ubuntu-latest",
    env: {},
    defaults: { shell: null, workingDirectory: null },
    strategy: { matrix: null, failFast: true, maxParallel: null },
    timeoutMinutes: null,
    continueOnError: false,
    concurrency: null,
    permissions: null,
    outputs: {},
    steps: [],
    at: { file: ".sandlot/workflows/ci.yml", line: 1, column: 1 },
  };
}

export async function seedJob(build: BuildId, key: string, given: Partial<Job> = {}): Promise<Job> {
  const job: Job = {
    id: jobId(build, key),
    buildId: build,
    repositoryId: 1,
    position: 0,
    name: key,
    plan: { key, definition: definition(key, []), matrix: null, leg: { index: 0, total: 1 }, unexpanded: false },
    attempt: 0,
    admitted: false,
    runAttempt: 1,
    outputs: {},
    startedAt: null,
    state: { status: "waiting", detail: null },
    ...given,
  };
  await insertJob(env.DB, job).run();
  return job;
}

/** The job's next attempt, in progress. */
export async function seedAttempt(job: Job): Promise<Pick<Attempt, "id" | "attempt">> {
  const attempt = job.attempt + 1;
  const id = attemptId(job.id, attempt);
  const asked = { job, sandboxId: sandboxId("app", SHA, id), sandboxSize: "standard" as const, recoveries: 0, now: 1 };
  await env.DB.batch([
    ...admitAttempt(env.DB, asked, 1000),
    changeAttempt(env.DB, id, { to: "in_progress", at: 2000 }),
    changeJob(env.DB, { id: job.id, attempt }, { to: "in_progress", at: 2000 }),
  ]);
  return { id, attempt };
}

export async function seedStep(step: Pick<Step, "attemptId" | "number" | "name"> & Partial<Step>): Promise<void> {
  const state = { status: "in_progress" } as const;
  await saveStep(env.DB, { logFrom: 0, startedAt: 2000, notes: {}, state, ...step }).run();
}

export const NO_BUILD = asBuildId("aaaaaaaaaaaaaaaa");
