/** The strings of the local GitHub: `/_local/…`, for tests that make repositories, commits and faults while it runs. */

import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { join } from "node:path";
import { type FileContent, initRepository, pruneRepository, writeCommit } from "./github-commits.ts";
import { toText } from "./github-git.ts";
import { keepObject } from "./github-lfs.ts";
import { fullName } from "./github-names.ts";
import { type PersonsRight, setRight } from "./github-people.ts";
import {
  addPull,
  addRepository,
  type Fault,
  findRepository,
  type LocalRepository,
  type LocalState,
  type PullOptions,
  readPull,
} from "./github-state.ts";

interface Control {
  state: LocalState;
  url: string;
  body: Record<string, unknown>;
  query: URLSearchParams;
}

interface RepositoryControl extends Control {
  repository: LocalRepository;
}

type Outcome = { status: number; body: unknown };
const done: Outcome = { status: 204, body: null };

export async function serveControl(
  served: { state: LocalState; controlToken: string; url: string },
  request: { method: string; url: URL; body: Uint8Array; headers: IncomingHttpHeaders },
  response: ServerResponse,
): Promise<void> {
  const outcome =
    request.headers.authorization === `Bearer ${served.controlToken}`
      ? await carryOut(served, request)
      : { status: 401, body: { message: "a wrong control token" } };
  response.writeHead(outcome.status, { "content-type": "application/json" });
  response.end(outcome.body === null ? undefined : JSON.stringify(outcome.body));
}

async function carryOut(
  { state, url }: { state: LocalState; url: string },
  request: { method: string; url: URL; body: Uint8Array },
): Promise<Outcome> {
  const text = toText(request.body);
  const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
  const control: Control = { state, url, body, query: request.url.searchParams };
  const [, owner = "", name = "", tail = ""] =
    /^\/_local\/repositories\/([^/]+)\/([^/]+)(\/\w+)?$/.exec(request.url.pathname) ?? [];
  if (owner === "") {
    const route = ROUTES[`${request.method} ${request.url.pathname}`];
    return route === undefined ? { status: 404, body: { message: "no such control" } } : await route(control);
  }
  const repository = findRepository(state, owner, name);
  const route = REPOSITORY_ROUTES[`${request.method} ${tail}`];
  if (repository === null || route === undefined)
    return { status: 404, body: { message: "no such repository or control" } };
  return await route({ ...control, repository });
}

const ROUTES: Record<string, (control: Control) => Outcome | Promise<Outcome>> = {
  "POST /_local/repositories": createRepository,
  "GET /_local/calls": ({ state, query }) => {
    const name = query.get("repository");
    const refused = query.get("refused") === "true";
    const asked = state.calls.filter((call) => (name === null || call.repository === name) && !(refused && call.valid));
    return { status: 200, body: asked };
  },
  "GET /_local/statuses": ({ state, query }) => {
    const [sha, name] = [query.get("sha"), query.get("repository")];
    const asked = state.statuses.filter(
      (status) => (sha === null || status.sha === sha) && (name === null || status.repository === name),
    );
    return { status: 200, body: asked };
  },
  "POST /_local/faults": ({ state, body }) => {
    state.faults.push(body as unknown as Fault);
    return done;
  },
  /** Tries at webhooks that GitHub shall remember, and where it would send them. */
  "POST /_local/hook": ({ state, body }) => {
    Object.assign(state.hook, body);
    return done;
  },
  "GET /_local/hook": ({ state }) => ({ status: 200, body: state.hook }),
  "DELETE /_local/faults": ({ state }) => {
    state.faults.length = 0;
    return done;
  },
  /** A person takes the App's leave away, as in GitHub's settings: their tokens end. */
  "DELETE /_local/people": ({ state, query }) => {
    const { tokens, refreshTokens } = state.people;
    for (const [token, { login }] of tokens) if (login === query.get("login")) tokens.delete(token);
    if (query.get("keep") === "refresh") return done;
    for (const [token, login] of refreshTokens) if (login === query.get("login")) refreshTokens.delete(token);
    return done;
  },
  /** The tokens of one installation end, as after an hour. */
  "DELETE /_local/tokens": ({ state, query }) => {
    const installationId = Number(query.get("installation"));
    for (const [value, token] of state.tokens) if (token.installationId === installationId) state.tokens.delete(value);
    return done;
  },
};

const REPOSITORY_ROUTES: Record<string, (control: RepositoryControl) => Outcome | Promise<Outcome>> = {
  "POST /commits": createCommit,
  "POST /pulls": async ({ repository, body }) => {
    const pull = addPull(repository, body as unknown as PullOptions);
    return { status: 201, body: { number: pull.number, ...(await readPull(repository, pull)) } };
  },
  "POST /rename": ({ state, repository, body }) => {
    state.renames.set(fullName(repository).toLowerCase(), repository.id);
    repository.name = textOf(body, "name", repository.name);
    return done;
  },
  /** What a person may do here from now on. */
  "POST /people": ({ state, repository, body }) => {
    setRight(state, textOf(body, "login", ""), repository, textOf(body, "right", "none") as PersonsRight);
    return done;
  },
  "POST /visibility": ({ repository, body }) => {
    repository.private = body["private"] === true;
    return done;
  },
  /** What the App may do for this repository's owner from now on. */
  "POST /granted": ({ state, repository, body }) => {
    state.granted.set(repository.installationId, body as Record<string, string>);
    return done;
  },
  /** A file of Git LFS; its pointer is still to be committed. */
  "POST /lfs": async ({ repository, body }) => {
    const pointer = await keepObject(repository.gitDir, textOf(body, "text", ""));
    return { status: 201, body: { pointer } };
  },
  /** What no branch or tag reaches is gone for good, as some time after a force-push. */
  "POST /prune": async ({ repository }) => {
    await pruneRepository(repository);
    return done;
  },
  "DELETE ": ({ state, repository }) => {
    state.repositories.delete(repository.id);
    return done;
  },
};

function textOf(body: Record<string, unknown>, key: string, otherwise: string): string {
  const value = body[key];
  return typeof value === "string" ? value : otherwise;
}

async function createRepository({ state, body, url }: Control): Promise<Outcome> {
  const owner = textOf(body, "owner", "");
  const name = textOf(body, "name", "");
  if (owner === "" || name === "") return { status: 422, body: { message: "owner and name are needed" } };
  const defaultBranch = textOf(body, "defaultBranch", "main");
  const repository = addRepository(state, {
    owner,
    name,
    defaultBranch,
    gitDir: join(state.scratch, "repositories", owner, `${name}.git`),
    private: body["private"] !== false,
    writable: true,
  });
  await initRepository(repository);
  const files = (body["files"] ?? {}) as Record<string, FileContent>;
  const message = textOf(body, "message", "First commit");
  const { sha } = await writeCommit(repository, { branch: defaultBranch, files, message });
  const { id: repositoryId, installationId } = repository;
  const ref = `refs/heads/${defaultBranch}`;
  return { status: 201, body: { repositoryId, installationId, sha, ref, cloneUrl: `${url}/${owner}/${name}.git` } };
}

async function createCommit({ repository, body }: RepositoryControl): Promise<Outcome> {
  const parent = body["parent"] as string | null | undefined;
  const written = await writeCommit(repository, {
    branch: textOf(body, "branch", repository.defaultBranch),
    files: (body["files"] ?? {}) as Record<string, FileContent>,
    message: textOf(body, "message", "Change"),
    ...(parent !== undefined && { parent }),
    ...(typeof body["tag"] === "string" && { tag: body["tag"], annotated: body["annotated"] === true }),
  });
  return { status: 201, body: written };
}
