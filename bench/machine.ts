/** All of Sandlot on this machine in a process of its own, so that what it spends can be told from what the bench spends. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { type LocalSandlot, startLocalSandlot } from "../src/cli/run/local-sandlot.ts";
import type { Source } from "../src/cli/source.ts";
import { openState } from "../src/cli/run/state.ts";
import type { LocalStatus } from "../src/local/github-state.ts";

export interface MachineOptions {
  /** Where Sandlot is installed. */
  install: string;
  folder: string;
  maxSandboxes: number;
  maxLogBytes: number;
}

export interface MachineFacts {
  url: string;
  apiToken: string;
  webhookSecret: string;
  github: { url: string; controlToken: string };
}

/** What the bench asks for. */
export type Order = { order: "start"; options: MachineOptions } | { order: "settle" } | { order: "close" };

/** What it is told. */
export type News =
  | { news: "ready"; facts: MachineFacts }
  | { news: "status"; status: LocalStatus }
  /** Every sandbox that was started is gone. */
  | { news: "settled"; started: number }
  | { news: "failed"; message: string };

const LOOK_EVERY_MS = 10;

const tell = (news: News) => process.send?.(news);
const stopping = new AbortController();
const closers: (() => Promise<void>)[] = [];
let sandlot: LocalSandlot | null = null;

async function start({ install, folder, maxSandboxes, maxLogBytes }: MachineOptions): Promise<void> {
  closers.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const state = await openState(join(folder, "state"));
  closers.push(() => state.release({ isFinished: true }));
  const started = await startLocalSandlot({
    install,
    source: sourceAt(folder),
    state,
    maxSandboxes,
    onlyWorkflow: "",
    onlyJob: "",
    signal: stopping.signal,
    variables: { MAX_LOG_BYTES: String(maxLogBytes) },
    onFault: (fault) => console.error(`Sandlot: ${fault}`),
    onStatus: (status) => tell({ news: "status", status }),
  });
  sandlot = started;
  closers.push(() => started.close());
  started.failed.catch(fail);
  const { url, apiToken, webhookSecret, github } = started;
  const { controlToken } = github;
  tell({ news: "ready", facts: { url, apiToken, webhookSecret, github: { url: github.url, controlToken } } });
}

/** Repositories are made on the local GitHub: no folder of a user's is built. */
function sourceAt(root: string): Source {
  return {
    root,
    top: root,
    prefix: "",
    gitDir: null,
    branch: null,
    defaultBranch: "main",
    owner: "bench",
    name: "bench",
    repositoryId: 1,
    workflowDir: ".sandlot/workflows",
  };
}

async function settle(): Promise<void> {
  if (sandlot === null) throw new Error("Sandlot has not started");
  const { host } = sandlot;
  while (host.started !== host.destroyed) await sleep(LOOK_EVERY_MS);
  tell({ news: "settled", started: host.started });
}

async function close(): Promise<void> {
  stopping.abort();
  try {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
    process.exit();
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}

function fail(error: unknown): void {
  tell({ news: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

function carryOut(order: Order): Promise<void> {
  switch (order.order) {
    case "start":
      return start(order.options);
    case "settle":
      return settle();
    case "close":
      return close();
  }
}

// A terminal sends Ctrl-C to us too; it is the bench that says when to close.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
process.on("message", (order: Order) => carryOut(order).catch(fail));
// The bench is gone, however that came: nobody else removes the folder.
process.on("disconnect", () => void close());
