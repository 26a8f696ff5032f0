/** The local GitHub: REST, statuses, tokens and git over HTTP for repositories on this machine, held to GitHub's own description. */

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LOCAL_KEEP_ALIVE_MS } from "../model/limits.ts";
import { toText } from "./github-git.ts";
import { serveControl } from "./github-control.ts";
import { newHook } from "./github-deliveries.ts";
import { readLfsRequest, serveLfs } from "./github-lfs.ts";
import { loginOperation, serveLogin } from "./github-login.ts";
import { type Description, loadDescription } from "./github-openapi.ts";
import { noPeople } from "./github-people.ts";
import { answerApi } from "./github-route.ts";
import { openActionsFolder, type ActionsFolder } from "./actions-folder.ts";
import { readGitRequest, serveAction, serveGit } from "./github-smart-http.ts";
import {
  addPull,
  addRepository,
  type Fault,
  findRepository,
  type LocalRepository,
  type LocalState,
  type LocalStatus,
  type PullOptions,
  type RecordedCall,
  readPull,
  type RepositoryOptions,
  takeFault,
} from "./github-state.ts";

export interface LocalGitHubOptions {
  repositories: RepositoryOptions[];
  appId: string;
  /** The App's bot is `{slug}[bot]`. */
  appSlug?: string;
  /** The other half of the Worker's `GITHUB_APP_PRIVATE_KEY`. */
  publicKeyPem: string;
  onStatus?: (status: LocalStatus) => void;
  faults?: Fault[];
  /** An hour where absent, as GitHub's. */
  tokenLifeMs?: number;
  /** Holds `owner/repository`, git repositories or plain folders: served to anybody under `/_actions/`. */
  actionsDir?: string;
  /** Where its own folder goes, which `close` removes; the system's where absent. */
  tempDir?: string;
}

export interface LocalGitHub {
  /** API and server address in one: `GITHUB_API_URL` and `GITHUB_SERVER_URL`. */
  url: string;
  /** Guards `/_local/`. */
  controlToken: string;
  /** The last 10,000 calls, in order of arrival. */
  calls: RecordedCall[];
  statuses: LocalStatus[];
  /** Null where there is none of that name. */
  repository(owner: string, name: string): LocalRepository | null;
  addRepository(options: RepositoryOptions): LocalRepository;
  /** Throws where a branch is missing. `mergeSha` is null for a conflict. */
  openPullRequest(
    repository: LocalRepository,
    options: PullOptions,
  ): Promise<{ number: number; baseSha: string; headSha: string; mergeSha: string | null }>;
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;

/** Listens on 127.0.0.1 at a port that the OS chooses. Writes to no given git directory, except pushes to a `writable` one. */
export async function startLocalGitHub(options: LocalGitHubOptions): Promise<LocalGitHub> {
  const description = await loadDescription();
  const state: LocalState = {
    appId: options.appId,
    appSlug: options.appSlug ?? "sandlot-local",
    publicKeyPem: options.publicKeyPem,
    scratch: await mkdtemp(join(options.tempDir ?? tmpdir(), "sandlot-github-")),
    repositories: new Map(),
    renames: new Map(),
    tokens: new Map(),
    granted: new Map(),
    statuses: [],
    calls: [],
    faults: [...(options.faults ?? [])],
    people: noPeople(),
    tokenLifeMs: options.tokenLifeMs ?? HOUR_MS,
    hook: newHook(),
    onStatus: options.onStatus ?? null,
  };
  for (const repository of options.repositories) addRepository(state, repository);
  const actions = options.actionsDir === undefined ? null : openActionsFolder(options.actionsDir, state.scratch);
  const controlToken = randomUUID();
  const server = createServer({ keepAliveTimeout: LOCAL_KEEP_ALIVE_MS }, (request, response) => {
    serve({ state, actions, description, controlToken, url }, request, response).catch((error: unknown) => {
      fail(response, error);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    controlToken,
    calls: state.calls,
    statuses: state.statuses,
    repository: (owner, name) => findRepository(state, owner, name),
    addRepository: (added) => addRepository(state, added),
    openPullRequest: async (repository, asked) => {
      const pull = addPull(repository, asked);
      return { number: pull.number, ...(await readPull(repository, pull)) };
    },
    close: () => close(server, state),
  };
}

async function close(server: Server, state: LocalState): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await rm(state.scratch, { recursive: true, force: true, maxRetries: 3 });
}

/** A fault of the stand-in itself, never part of a test: it says so aloud. */
function fail(response: ServerResponse, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain" });
  response.end(`the local GitHub failed: ${text}\n`);
}

interface Served {
  state: LocalState;
  actions: ActionsFolder | null;
  description: Description;
  controlToken: string;
  url: string;
}

async function serve(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", served.url);
  const method = request.method ?? "GET";
  if (url.pathname.startsWith("/_local/")) {
    await serveControl(served, { method, url, body: await readBody(request), headers: request.headers }, response);
    return;
  }
  if (served.actions !== null && url.pathname.startsWith("/_actions/")) {
    await serveAction(served.actions, { method, url }, request, response);
    return;
  }
  const git = readGitRequest(method, url);
  if (git !== null) {
    const call = record(served.state, method, url, git.operation, `${git.owner}/${git.name}`);
    await withFault(served.state, call, request, response, (to) => serveGit(served.state, git, request, to));
    return;
  }
  const text = toText(await readBody(request));
  const lfs = readLfsRequest(method, url);
  if (lfs !== null) {
    const call = record(served.state, method, url, lfs.operation, `${lfs.owner}/${lfs.name}`);
    const sent = { headers: request.headers, body: text };
    await withFault(served.state, call, request, response, (to) => serveLfs(served, lfs, sent, to));
    return;
  }
  const login = loginOperation(method, url.pathname);
  if (login !== null) {
    const call = record(served.state, method, url, login, null);
    const asked = { method, url, text };
    await withFault(served.state, call, request, response, async (to) =>
      serveLogin(served.state, served.url, asked, to),
    );
    return;
  }
  const asked = { method, path: url.pathname, query: url.search.slice(1), text, headers: request.headers };
  const routed = answerApi(served.state, served.description, served.url, asked);
  const call = record(served.state, method, url, routed.operation, routed.repository);
  call.body = routed.body;
  call.problems = routed.problems;
  call.valid = routed.problems.length === 0;
  await withFault(served.state, call, request, response, async (to) => {
    const answer = await routed.answer();
    if (answer.wrong.length > 0) throw new Error(`our answer to ${call.operation}: ${answer.wrong.join("; ")}`);
    const type = answer.body === null ? {} : { "content-type": "application/json; charset=utf-8" };
    to.writeHead(answer.status, { ...type, ...answer.headers });
    to.end(answer.body === null ? undefined : JSON.stringify(answer.body));
    return answer.status;
  });
}

/** What is answered is done; what the answer says goes nowhere. */
class Unheard extends ServerResponse {
  override write(): boolean {
    return true;
  }
  override end(): this {
    return this;
  }
}

/** `sandlot dev` goes on for days. */
const MAX_RECORDED_CALLS = 10_000;

function record(
  state: LocalState,
  method: string,
  url: URL,
  operation: string | null,
  repository: string | null,
): RecordedCall {
  const path = `${url.pathname}${url.search}`;
  const call: RecordedCall = {
    method,
    path,
    operation,
    repository,
    body: null,
    status: 0,
    valid: true,
    problems: [],
    at: Date.now(),
  };
  state.calls.push(call);
  if (state.calls.length > MAX_RECORDED_CALLS) state.calls.shift();
  return call;
}

async function withFault(
  state: LocalState,
  call: RecordedCall,
  request: IncomingMessage,
  response: ServerResponse,
  answer: (to: ServerResponse) => Promise<number>,
): Promise<void> {
  const fault = takeFault(state, call.operation, call.repository);
  if (fault === null) {
    call.status = await answer(response);
    return;
  }
  if ("status" in fault) {
    call.status = fault.status;
    response.writeHead(fault.status, { "content-type": "application/json; charset=utf-8", ...fault.headers });
    response.end(fault.body ?? "");
    request.resume();
    return;
  }
  if ("stallMs" in fault) {
    await sleep(fault.stallMs, undefined, { ref: false });
    call.status = await answer(response);
    return;
  }
  if (fault.drop === "after") {
    await answer(new Unheard(request));
  }
  request.socket.destroy();
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`a body of over ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
