/** Follows builds from their start to their end: one job at a time is live, the others wait for their turn. */

import type { BuildView, JobView } from "../model/api.ts";
import type { ApiClient } from "./api-client.ts";
import type { RunEvent, Summary } from "./events.ts";
import { followJob } from "./follow-job.ts";

export interface FollowOptions {
  api: ApiClient;
  builds: readonly string[];
  show: (event: RunEvent) => void;
  signal: AbortSignal;
}

export interface FollowResult {
  builds: BuildView[];
  failures: Summary["failures"];
}

/** Each costs the Worker's database a few reads, on a machine that has better to do. */
const POLL_MS = 250;

/** Returns when every build has ended and all of every log was shown. */
export async function followBuilds(options: FollowOptions): Promise<FollowResult> {
  const follower = new Follower(options);
  await follower.start();
  for (;;) {
    const next = follower.nextJob();
    if (next !== null) await follower.follow(next);
    else if (follower.isOver()) return follower.result();
    else await follower.wait();
  }
}

interface Turn {
  build: BuildView;
  job: JobView;
}

class Follower {
  readonly #options: FollowOptions;
  readonly #views = new Map<string, BuildView>();
  /** `job id` and attempt of what was shown. */
  readonly #shown = new Set<string>();
  readonly #failures: Summary["failures"] = [];
  #polled = 0;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#poll();
    for (const build of this.#views.values()) {
      this.#options.show({ type: "build", build });
      for (const problem of build.problems) this.#options.show({ type: "problem", problem, build: build.id });
    }
  }

  isOver(): boolean {
    return [...this.#views.values()].every((build) => build.status === "completed");
  }

  /** What has ended goes first, since it is shown at once; then what runs. */
  nextJob(): Turn | null {
    const turns = [...this.#views.values()].flatMap((build) => build.jobs.map((job): Turn => ({ build, job })));
    const waiting = turns.filter(({ job }) => !this.#shown.has(turnKey(job)) && (job.attempt > 0 || isOver(job)));
    return waiting.find(({ job }) => isOver(job)) ?? waiting.find(({ job }) => job.status === "in_progress") ?? null;
  }

  async follow({ build, job }: Turn): Promise<void> {
    this.#shown.add(turnKey(job));
    const { api, show, signal } = this.#options;
    if (job.attempt === 0) return show({ type: "job_completed", job });
    const ticker = setInterval(() => show({ type: "progress", builds: [...this.#views.values()] }), POLL_MS);
    try {
      const freshView = async () => {
        await this.#poll();
        return this.#views.get(build.id) ?? build;
      };
      const { job: end, tails } = await followJob({ api, build, job, show, freshView, signal });
      for (const step of end.steps) {
        if (step.outcome !== "failure" || step.conclusion === "success") continue;
        const lines = tails.get(step.number) ?? [];
        this.#failures.push({ job: end.name, step: step.name, detail: step.detail, lines });
      }
    } finally {
      clearInterval(ticker);
    }
  }

  async wait(): Promise<void> {
    this.#options.signal.throwIfAborted();
    await this.#poll();
    this.#options.show({ type: "progress", builds: [...this.#views.values()] });
  }

  result(): FollowResult {
    return { builds: [...this.#views.values()], failures: this.#failures };
  }

  /** Reads all builds again, at most every so often. */
  async #poll(): Promise<void> {
    const rest = this.#polled + POLL_MS - Date.now();
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    const { api, builds, signal } = this.#options;
    signal.throwIfAborted();
    const views = await Promise.all(builds.map((id) => api.readBuild(id)));
    for (const view of views) this.#views.set(view.id, view);
    this.#polled = Date.now();
  }
}

function turnKey(job: JobView): string {
  return `${job.id} ${job.attempt}`;
}

function isOver(job: JobView): boolean {
  return job.status === "completed";
}
