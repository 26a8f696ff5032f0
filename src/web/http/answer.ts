/** The shapes of every answer: JSON, problems after RFC 9457, and the headers that no answer goes without. */

import type { ApiProblem } from "../../model/api.ts";

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  416: "Range Not Satisfiable",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

export type ProblemStatus = keyof typeof TITLES;

export function problem(status: ProblemStatus, detail: string, headers: Record<string, string> = {}): Response {
  const body: ApiProblem = { type: "about:blank", title: TITLES[status], status, detail };
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/problem+json; charset=utf-8", "cache-control": "no-store", ...headers },
  });
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
  });
}

export function notFound(noun: string, name: string): Response {
  return problem(404, `There is no ${noun} ${JSON.stringify(name.slice(0, 100))} here.`);
}

/** Nothing may frame, sniff, embed or leak what we answer; a page asks for its own stylesheet, its own scripts and what those ask us for. */
const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  // Our own forms say that they are ours; nobody else learns an address.
  "referrer-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' https://avatars.githubusercontent.com; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
} as const;

/** Sets them where the answer has not said something stricter. */
export function secure(response: Response): Response {
  // The answer that opens a WebSocket cannot be made anew; no page comes of it.
  if (response.webSocket) return response;
  const secured = new Response(response.body, response);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    if (!secured.headers.has(name)) secured.headers.set(name, value);
  }
  return secured;
}
