/** GitHub's own word on what a request and an answer look like, made stricter where GitHub is stricter than its description. */

import { type Document, OpenAPIBackend } from "openapi-backend";
import cut from "./github-openapi.json" with { type: "json" };

interface Tightening {
  /** Keys from the document's root down to a schema. */
  at: string[];
  /** Set on that schema. */
  set: Record<string, unknown>;
  reason: string;
}

const STATUS = ["paths", "/repos/{owner}/{repo}/statuses/{sha}", "post"];
const STATUS_FIELDS = [...STATUS, "requestBody", "content", "application/json", "schema", "properties"];

/** Where the description is laxer (once: stricter) than GitHub, and how we know. */
export const TIGHTENINGS: Tightening[] = [
  {
    at: [...STATUS_FIELDS, "description"],
    set: { maxLength: 140 },
    reason: "422 'description is too long (maximum is 140 characters)': zalando/zappr#378",
  },
  {
    at: [...STATUS_FIELDS, "context"],
    set: { maxLength: 255 },
    reason: "422 'context is too long (maximum is 255 characters)': runatlantis/atlantis#2506",
  },
  {
    at: [...STATUS_FIELDS, "target_url"],
    set: { pattern: "^https?://" },
    reason: "GitHub makes it a link in its own page, and refuses other schemes with 422",
  },
  {
    at: ["components", "schemas", "pull-request", "properties", "head", "properties", "repo"],
    set: { $ref: undefined, anyOf: [{ $ref: "#/components/schemas/repository" }, { enum: [null] }] },
    reason: "laxer than described: a fork that was deleted is null here",
  },
];

const FORMATS: Record<string, (text: string) => boolean> = {
  "date-time": (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text),
  // Some of GitHub's are templates: `…/commits{/sha}`.
  uri: (text) => URL.canParse(text),
  email: (text) => text.includes("@"),
};

export interface Matched {
  operationId: string;
  params: Record<string, string>;
  query: Record<string, string>;
  /** What of the request GitHub's description does not allow. */
  problems: string[];
}

export interface Description {
  /** Null where GitHub has no such operation, or Sandlot does not call it. */
  matchRequest(request: { method: string; path: string; query: string; body: unknown }): Matched | null;
  /** What is wrong with an answer of ours. */
  checkResponse(operationId: string, status: number, body: unknown): string[];
}

export async function loadDescription(): Promise<Description> {
  const document: Record<string, unknown> = structuredClone(cut);
  for (const tightening of TIGHTENINGS) tighten(document, tightening);
  const backend = new OpenAPIBackend({
    definition: document as unknown as Document,
    quick: true,
    ajvOpts: { strict: false, formats: FORMATS, allErrors: true },
    coerceTypes: true,
  });
  await backend.init();
  return { matchRequest: (request) => matchRequest(backend, request), checkResponse: checkWith(backend) };
}

function tighten(document: Record<string, unknown>, { at, set }: Tightening): void {
  let schema = document;
  for (const key of at) {
    const next = schema[key];
    if (typeof next !== "object" || next === null) throw new Error(`GitHub's description has no ${at.join(" / ")}`);
    schema = next as Record<string, unknown>;
  }
  Object.assign(schema, set);
  for (const [key, value] of Object.entries(set)) if (value === undefined) delete schema[key];
}

type Backend = OpenAPIBackend;

function matchRequest(
  backend: Backend,
  given: { method: string; path: string; query: string; body: unknown },
): Matched | null {
  const request = {
    method: given.method,
    path: given.path,
    query: given.query,
    headers: given.body === undefined ? {} : { "content-type": "application/json" },
    body: given.body,
  };
  const operation = backend.router.matchOperation(request);
  if (operation?.operationId === undefined) return null;
  const { params } = backend.router.parseRequest(request, operation);
  const result = backend.validator.validateRequest(request, operation);
  return {
    operationId: operation.operationId,
    params: Object.fromEntries(Object.entries(params).map(([key, value]) => [key, String(value)])),
    query: Object.fromEntries(new URLSearchParams(given.query)),
    problems: sayErrors(result.errors),
  };
}

function checkWith(backend: Backend): Description["checkResponse"] {
  return (operationId, status, body) => sayErrors(backend.validator.validateResponse(body, operationId, status).errors);
}

function sayErrors(errors: { instancePath: string; message?: string }[] | null | undefined): string[] {
  return (errors ?? []).map((error) => `${error.instancePath || "/"} ${error.message ?? "is wrong"}`);
}
