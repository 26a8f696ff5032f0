/** Sandlot's own HTTP API, as the command uses it: the only file that knows its addresses. */

import type {
  Accepted,
  ApiProblem,
  ArtifactFileView,
  BuildSummary,
  BuildView,
  DeliveryView,
  DispatchRequest,
  Page,
  RerunRequest,
} from "../model/api.ts";
import type { SecretView } from "../model/settings-api.ts";

/** What the API refused, in its own words. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export interface ApiClient {
  readBuild(id: string): Promise<BuildView>;
  /** Builds that have not ended, newest first. */
  listUnfinished(): Promise<BuildSummary[]>;
  readDelivery(id: string): Promise<DeliveryView>;
  dispatch(owner: string, name: string, request: DispatchRequest): Promise<Accepted>;
  rerun(build: string, request: RerunRequest): Promise<Accepted>;
  /** A second one forces. */
  cancel(build: string): Promise<Accepted>;
  /** The job's log from a byte on, until the attempt ends. */
  followLog(build: string, job: string, options: LogOptions): AsyncGenerator<Uint8Array>;
  listArtifactFiles(artifactUrl: string): Promise<ArtifactFileView[]>;
  readArtifactFile(fileUrl: string): Promise<ReadableStream<Uint8Array>>;
  listSecrets(owner: string, name: string): Promise<string[]>;
  putSecret(owner: string, name: string, secret: string, value: string): Promise<void>;
  removeSecret(owner: string, name: string, secret: string): Promise<void>;
}

interface LogOptions {
  attempt: number;
  from: number;
  signal: AbortSignal;
}

export function createApiClient(options: { url: string; token: string }): ApiClient {
  const api = new Api(options.url, options.token);
  const secretPath = (owner: string, name: string, secret: string) =>
    `/api/repositories/${owner}/${name}/secrets/${encodeURIComponent(secret)}`;
  return {
    readBuild: (id) => api.json(`/api/builds/${id}`),
    listUnfinished: async () => {
      const pages = ["queued", "waiting", "in_progress"].map((status) => `/api/builds?status=${status}&limit=100`);
      const found = await Promise.all(pages.map((path) => api.json<Page<BuildSummary>>(path)));
      return found.flatMap((page) => page.items);
    },
    readDelivery: (id) => api.json(`/api/deliveries/${id}`),
    dispatch: (owner, name, request) => api.json(`/api/repositories/${owner}/${name}/dispatch`, "POST", request),
    rerun: (build, request) => api.json(`/api/builds/${build}/rerun`, "POST", request),
    cancel: (build) => api.json(`/api/builds/${build}/cancel`, "POST", {}),
    followLog: (build, job, options) => followLog(api, `/api/builds/${build}/jobs/${job}/log`, options),
    listArtifactFiles: async (url) => (await api.json<Page<ArtifactFileView>>(url)).items,
    readArtifactFile: async (url) => bodyOf(await api.ask(url)),
    listSecrets: async (owner, name) => {
      const page = await api.json<Page<SecretView>>(`/api/repositories/${owner}/${name}/secrets`);
      return page.items.map((secret) => secret.name);
    },
    putSecret: async (owner, name, secret, value) => {
      await (await api.ask(secretPath(owner, name, secret), { method: "PUT", body: { value } })).body?.cancel();
    },
    removeSecret: async (owner, name, secret) => {
      await (await api.ask(secretPath(owner, name, secret), { method: "DELETE" })).body?.cancel();
    },
  };
}

interface Asked {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
}

export class Api {
  readonly #url: string;
  /** Null for what needs none. */
  readonly #token: string | null;

  constructor(url: string, token: string | null) {
    this.#url = url;
    this.#token = token;
  }

  /** `path` may be a whole address, as the API gives them out. Throws `ApiError`. */
  async ask(path: string, { method = "GET", body, signal }: Asked = {}): Promise<Response> {
    const response = await fetch(new URL(path, this.#url), {
      method,
      headers: {
        ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
        "content-type": "application/json",
        // A compressed log arrives in large pieces, late.
        "accept-encoding": "identity",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.ok) return response;
    throw new ApiError(response.status, await detailOf(response));
  }

  /** The shapes are those of model/api.ts: both ends are of one version. */
  async json<T>(path: string, method = "GET", body?: unknown): Promise<T> {
    return (await (await this.ask(path, { method, body })).json()) as T;
  }
}

async function detailOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as ApiProblem).detail;
  } catch {
    return text.slice(0, 500) || `HTTP ${response.status}`;
  }
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  if (response.body === null) throw new Error("An answer without a body");
  return response.body;
}

const RETRY_MS = 250;
const MAX_BROKEN = 20;

/** A connection that breaks is made again from where it was. */
async function* followLog(api: Api, path: string, options: LogOptions): AsyncGenerator<Uint8Array> {
  let at = options.from;
  for (let broken = 0; ;) {
    try {
      const asked = `${path}?attempt=${options.attempt}&from=${at}&follow=1`;
      const response = await api.ask(asked, { signal: options.signal });
      for await (const chunk of bodyOf(response) as AsyncIterable<Uint8Array>) {
        broken = 0;
        at += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      broken += 1;
      if (options.signal.aborted || error instanceof ApiError || broken > MAX_BROKEN) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
