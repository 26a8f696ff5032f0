/** Visits the Worker as people, machines and strangers do; people sign in through the local GitHub's own pages. */

import { env } from "cloudflare:workers";
import { inject } from "vitest";
import { LOCAL_CLIENT_ID, LOCAL_CLIENT_SECRET } from "../../../src/local/github-app-keys.ts";
import type { CreatedToken, TokenRequest } from "../../../src/model/api.ts";
import { saveRepository } from "../../../src/store/repositories.ts";
import { app } from "../../../src/web/app.ts";
import { createRepository } from "../../support/github-control.ts";
import type { TestRepository } from "../../support/github-control.ts";

export const github = inject("gitHubApp");
const HOST = "https://sandlot.example";

/** A Worker where people can sign in. */
const SIGN_IN: Partial<Env> = {
  GITHUB_APP_CLIENT_ID: LOCAL_CLIENT_ID,
  GITHUB_APP_CLIENT_SECRET: LOCAL_CLIENT_SECRET,
  PUBLIC_URL: HOST,
};

/** Nobody carries out what is asked for here. */
const DELIVERIES = { send: () => Promise.resolve() } as unknown as Env["DELIVERIES"];

export interface Visit {
  cookie?: string;
  /** Sent as `Authorization: Bearer`. */
  token?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  vars?: Partial<Env>;
  /** Says that a page of ours sent it, as browsers do. */
  own?: boolean;
}

export async function visit(path: string, given: Visit = {}): Promise<Response> {
  const headers = new Headers(given.headers);
  if (given.cookie !== undefined) headers.set("cookie", given.cookie);
  if (given.token !== undefined) headers.set("authorization", `Bearer ${given.token}`);
  if (given.own) headers.set("sec-fetch-site", "same-origin");
  const { method = "GET", body } = given;
  const request = new Request(`${HOST}${path}`, {
    method,
    headers,
    redirect: "manual",
    ...(body === undefined ? {} : { body }),
  });
  return await app.fetch(request, { ...env, DELIVERIES, ...SIGN_IN, ...given.vars });
}

/** `name=value` of a cookie that an answer sets; empty for one that it clears, null for one that it does not name. */
export function cookieOf(answer: Response, name: string): string | null {
  for (const line of answer.headers.getSetCookie()) {
    const [pair = ""] = line.split(";");
    if (pair.startsWith(`${name}=`)) return pair === `${name}=` ? "" : pair;
  }
  return null;
}

/** From our link to GitHub's answer: the address that GitHub sends the browser back to, and the cookie that it holds. */
export async function goToGitHub(login: string, next = "/"): Promise<{ callback: string; cookie: string }> {
  const start = await visit(`/login/github?next=${encodeURIComponent(next)}`);
  const authorize = start.headers.get("location") ?? "";
  const back = await fetch(`${authorize}&as=${login}`, { redirect: "manual" });
  await back.body?.cancel();
  const callback = new URL(back.headers.get("location") ?? "");
  return { callback: `${callback.pathname}${callback.search}`, cookie: cookieOf(start, "__Host-login") ?? "" };
}

/** The cookie of somebody who signed in. */
export async function signIn(login: string): Promise<string> {
  const { callback, cookie } = await goToGitHub(login);
  const answer = await visit(callback, { cookie });
  const session = cookieOf(answer, "__Host-session");
  if (!session) throw new Error(`${login} was not signed in: ${answer.status} ${await answer.text()}`);
  return session;
}

export async function makeToken(asked: TokenRequest): Promise<string> {
  const answer = await visit("/api/tokens", {
    method: "POST",
    token: env.SANDLOT_API_TOKEN,
    body: JSON.stringify(asked),
  });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json<CreatedToken>()).token;
}

/** On the local GitHub and in the store, as after its first webhook. */
export async function knownRepository(options: { private?: boolean; owner?: string } = {}): Promise<TestRepository> {
  const repository = await createRepository(github, { "README.md": "# Hi\n" }, { private: true, ...options });
  const { id, owner, name, defaultBranch } = repository;
  const isPrivate = options.private ?? true;
  await saveRepository(env.DB, { id, owner, name, private: isPrivate, defaultBranch, installationId: 7 }).run();
  return repository;
}

/** The same for everybody: what an answer says, without what was asked for. */
export async function sayOf(answer: Response, asked: string): Promise<unknown> {
  const headers = [...answer.headers].filter(([name]) => name !== "date");
  const text = (await answer.text()).replaceAll(encodeURIComponent(asked), "ASKED").replaceAll(asked, "ASKED");
  return { status: answer.status, headers, text };
}
