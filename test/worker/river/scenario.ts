/** One folder of `test/scenarios`: a workflow, what GitHub says happened, and what must come of it. */

import type { BuildView } from "../../../src/model/api.ts";
import { conditions } from "../../support/conditions.ts";
import { commit, createRepository, openPullRequest } from "../../support/github-control.ts";
import type { TestRepository } from "../../support/github-control.ts";
import { mergeGroupPayload } from "../../support/payloads.ts";
import { api, closed, deliver, deliveryOf, github, pullRequestPayload, push, told, until } from "./river.ts";

declare global {
  interface ImportMeta {
    /** Vite's; the texts of all files that match, by their path. */
    glob(pattern: string, options: { query: "?raw"; import: "default"; eager: true }): Record<string, string>;
  }
}

/** One thing that happened. */
interface Happening {
  event: "push" | "pull_request" | "merge_group" | "workflow_dispatch";
  /** `main` where absent. */
  branch?: string;
  /** Files of the commit. */
  changed?: string[];
  message?: string;
  inputs?: Record<string, string>;
  /** Only then: when something of the first build is running. */
  when?: "running";
}

interface Delivery {
  happenings: Happening[];
  unsupportedRunners?: "fail" | "skip";
}

interface ExpectedBuild {
  conclusion: string;
  reason?: string;
  detail?: string;
  jobs: { name: string; conclusion: string; reason?: string; detail?: string }[];
}

interface Expected {
  /** GitHub's page that says so. */
  source: string;
  /** Each happening's. `build` is null where nothing starts; then `why`. */
  outcomes: { build: ExpectedBuild | null; why?: string; statuses: string[] }[];
  /** At most so many jobs ran at once. */
  atOnce?: number;
}

export interface Scenario {
  name: string;
  workflow: string;
  delivery: Delivery;
  expected: Expected;
}

const FILES = import.meta.glob("../../scenarios/*/*", { query: "?raw", import: "default", eager: true });

export function readScenarios(): Scenario[] {
  const names = new Set(Object.keys(FILES).map((path) => path.split("/").at(-2) ?? ""));
  const read = (name: string, file: string): string => {
    const text = FILES[`../../scenarios/${name}/${file}`];
    if (text === undefined) throw new Error(`scenario ${name} has no ${file}`);
    return text;
  };
  return [...names].sort().map((name) => ({
    name,
    workflow: read(name, "workflow.yml"),
    delivery: JSON.parse(read(name, "delivery.json")) as Delivery,
    expected: JSON.parse(read(name, "expected.json")) as Expected,
  }));
}

export interface Outcome {
  build: BuildView | null;
  why: string | undefined;
  /** In order, `plain`. */
  statuses: string[];
}

export async function runScenario({ workflow, delivery }: Scenario): Promise<Outcome[]> {
  conditions.unsupportedRunners = delivery.unsupportedRunners ?? "fail";
  const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": workflow });
  const happened: { delivery: string; sha: string }[] = [];
  for (const happening of delivery.happenings) {
    if (happening.when === "running") await someJobRuns(happened[0]?.delivery ?? "");
    happened.push(await happen(repository, happening));
    await deliveryOf(happened.at(-1)?.delivery ?? "");
  }
  // A job that holds until all has happened looks for this branch.
  await commit(github, repository, { branch: "all-happened", files: { "all-happened": "" } });
  const outcomes: Outcome[] = [];
  for (const one of happened) outcomes.push(await outcomeOf(repository, one));
  return outcomes;
}

async function happen(repository: TestRepository, happening: Happening): Promise<{ delivery: string; sha: string }> {
  const files = Object.fromEntries((happening.changed ?? ["a.txt"]).map((path) => [path, crypto.randomUUID()]));
  const branch = happening.branch ?? (happening.event === "pull_request" ? "topic" : "main");
  const made = await commit(github, repository, { branch, files, message: happening.message ?? "Change" });
  const { sha } = made;
  switch (happening.event) {
    case "push": {
      const before = /^0+$/.test(made.before) ? null : made.before;
      return {
        sha,
        delivery: await push(repository, { ref: made.ref, before, after: sha, message: happening.message ?? "Change" }),
      };
    }
    case "pull_request":
      return { sha, delivery: await openPull(repository, sha, branch) };
    case "merge_group": {
      const facts = { headSha: sha, headRef: made.ref, baseSha: repository.sha, baseRef: "refs/heads/main" };
      const payload = mergeGroupPayload(github, repository, { action: "checks_requested", ...facts });
      return { sha, delivery: await deliver("merge_group", payload) };
    }
    case "workflow_dispatch": {
      const body = JSON.stringify({ workflow: "ci.yml", ref: branch, inputs: happening.inputs ?? {} });
      const { deliveryId } = await api<{ deliveryId: string }>(`/repositories/${repository.fullName}/dispatch`, {
        method: "POST",
        body,
      });
      return { sha, delivery: deliveryId };
    }
  }
}

async function openPull(repository: TestRepository, sha: string, head: string): Promise<string> {
  const { number, baseSha } = await openPullRequest(github, repository, { head, base: "main" });
  const base = { ref: "main", sha: baseSha };
  const facts = { url: github.url, repository, action: "opened", number, base, head: { ref: head, sha } };
  return await deliver("pull_request", pullRequestPayload(facts));
}

async function someJobRuns(delivery: string): Promise<void> {
  const id = (await deliveryOf(delivery)).workflows[0]?.buildId ?? "";
  await until(
    () => api<BuildView>(`/builds/${id}`),
    (build) => build.jobs.some((job) => job.status === "in_progress"),
    `a job of ${id} to run`,
  );
}

async function outcomeOf(repository: TestRepository, one: { delivery: string; sha: string }): Promise<Outcome> {
  const [workflow] = (await deliveryOf(one.delivery)).workflows;
  const id = workflow?.buildId ?? null;
  const build =
    id === null
      ? null
      : await until(
          () => api<BuildView>(`/builds/${id}`),
          (view) => view.status === "completed",
          `build ${id}`,
          90_000,
        );
  await closed();
  const statuses = (await told(repository, one.sha)).map(plain);
  return { build, why: workflow?.why, statuses };
}

/** Without what differs from run to run: durations, and a build's number, since a doubled delivery may leave a gap. */
export function plain(text: string): string {
  return text.replace(/ in (\d+h )?(\d+m )?([\d.]+[ms])?/, " in …").replace(/ #\d+/, " #…");
}

/** How many jobs of a build ran side by side. */
export function mostAtOnce({ jobs }: BuildView): number {
  const moments = jobs.flatMap(({ startedAt, completedAt }) =>
    startedAt === null || completedAt === null
      ? []
      : [
          { at: startedAt, step: 1 },
          { at: completedAt, step: -1 },
        ],
  );
  moments.sort((a, b) => a.at - b.at || a.step - b.step);
  let now = 0;
  let most = 0;
  for (const { step } of moments) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}
