/** Git over HTTP, by git's own `http-backend`: what a checkout speaks to. */

import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Caller, identify, mayDo, reaches } from "./github-auth.ts";
import type { ActionsFolder } from "./actions-folder.ts";
import { asProcessEnv, gitEnvironment, type GitPlace, toText } from "./github-git.ts";
import { findRenamed, findRepository, type LocalRepository, type LocalState } from "./github-state.ts";

export interface GitRequest {
  operation: "git/info-refs" | "git/upload-pack" | "git/receive-pack";
  owner: string;
  name: string;
  /** Below the repository: `/info/refs`. */
  path: string;
  query: string;
  push: boolean;
}

const OPERATIONS = {
  "info/refs": "git/info-refs",
  "git-upload-pack": "git/upload-pack",
  "git-receive-pack": "git/receive-pack",
} as const;

/** Null for what is no git request. Only the smart protocol: GitHub has no other. */
export function readGitRequest(method: string, url: URL): GitRequest | null {
  const match = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(url.pathname);
  if (match === null) return null;
  const [, owner = "", name = "", tail = ""] = match;
  const service = url.searchParams.get("service");
  if (method !== (tail === "info/refs" ? "GET" : "POST") || (tail === "info/refs" && service === null)) return null;
  const push = tail === "git-receive-pack" || service === "git-receive-pack";
  const operation = OPERATIONS[tail as keyof typeof OPERATIONS];
  return { operation, owner, name, path: `/${tail}`, query: url.search.slice(1), push };
}

/** Answers and says with which status. */
export async function serveGit(
  state: LocalState,
  asked: GitRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const repository = findRepository(state, asked.owner, asked.name) ?? findRenamed(state, asked.owner, asked.name);
  const refusal = refuseGit(state, asked, request.headers.authorization, repository);
  if (refusal !== null || repository === null) {
    const status = refusal ?? 404;
    response.writeHead(status, status === 401 ? { "www-authenticate": 'Basic realm="GitHub"' } : {});
    response.end(status === 403 ? "Write access to repository not granted.\n" : "Repository not found.\n");
    request.resume();
    return status;
  }
  return await runBackend(repository, asked, request, response);
}

/** Actions from a folder, to anybody; what is not there is looked for elsewhere, as git follows. */
export async function serveAction(
  actions: ActionsFolder,
  { method, url }: { method: string; url: URL },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = readGitRequest(method, new URL(url.href.replace("/_actions/", "/")));
  if (asked === null) {
    response.writeHead(404).end();
    return;
  }
  const { owner, name, push, path, query } = asked;
  const place = push ? null : await actions.find(owner, name);
  if (place !== null) {
    await runBackend(place, asked, request, response);
    return;
  }
  const location = `${actions.elsewhere(owner, name)}${path}?${query}`;
  response.writeHead(push ? 403 : 302, push ? {} : { location }).end();
  request.resume();
}

/** The status to refuse with; null when it may. GitHub hides what a token does not reach. */
export function refuseGit(
  state: LocalState,
  asked: Pick<GitRequest, "push">,
  authorization: string | undefined,
  repository: LocalRepository | null,
): number | null {
  const identified = identify(state, authorization);
  if (!identified.ok) return 401;
  const { caller } = identified;
  // What is public anybody reads, with any token that lives.
  if (repository?.private === false && !asked.push) return null;
  if (caller.kind !== "installation") return 401;
  if (repository === null || !reaches(caller, repository)) return 404;
  return asked.push ? refusePush(caller, repository) : refuseRead(caller);
}

function refuseRead(caller: Caller): number | null {
  return mayDo(caller, "contents", "read") ? null : 404;
}

function refusePush(caller: Caller, repository: LocalRepository): number | null {
  return repository.writable && mayDo(caller, "contents", "write") ? null : 403;
}

function backendEnvironment(repository: GitPlace, asked: GitRequest, request: IncomingMessage): Record<string, string> {
  const settings = {
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowFilter": "true",
    "http.receivepack": String(asked.push),
    "core.hooksPath": "/dev/null",
  };
  const header = (name: string) => String(request.headers[name] ?? "");
  const env: Record<string, string> = {
    ...gitEnvironment(repository, settings),
    GIT_PROJECT_ROOT: repository.gitDir,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: asked.path,
    QUERY_STRING: asked.query,
    REQUEST_METHOD: request.method ?? "GET",
    CONTENT_TYPE: header("content-type"),
    REMOTE_ADDR: "127.0.0.1",
    REMOTE_USER: "x-access-token",
    GIT_PROTOCOL: header("git-protocol"),
    HTTP_CONTENT_ENCODING: header("content-encoding"),
  };
  // A chunked request has no length; the backend then reads to the end.
  if (request.headers["content-length"] !== undefined) env["CONTENT_LENGTH"] = request.headers["content-length"];
  return env;
}

function runBackend(
  repository: GitPlace,
  asked: GitRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", ["http-backend"], {
      env: asProcessEnv(backendEnvironment(repository, asked, request)),
      stdio: ["pipe", "pipe", "ignore"],
    });
    child.on("error", reject);
    request.pipe(child.stdin);
    // The backend stops reading when it refuses; its answer says so.
    child.stdin.on("error", () => {});
    response.on("close", () => child.kill());
    let head = new Uint8Array();
    child.stdout.on("data", function readHead(chunk: Uint8Array) {
      head = new Uint8Array(Buffer.concat([head, chunk]));
      const end = Number(Buffer.from(head).indexOf("\r\n\r\n"));
      if (end < 0) return;
      child.stdout.off("data", readHead);
      writeCgiHead(response, toText(head.subarray(0, end)));
      response.write(head.subarray(end + 4));
      child.stdout.pipe(response);
    });
    child.on("close", () => {
      if (!response.headersSent) response.writeHead(500).end();
      resolve(response.statusCode);
    });
  });
}

function writeCgiHead(response: ServerResponse, head: string): void {
  let status = 200;
  const headers: Record<string, string> = {};
  for (const line of head.split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "status") status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  response.writeHead(status, headers);
}
