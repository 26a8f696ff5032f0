/** People on the local GitHub: what each may do in which repository, and the tokens that the App was given for them. */

import { randomBytes } from "node:crypto";
import { type Json, installationJson, repositoryJson, userJson } from "./github-answers.ts";
import { type Answer, type Ask, notFound, problem } from "./github-ask.ts";
import type { LocalRepository, LocalState } from "./github-state.ts";

export type PersonsRight = "none" | "read" | "push" | "admin";

export interface LocalPeople {
  /** By `login repository-id`, where it is not what follows from being its owner. */
  rights: Map<string, PersonsRight>;
  tokens: Map<string, { login: string; expiresAt: number }>;
  refreshTokens: Map<string, string>;
  /** Codes on their way back from the authorize page. */
  codes: Map<string, { login: string; redirectUri: string; challenge: string | null }>;
  /** By device code. `login` is null until somebody lets it in. */
  devices: Map<
    string,
    { userCode: string; login: string | null; isDenied: boolean; expiresAt: number; askedAt: number }
  >;
}

export function noPeople(): LocalPeople {
  return {
    rights: new Map(),
    tokens: new Map(),
    refreshTokens: new Map(),
    codes: new Map(),
    devices: new Map(),
  };
}

export const drawToken = (prefix: string): string =>
  `${prefix}_${Buffer.from(randomBytes(27)).toString("base64url").replaceAll(/[-_]/g, "0")}`;

/** GitHub's user tokens live eight hours. */
const USER_TOKEN_LIFE_S = 28_800;
const REFRESH_TOKEN_LIFE_S = 15_897_600;

/** What `access_token` answers; the tokens of before are over, as on GitHub. */
export function grantTokens(people: LocalPeople, login: string): Json {
  const token = drawToken("ghu");
  const refresh = drawToken("ghr");
  people.tokens.set(token, { login, expiresAt: Date.now() + USER_TOKEN_LIFE_S * 1000 });
  people.refreshTokens.set(refresh, login);
  return {
    access_token: token,
    expires_in: USER_TOKEN_LIFE_S,
    refresh_token: refresh,
    refresh_token_expires_in: REFRESH_TOKEN_LIFE_S,
    token_type: "bearer",
    scope: "",
  };
}

export function setRight(state: LocalState, login: string, repository: LocalRepository, right: PersonsRight): void {
  state.people.rights.set(keyOf(login, repository), right);
}

const keyOf = (login: string, repository: LocalRepository) => `${login.toLowerCase()} ${repository.id}`;

/** What was said of this person, or being the owner; not what everybody may. */
function ownRight(state: LocalState, login: string, repository: LocalRepository): PersonsRight {
  const said = state.people.rights.get(keyOf(login, repository));
  if (said !== undefined) return said;
  return repository.owner.toLowerCase() === login.toLowerCase() ? "admin" : "none";
}

/** Whom the authorize page offers. */
export function knownLogins(state: LocalState): string[] {
  const owners = [...state.repositories.values()].map(({ owner }) => owner);
  const others = [...state.people.rights.keys()].map((key) => key.split(" ", 1)[0] ?? "");
  return [...new Set([...owners, ...others, "octocat"])].sort();
}

/** What a person's token may ask for; null for what it may not. */
export function answerPerson(ask: Ask, login: string, operation: string): Answer | null {
  const { state, url, params } = ask;
  const all = [...state.repositories.values()];
  const own = all.filter((one) => ownRight(state, login, one) !== "none");
  switch (operation) {
    case "users/get-authenticated":
      return { status: 200, body: personJson(url, login) };
    case "apps/list-installations-for-authenticated-user": {
      const byId = new Map(own.map((one) => [one.installationId, one]));
      const app = { id: state.appId, slug: state.appSlug };
      const installations = [...byId].map(([id, one]) => installationJson(url, one, app, state.granted.get(id) ?? {}));
      return page(ask, "installations", installations);
    }
    case "apps/list-installation-repos-for-authenticated-user": {
      const inIt = own.filter((one) => one.installationId === Number(params["installation_id"]));
      if (inIt.length === 0) return notFound();
      const repositories = inIt.map((one) => withPermissions(url, one, ownRight(state, login, one)));
      return page(ask, "repositories", repositories);
    }
    default:
      return null;
  }
}

function page({ query }: Ask, name: string, all: Json[]): Answer {
  const size = Number(query["per_page"] ?? 30);
  const from = (Number(query["page"] ?? 1) - 1) * size;
  return { status: 200, body: { total_count: all.length, [name]: all.slice(from, from + size) } };
}

/** `GET /repos/{owner}/{repo}` with a person's token. */
export function readAsPerson({ state, url }: Ask, login: string, repository: LocalRepository | null): Answer {
  if (repository === null) return notFound();
  const own = ownRight(state, login, repository);
  const right = own === "none" && !repository.private ? "read" : own;
  if (right === "none") return notFound();
  return { status: 200, body: withPermissions(url, repository, right) };
}

export const refusePerson = (): Answer => problem(403, "Resource not accessible by integration");

function withPermissions(url: string, repository: LocalRepository, right: PersonsRight): Json {
  const admin = right === "admin";
  const push = admin || right === "push";
  const permissions = { admin, maintain: admin, push, triage: push, pull: true };
  return { ...repositoryJson(url, repository), permissions };
}

function personJson(url: string, login: string): Json {
  const at = "2020-01-01T00:00:00Z";
  const about = { name: null, company: null, blog: "", location: null, email: null, hireable: null, bio: null };
  const counts = { public_repos: 0, public_gists: 0, followers: 0, following: 0 };
  return { ...userJson(url, login), ...about, ...counts, user_view_type: "public", created_at: at, updated_at: at };
}
