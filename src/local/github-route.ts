/** From a REST request to the operation that answers it: GitHub's order of refusals (who, where, may, well-formed). */

import type { IncomingHttpHeaders } from "node:http";
import { APP_OPERATIONS, REPOSITORY_OPERATIONS } from "./github-api.ts";
import { type Answer, type Ask, problem } from "./github-ask.ts";
import type { Json } from "./github-answers.ts";
import { identify, mayDo, reaches } from "./github-auth.ts";
import { fullName } from "./github-names.ts";
import type { Description, Matched } from "./github-openapi.ts";
import { answerPerson, readAsPerson, refusePerson } from "./github-people.ts";
import { findRepository, type LocalState } from "./github-state.ts";

interface ApiRequest {
  method: string;
  path: string;
  query: string;
  text: string;
  headers: IncomingHttpHeaders;
}

interface CheckedAnswer extends Answer {
  headers?: Record<string, string>;
  /** What GitHub's description does not allow in our own answer. */
  wrong: string[];
}

export interface Routed {
  operation: string | null;
  /** `owner/name`, as asked. */
  repository: string | null;
  body: unknown;
  problems: string[];
  answer: () => Promise<CheckedAnswer>;
}

export function answerApi(state: LocalState, description: Description, url: string, request: ApiRequest): Routed {
  const body = readJson(request.text);
  if (!body.ok) {
    const answer = plain(problem(400, "Problems parsing JSON"));
    return { operation: null, repository: null, body: request.text, problems: ["the body is no JSON"], answer };
  }
  const path = canonicalPath(state, request.path);
  const matched = description.matchRequest({ method: request.method, path, query: request.query, body: body.value });
  if (matched === null) {
    const why = `${request.method} ${request.path} is not among the operations that Sandlot calls`;
    const answer = plain(problem(404, "Not Found"));
    return { operation: null, repository: null, body: body.value, problems: [why], answer };
  }
  const answer = async (): Promise<CheckedAnswer> => {
    const moved = redirect(state, url, request, matched);
    if (moved !== null) return moved;
    const asked = { state, url, params: matched.params, query: matched.query, body: (body.value ?? {}) as Json };
    const given = await answerOperation(asked, matched, request.headers.authorization);
    return { ...given, wrong: description.checkResponse(matched.operationId, given.status, given.body) };
  };
  return {
    operation: matched.operationId,
    repository: askedRepository(matched),
    body: body.value,
    problems: matched.problems,
    answer,
  };
}

function askedRepository({ params }: Matched): string | null {
  const { owner, repo } = params;
  return owner === undefined || repo === undefined ? null : `${owner}/${repo}`;
}

const plain = (answer: Answer) => async (): Promise<CheckedAnswer> => ({ ...answer, wrong: [] });

function readJson(text: string): { ok: true; value: unknown } | { ok: false } {
  if (text === "") return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
}

/** `/repositories/ID/…` is what GitHub redirects to; slashes in a path or ref may come raw, as `gh` and `curl` send them. */
function canonicalPath(state: LocalState, path: string): string {
  const [, id, rest = ""] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  const repository = id === undefined ? undefined : state.repositories.get(Number(id));
  const named = repository === undefined ? path : `/repos/${fullName(repository)}${rest}`;
  const [, head, tail] = /^(\/repos\/[^/]+\/[^/]+\/(?:contents|git\/ref|compare))\/(.+)$/.exec(named) ?? [];
  return head === undefined || tail === undefined ? named : `${head}/${encodeURIComponent(decodeURIComponent(tail))}`;
}

/** A renamed repository: 301 for what only reads, 307 for what must keep its method and body. */
function redirect(state: LocalState, url: string, request: ApiRequest, matched: Matched): CheckedAnswer | null {
  const { owner = "", repo = "" } = matched.params;
  const id = state.renames.get(`${owner}/${repo}`.toLowerCase());
  if (id === undefined || findRepository(state, owner, repo) !== null) return null;
  const rest = request.path.split("/").slice(4).join("/");
  const location = `${url}/repositories/${id}${rest === "" ? "" : `/${rest}`}${request.query && `?${request.query}`}`;
  const body = { message: "Moved Permanently", url: location, documentation_url: "https://docs.github.com/rest" };
  return { status: request.method === "GET" ? 301 : 307, headers: { location }, body, wrong: [] };
}

async function answerOperation(
  asked: Omit<Ask, "caller">,
  matched: Matched,
  authorization: string | undefined,
): Promise<Answer> {
  const identified = identify(asked.state, authorization);
  if (!identified.ok) return problem(401, identified.why);
  const ask: Ask = { ...asked, caller: identified.caller };
  const { caller } = ask;
  const byApp = APP_OPERATIONS[matched.operationId];
  if (byApp !== undefined && caller.kind !== "app") return problem(401, "A JSON web token could not be decoded");
  if (caller.kind === "nobody") return problem(401, "Requires authentication");
  const invalid =
    matched.problems.length === 0 ? null : problem(422, `Invalid request. ${matched.problems.join(". ")}`);
  if (byApp !== undefined) return invalid ?? byApp(ask);
  if (matched.operationId === "apps/revoke-installation-access-token" && caller.kind === "installation") {
    asked.state.tokens.delete(caller.secret);
    return { status: 204, body: null };
  }
  return await answerRepository(ask, matched, invalid);
}

/** Of a repository a person's token is only asked what that person may do. */
function answerToPerson(ask: Ask, login: string, { operationId, params }: Matched): Answer {
  const answer = answerPerson(ask, login, operationId);
  if (answer !== null) return answer;
  if (operationId !== "repos/get") return refusePerson();
  return readAsPerson(ask, login, findRepository(ask.state, params["owner"] ?? "", params["repo"] ?? ""));
}

async function answerRepository(ask: Ask, matched: Matched, invalid: Answer | null): Promise<Answer> {
  if (ask.caller.kind === "person") return invalid ?? answerToPerson(ask, ask.caller.login, matched);
  const operation = REPOSITORY_OPERATIONS[matched.operationId];
  const repository = findRepository(ask.state, matched.params["owner"] ?? "", matched.params["repo"] ?? "");
  if (operation === undefined || repository === null || !reaches(ask.caller, repository)) {
    return problem(404, "Not Found");
  }
  if (!mayDo(ask.caller, operation.permission, operation.level)) {
    return problem(403, "Resource not accessible by integration");
  }
  return invalid ?? (await operation.answer({ ...ask, repository }));
}
