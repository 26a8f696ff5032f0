/** Brings up all of Sandlot on this machine: local GitHub, sandbox host and the Worker, and takes it down again. */

import { join } from "node:path";

import { type LocalGitHub, startLocalGitHub } from "../../local/github.ts";
import { LOCAL_CLIENT_ID, LOCAL_CLIENT_SECRET } from "../../local/github-app-keys.ts";
import type { LocalStatus } from "../../local/github-state.ts";
import { type SandboxHost, startSandboxHost } from "../../local/sandbox-host.ts";
import { type LocalWorker, startWorker } from "../../local/worker.ts";
import { type ApiClient, createApiClient } from "../api-client.ts";
import type { Source } from "../source.ts";
import type { State } from "./state.ts";

export interface LocalSandlotOptions {
  /** Where Sandlot is installed. */
  install: string;
  source: Source;
  state: State;
  /** Gives up the start. */
  signal: AbortSignal;
  /** Jobs at once. */
  maxSandboxes: number;
  /** Only this workflow file, only this job and what it needs; empty for all. */
  onlyWorkflow: string;
  onlyJob: string;
  /** Where actions of other repositories are looked for before github.com. */
  actionsDir?: string;
  /** What the machinery writes. */
  onOutput?: (text: string) => void;
  /** A fault of Sandlot's own while it took in a delivery or ran a job; it tries again by itself. Each is told once. */
  onFault: (fault: string) => void;
  onStatus?: (status: LocalStatus) => void;
  /** Of the Worker, in place of what is usual. */
  variables?: Record<string, string>;
}

export interface LocalSandlot {
  url: string;
  api: ApiClient;
  github: LocalGitHub;
  host: SandboxHost;
  webhookSecret: string;
  apiToken: string;
  startedInMs: number;
  /** Rejects when the Worker ends by itself. */
  failed: Promise<never>;
  statuses(): readonly LocalStatus[];
  /** Destroys every sandbox and ends every process. Idempotent. */
  close(): Promise<void>;
}

export async function startLocalSandlot(options: LocalSandlotOptions): Promise<LocalSandlot> {
  const startedAt = Date.now();
  const { state } = options;
  const { keys } = state;
  const closers: (() => Promise<void>)[] = [];
  // What was started last ends first: nobody is asked for anything that is gone.
  const close = async () => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    const github = await startLocalGitHub({
      repositories: [],
      appId: keys.appId,
      publicKeyPem: keys.publicKey,
      ...(options.actionsDir === undefined ? {} : { actionsDir: options.actionsDir }),
      ...(options.onStatus === undefined ? {} : { onStatus: options.onStatus }),
    });
    closers.push(() => github.close());
    const host = await startHost(options);
    closers.push(() => host.close());
    const worker = await startWorker({
      install: options.install,
      state: state.folder,
      vars: (url) => workerVariables(options, { url, github: github.url, host: host.url }),
      onOutput: tellFaults(options),
      signal: options.signal,
      onRestart: (why) => options.onFault(`its Worker was started again, since ${why}`),
    });
    closers.push(() => worker.close());
    return describe({ worker, github, host, state, close, startedAt });
  } catch (error) {
    await close();
    throw error;
  }
}

/** The Worker says its faults in lines of JSON (src/model/log.ts); those that keep a user waiting are handed on. */
function tellFaults({ onFault, onOutput }: LocalSandlotOptions): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    onOutput?.(text);
    for (const [, json = ""] of text.matchAll(/(\{"event":"(?:delivery\.failed|job\.faulted)".*\})/g)) {
      const fault = readFault(json);
      if (fault === null || told.has(fault)) continue;
      told.add(fault);
      onFault(fault);
    }
  };
}

/** Null for a line that was cut between two pieces. */
function readFault(json: string): string | null {
  try {
    const { fault } = JSON.parse(json) as { fault?: string };
    return fault ?? null;
  } catch {
    return null;
  }
}

/** The Worker admits jobs; the host has room for as many again, since a sandbox that is being destroyed still counts there. */
function startHost({ state, maxSandboxes }: LocalSandlotOptions): Promise<SandboxHost> {
  return startSandboxHost({ root: join(state.scratch, "s"), backups: state.backups, maxSandboxes: 2 * maxSandboxes });
}

function describe(parts: {
  worker: LocalWorker;
  github: LocalGitHub;
  host: SandboxHost;
  state: State;
  close: () => Promise<void>;
  startedAt: number;
}): LocalSandlot {
  const { worker, github, host, state, close } = parts;
  return {
    url: worker.url,
    api: createApiClient({ url: worker.url, token: state.keys.apiToken }),
    github,
    host,
    webhookSecret: state.keys.webhookSecret,
    apiToken: state.keys.apiToken,
    startedInMs: Date.now() - parts.startedAt,
    failed: worker.failed,
    statuses: () => github.statuses,
    close,
  };
}

function workerVariables(
  { source, state, maxSandboxes, onlyJob, onlyWorkflow, actionsDir, variables }: LocalSandlotOptions,
  urls: { url: string; github: string; host: string },
): Record<string, string> {
  const { keys } = state;
  return {
    GITHUB_API_URL: urls.github,
    // A name that GitHub's toolkit takes for github.com; git and curl know that it is this machine.
    GITHUB_SERVER_URL: urls.github.replace("127.0.0.1", "github.localhost"),
    ACTIONS_SERVER_URL: actionsDir === undefined ? "https://github.com" : `${urls.github}/_actions`,
    GITHUB_APP_ID: keys.appId,
    GITHUB_APP_PRIVATE_KEY: keys.privateKey,
    GITHUB_APP_CLIENT_ID: LOCAL_CLIENT_ID,
    GITHUB_APP_CLIENT_SECRET: LOCAL_CLIENT_SECRET,
    GITHUB_WEBHOOK_SECRET: keys.webhookSecret,
    SANDLOT_API_TOKEN: keys.apiToken,
    SANDLOT_MASTER_KEY: keys.masterKey,
    PUBLIC_URL: urls.url,
    PAGES: "open",
    LOCAL_SANDBOX_URL: urls.host,
    WORKFLOW_DIRS: source.workflowDir,
    MAX_SANDBOXES: String(maxSandboxes),
    ONLY_WORKFLOW: onlyWorkflow,
    ONLY_JOB: onlyJob,
    ...variables,
  };
}
