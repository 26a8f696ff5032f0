/** Drives the whole river in workerd: a repository on the local GitHub, a signed webhook, and the build that comes of it. */

import { applyD1Migrations } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { inject } from "vitest";
import type { BuildView, DeliveryView } from "../../../src/model/api.ts";
import { pullRequestPayload, pushPayload, webhookHeaders } from "../../../src/local/deliver.ts";
import type { TestRepository } from "../../support/github-control.ts";
import { statusesOf } from "../../support/github-control.ts";

const SECRET = "It's a Secret to Everybody";
export const github = inject("gitHubApp");

export async function migrate(): Promise<void> {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
}

export async function deliver(event: string, payload: unknown, id: string = crypto.randomUUID()): Promise<string> {
  const body = JSON.stringify(payload);
  const response = await exports.default.fetch("https://sandlot.test/webhooks/github", {
    method: "POST",
    headers: webhookHeaders({ secret: SECRET, event, id }, body),
    body,
  });
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
  return id;
}

interface PushOptions {
  ref?: string;
  after?: string;
  before?: string | null;
  message?: string;
}

/** What GitHub would send for a push: that of the repository's first commit, if nothing else is said. */
export function payloadOf(repository: TestRepository, options: PushOptions = {}): unknown {
  return pushPayload({
    url: github.url,
    repository,
    ref: options.ref ?? repository.ref,
    before: options.before ?? null,
    after: options.after ?? repository.sha,
    ...(options.message !== undefined && { message: options.message }),
  });
}

export async function push(repository: TestRepository, options: PushOptions & { id?: string } = {}): Promise<string> {
  return await deliver("push", payloadOf(repository, options), options.id);
}

export { pullRequestPayload };

export async function api<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await call(path, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}

export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${env.SANDLOT_API_TOKEN}`);
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return await exports.default.fetch(`https://sandlot.test/api${path}`, { ...init, headers });
}

/** Asks until it holds; what it asks for comes through queues and a runner. */
export async function until<T>(
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
  what: string,
  ms = 45_000,
): Promise<T> {
  const end = Date.now() + ms;
  // Ever more rarely: asking takes from the processor what the build waits for.
  for (let pause = 25; ; pause = Math.min(150, pause * 1.3)) {
    const value = await ask();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`not in time: ${what}: ${JSON.stringify(value, null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

export async function deliveryOf(id: string): Promise<DeliveryView> {
  return await until(
    () => api<DeliveryView>(`/deliveries/${id}`),
    (delivery) => delivery.status !== "recorded",
    `delivery ${id}`,
  );
}

export async function buildsOf(delivery: string): Promise<string[]> {
  const { workflows } = await deliveryOf(delivery);
  return workflows.flatMap((one) => (one.buildId === null ? [] : [one.buildId]));
}

/** The build when it has ended, and its sandboxes are gone. */
export async function ended(id: string, ms?: number): Promise<BuildView> {
  const build = await until(
    () => api<BuildView>(`/builds/${id}`),
    (one) => one.status === "completed",
    `build ${id}`,
    ms,
  );
  await closed();
  return build;
}

/** No sandbox may live any more, and no status is still to be told. */
export async function closed(): Promise<void> {
  await until(
    async () =>
      await env.DB.prepare(
        `SELECT (SELECT COUNT(*) FROM attempts WHERE destroyed_at IS NULL) AS attempts,
                (SELECT COUNT(*) FROM builds WHERE settled = 0 AND status = 'completed') AS builds`,
      ).first<{ attempts: number; builds: number }>(),
    (left) => left?.attempts === 0 && left.builds === 0,
    "sandboxes destroyed, statuses told",
  );
}

export async function logOf(build: BuildView, job = 0): Promise<string> {
  const one = build.jobs[job];
  if (!one) throw new Error(`build has no job ${job}`);
  return await (await call(`/builds/${build.id}/jobs/${one.id}/log`)).text();
}

/** What GitHub was told, in order: `context: state description`. */
export async function told(repository: TestRepository, sha?: string): Promise<string[]> {
  const statuses = await statusesOf(github, repository.fullName, sha);
  return statuses.map((status) => `${status.context}: ${status.state} ${status.description ?? ""}`);
}
