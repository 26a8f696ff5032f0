/** Watches the Worker of this machine: its minutes, and its crashes, after which nobody but us would wake what it was at. */

import { setTimeout as sleep } from "node:timers/promises";

import { STALE_HEARTBEAT_MS } from "../model/limits.ts";
import type { ProcessGroup } from "./process-group.ts";

/** What serves it and all below, as it was launched. */
export interface Launched {
  group: ProcessGroup;
  lastLines(): string;
  /** Calls back each time workerd crashed; Miniflare starts it again by itself. */
  onCrash(react: () => void): void;
}

export interface WatchOptions {
  url: string;
  first: Launched;
  /** Starts it again at the same address, with the same state; rejects where it does not answer. */
  launch(): Promise<Launched>;
  /** Told each time it had to be started again. */
  onRestart(why: string): void;
}

const CRON_EVERY_MS = 60_000;
/** More restarts than these in that time are no accident. */
const MAX_RESTARTS = 10;
const RESTARTS_WITHIN_MS = 2 * 60_000;
/** After a crash nothing is watched by anybody, however new its heartbeat: the sweep's clock is put ahead by so much. */
const AHEAD_MS = STALE_HEARTBEAT_MS + 60_000;
const RECOVER_TRIES = 20;
const RECOVER_EVERY_MS = 500;

export class WorkerWatch {
  /** Rejects when it cannot be kept running. */
  readonly failed: Promise<never>;
  readonly #options: WatchOptions;
  readonly #cron: NodeJS.Timeout;
  #current: Launched;
  #closing = false;
  #restarts: number[] = [];

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#current = options.first;
    // Miniflare never runs a cron by itself.
    this.#cron = setInterval(() => void this.#sweep(0), CRON_EVERY_MS);
    this.failed = this.#keep();
    this.failed.catch(() => {
      // Whoever waits for it hears of it; nobody has to.
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#cron);
    await this.#current.group.kill();
  }

  async #keep(): Promise<never> {
    for (;;) {
      this.#current.onCrash(() => {
        this.#options.onRestart("workerd crashed");
        void this.#recover();
      });
      const code = await this.#current.group.exited;
      if (this.#closing) return await new Promise<never>(() => {});
      const why = `The Worker ended unexpectedly (exit code ${code}):\n${this.#current.lastLines()}`;
      if (this.#restartsTooOften()) throw new Error(why);
      // What of its group is left would hold the port.
      await this.#current.group.kill();
      this.#options.onRestart(`it ended with exit code ${code}`);
      const next = await this.#options.launch();
      if (this.#closing) {
        await next.group.kill();
        return await new Promise<never>(() => {});
      }
      this.#current = next;
      void this.#recover();
    }
  }

  #restartsTooOften(): boolean {
    const now = Date.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < RESTARTS_WITHIN_MS), now];
    return this.#restarts.length > MAX_RESTARTS;
  }

  /** Until the sweep has run once after the crash. */
  async #recover(): Promise<void> {
    for (let tries = 0; tries < RECOVER_TRIES && !this.#closing; tries += 1) {
      if (await this.#sweep(AHEAD_MS)) return;
      await sleep(RECOVER_EVERY_MS);
    }
  }

  /** False where nobody answered; the next minute tries again. */
  async #sweep(aheadMs: number): Promise<boolean> {
    try {
      const response = await fetch(`${this.#options.url}/cdn-cgi/local/scheduled?time=${Date.now() + aheadMs}`);
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }
}
