/** The bench's hold of a Sandlot on this machine: makes commits, sends webhooks, hears of statuses. */

import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type ApiClient, createApiClient } from "../src/cli/api-client.ts";
import { deliverWebhook, pushPayload } from "../src/local/deliver.ts";
import type { NamedRepository } from "../src/local/github-names.ts";
import type { LocalStatus } from "../src/local/github-state.ts";
import type { MachineFacts, MachineOptions, News, Order } from "./machine.ts";

export interface BenchRepository extends NamedRepository {
  cloneUrl: string;
}

export interface Pushed {
  deliveryId: string;
  /** Of the answer. */
  status: number;
  /** When it was sent (ms, UTC), and how long the answer took. */
  sentAt: number;
  ackMs: number;
}

const CLOSE_WITHIN_MS = 30_000;

export class BenchSandlot implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  readonly #statuses = new Map<string, LocalStatus[]>();
  readonly #listeners = new Set<(news: News) => void>();
  #facts: MachineFacts | null = null;

  private constructor(child: ChildProcess, folder: string, signal: AbortSignal) {
    this.#child = child;
    this.#folder = folder;
    this.#signal = signal;
    child.on("message", (news: News) => this.#hear(news));
    child.on("exit", (code) => this.#hear({ news: "failed", message: `Sandlot's process ended with ${code}` }));
  }

  static async start(
    options: Omit<MachineOptions, "folder" | "maxLogBytes"> & { maxLogBytes?: number },
    signal: AbortSignal,
  ): Promise<BenchSandlot> {
    const folder = await mkdtemp(join(tmpdir(), "bench-"));
    const child = fork(join(import.meta.dirname, "machine.ts"), {
      execArgv: ["--no-warnings"],
      // All that it makes goes with our folder, however it ends.
      env: { ...process.env, TMPDIR: folder } as NodeJS.ProcessEnv,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const sandlot = new BenchSandlot(child, folder, signal);
    try {
      const ready = sandlot.#await((news) => (news.news === "ready" ? news.facts : null));
      sandlot.#order({ order: "start", options: { maxLogBytes: 256 * 1024 * 1024, ...options, folder } });
      sandlot.#facts = await ready;
      return sandlot;
    } catch (error) {
      await sandlot[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of the process whose tree is Sandlot. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get api(): ApiClient {
    return createApiClient({ url: this.facts.url, token: this.facts.apiToken });
  }

  get facts(): MachineFacts {
    if (this.#facts === null) throw new Error("Sandlot has not started");
    return this.#facts;
  }

  async createRepository(name: string, files: Record<string, string>): Promise<BenchRepository> {
    const named = { owner: "bench", name, private: false, defaultBranch: "main" };
    const made = await this.#control<{ repositoryId: number; installationId: number; cloneUrl: string }>(
      "repositories",
      { ...named, files },
    );
    return { ...named, id: made.repositoryId, installationId: made.installationId, cloneUrl: made.cloneUrl };
  }

  /** A commit of its own for each build: its statuses are told apart by it. */
  async commit({ owner, name }: NamedRepository): Promise<string> {
    const files = { "changed.txt": `${randomUUID()}\n` };
    return (await this.#control<{ sha: string }>(`repositories/${owner}/${name}/commits`, { files })).sha;
  }

  async push(repository: NamedRepository, sha: string, deliveryId: string = randomUUID()): Promise<Pushed> {
    const { url, webhookSecret: secret, github } = this.facts;
    const payload = pushPayload({ url: github.url, repository, ref: "refs/heads/main", before: null, after: sha });
    const sentAt = Date.now();
    const answer = await deliverWebhook({
      url: `${url}/webhooks/github`,
      secret,
      event: "push",
      payload,
      id: deliveryId,
    });
    await answer.arrayBuffer();
    return { deliveryId, status: answer.status, sentAt, ackMs: Date.now() - sentAt };
  }

  /** In order of arrival. */
  statusesOf(sha: string): readonly LocalStatus[] {
    return this.#statuses.get(sha) ?? [];
  }

  /** Waits for the commit's status that is not pending. */
  async finalOf(sha: string): Promise<LocalStatus> {
    const find = () => this.statusesOf(sha).find(({ state }) => state !== "pending") ?? null;
    return find() ?? (await this.#await(find));
  }

  /** Throws where the final status is no success. */
  async succeeded(sha: string): Promise<LocalStatus> {
    const final = await this.finalOf(sha);
    if (final.state !== "success")
      throw new Error(`The build of ${sha} ended with ${final.state}: ${final.description}`);
    return final;
  }

  /** Waits until every sandbox that was started is gone. */
  async settled(): Promise<void> {
    const answer = this.#await((news) => (news.news === "settled" ? news : null));
    this.#order({ order: "settle" });
    await answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      // What it started ends with it: the Worker's group has a keeper, and the sandboxes' folder is ours.
      const late = setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_WITHIN_MS);
      if (this.#child.connected) this.#order({ order: "close" });
      await ended;
      clearTimeout(late);
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #order(order: Order): void {
    this.#child.send(order);
  }

  #hear(news: News): void {
    if (news.news === "status") {
      const { sha } = news.status;
      this.#statuses.set(sha, [...(this.#statuses.get(sha) ?? []), news.status]);
    }
    for (const listener of this.#listeners) listener(news);
  }

  /** Rejects when Sandlot fails or the part's time is over. */
  async #await<T>(find: (news: News) => T | null): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const listener = (news: News) => {
      if (news.news === "failed") return reject(new Error(news.message));
      const found = find(news);
      if (found !== null) resolve(found);
    };
    const stop = () => reject(this.#signal.reason);
    this.#listeners.add(listener);
    this.#signal.addEventListener("abort", stop);
    if (this.#signal.aborted) stop();
    try {
      return await promise;
    } finally {
      this.#listeners.delete(listener);
      this.#signal.removeEventListener("abort", stop);
    }
  }

  async #control<T>(path: string, body: unknown): Promise<T> {
    const { url, controlToken } = this.facts.github;
    const answer = await fetch(`${url}/_local/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${controlToken}` },
      body: JSON.stringify(body),
      signal: this.#signal,
    });
    if (!answer.ok) throw new Error(`the local GitHub answers ${answer.status} to ${path}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}
