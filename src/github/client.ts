/** Every call to GitHub passes here: bounded in time, never repeated in memory, its failures sorted by what can be done about them. */

import { Octokit } from "@octokit/rest";

export type GitHubFaultReason =
  /** Wait `retryAfterMs`, then ask again. */
  | "rate_limited"
  /** GitHub or the way there is broken; asking again may help. What was asked may have been done. */
  | "unavailable"
  /** Our key or token is not (or no longer) good. */
  | "unauthorized"
  | "not_found"
  /** A permission is missing, or the repository is archived. */
  | "forbidden"
  /** GitHub understood and refuses: asking again cannot help. */
  | "invalid";

/** Every way GitHub fails us. Retrying is the caller's (queue consumer, durable step): it outlives this process. */
export class GitHubFault extends Error {
  override readonly name = "GitHubFault";
  readonly reason: GitHubFaultReason;
  /** How long GitHub asks to wait; null where it does not say. */
  readonly retryAfterMs: number | null;
  /** Null where no answer came. */
  readonly status: number | null;
  constructor(
    reason: GitHubFaultReason,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number | null; status?: number | null } = {},
  ) {
    super(message, options);
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.status = options.status ?? null;
  }
}

export type FetchLike = (input: string, init?: RequestInit) => Promise<Response>;

const CALL_TIMEOUT_MS = 30_000;
/** What GitHub asks for where a secondary limit names no time. */
const DEFAULT_RATE_LIMIT_WAIT_MS = 60_000;
const MAX_MESSAGE_CHARS = 300;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** `authorize` gives the header's value for each call; it is asked to `renew` after a 401, once. */
export function createClient(options: {
  apiUrl: string;
  fetch?: FetchLike | undefined;
  authorize: (ask: { renew: boolean }) => Promise<string>;
}): Octokit {
  const octokit = new Octokit({
    baseUrl: options.apiUrl.replace(/\/+$/, ""),
    userAgent: "sandlot",
    log: quiet,
    request: { fetch: timedFetch(options.fetch ?? ((input, init) => fetch(input, init))) },
  });
  octokit.hook.wrap("request", async (request, parameters) => {
    const call = `${parameters.method} ${parameters.url}`;
    const send = async (authorization: string) => {
      // Set in place: inner hooks are bound to this very object.
      parameters.headers["authorization"] = authorization;
      try {
        return await request(parameters);
      } catch (error) {
        throw toFault(error, call);
      }
    };
    const first = await options.authorize({ renew: false });
    try {
      return await send(first);
    } catch (error) {
      if (!(error instanceof GitHubFault && error.status === 401)) throw error;
      const second = await options.authorize({ renew: true });
      if (second === first) throw error;
      return await send(second);
    }
  });
  octokit.hook.after("request", (response, parameters) => {
    noteLimit(response.headers);
    // A cut body, or a proxy's page: Octokit hands over what it cannot parse as text.
    if (response.status < 202 && (typeof response.data !== "object" || response.data === null)) {
      const call = `${parameters.method} ${parameters.url}`;
      throw new GitHubFault("unavailable", `GitHub's answer to ${call} is no JSON`, { status: response.status });
    }
  });
  return octokit;
}

export interface SeenLimit {
  limit: number;
  remaining: number;
  /** ms, UTC */
  resetAt: number;
}

let seenLimit: SeenLimit | null = null;

/** What GitHub's headers last said to this isolate; null before. */
export function lastLimit(): SeenLimit | null {
  return seenLimit;
}

function noteLimit(headers: Answered["headers"]): void {
  const [limit, remaining, reset] = ["limit", "remaining", "reset"].map((name) =>
    Number(headers[`x-ratelimit-${name}`]),
  );
  if (limit === undefined || remaining === undefined || reset === undefined) return;
  if (Number.isFinite(limit + remaining + reset)) seenLimit = { limit, remaining, resetAt: reset * 1000 };
}

/** The limit covers the body too. */
function timedFetch(inner: FetchLike): FetchLike {
  return (input, init) => {
    const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS);
    return inner(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout });
  };
}

interface Answered {
  status: number;
  headers: Record<string, string | number | undefined>;
  message: string;
}

/** Sorts whatever a call threw; `call` names it in the message (route only, so no secret). */
export function toFault(error: unknown, call: string): GitHubFault {
  if (error instanceof GitHubFault) return error;
  const answer = answered(error);
  if (answer === null) {
    const what = error instanceof Error ? error.message : String(error);
    return new GitHubFault("unavailable", `no answer from GitHub to ${call}: ${what}`, { cause: error });
  }
  const { reason, retryAfterMs } = classify(answer);
  const text = answer.message.slice(0, MAX_MESSAGE_CHARS);
  return new GitHubFault(reason, `GitHub answered ${answer.status} to ${call}: ${text}`, {
    cause: error,
    status: answer.status,
    retryAfterMs,
  });
}

function classify(answer: Answered): { reason: GitHubFaultReason; retryAfterMs: number | null } {
  const { status } = answer;
  if (status === 429 || (status === 403 && isRateLimit(answer))) {
    return { reason: "rate_limited", retryAfterMs: waitMs(answer) ?? DEFAULT_RATE_LIMIT_WAIT_MS };
  }
  if (status >= 500 || status === 408) return { reason: "unavailable", retryAfterMs: retryAfter(answer) };
  if (status === 401) return { reason: "unauthorized", retryAfterMs: null };
  if (status === 403) return { reason: "forbidden", retryAfterMs: null };
  // 409 is GitHub's answer for a repository without a commit, 451 for one taken down by law.
  if ([404, 409, 410, 451].includes(status)) return { reason: "not_found", retryAfterMs: null };
  return { reason: "invalid", retryAfterMs: null };
}

function isRateLimit(answer: Answered): boolean {
  return (
    answer.headers["retry-after"] !== undefined ||
    String(answer.headers["x-ratelimit-remaining"]) === "0" ||
    /rate limit|abuse detection/i.test(answer.message)
  );
}

function waitMs(answer: Answered): number | null {
  const asked = retryAfter(answer);
  if (asked !== null) return asked;
  if (String(answer.headers["x-ratelimit-remaining"]) !== "0") return null;
  const reset = Number(answer.headers["x-ratelimit-reset"]) * 1000;
  // GitHub's own clock, where it tells it.
  const now = Date.parse(String(answer.headers["date"] ?? "")) || Date.now();
  return Number.isFinite(reset) ? Math.max(1000, reset - now) : null;
}

function retryAfter(answer: Answered): number | null {
  const seconds = Number(answer.headers["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}

/** Octokit's error where there was an answer; it says 500 for a call that got none, without a response. */
function answered(error: unknown): Answered | null {
  if (!(error instanceof Error) || !("response" in error) || !("status" in error)) return null;
  const response = error.response as { headers?: Answered["headers"] } | undefined;
  if (response === undefined || typeof error.status !== "number") return null;
  return { status: error.status, headers: response.headers ?? {}, message: error.message };
}
