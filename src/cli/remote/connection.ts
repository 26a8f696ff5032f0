/** What every command that speaks to a deployed Sandlot is given: the API, the repository it is about, and an end when interrupted. */

import { spawn } from "node:child_process";

import type { BuildSummary, BuildView, Page } from "../../model/api.ts";
import { Api, type ApiClient, ApiError, createApiClient } from "../api-client.ts";
import { Interrupted } from "../ask.ts";
import { createPaint, type Paint, wantsColour } from "../paint.ts";
import { readRemote, readRepositoryName, type RepositoryName, repositoryOfFolder } from "./remote.ts";
import { UsageError } from "../usage-error.ts";

export interface Connection {
  url: string;
  api: Api;
  client: ApiClient;
  paint: Paint;
  colour: boolean;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** Runs `work` and says in one sentence, with the next command, why it could not. */
export async function connected(work: (connection: Connection) => Promise<number>): Promise<number> {
  const { url, token } = readRemote(process.env);
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => controller.abort(new Interrupted(signal));
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, stop);
  const colour = wantsColour(process.stdout, process.env);
  try {
    return await work({
      url,
      api: new Api(url, token),
      client: createApiClient({ url, token }),
      paint: createPaint({ colour }),
      colour,
      signal: controller.signal,
    });
  } catch (error) {
    if (controller.signal.aborted) throw controller.signal.reason;
    throw explain(error, url);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

function explain(error: unknown, url: string): unknown {
  if (error instanceof ApiError) return new ApiError(error.status, `${error.message}${NEXT[error.status] ?? ""}`);
  if (!(error instanceof TypeError)) return error;
  const why = error.cause instanceof Error && "code" in error.cause ? String(error.cause.code) : error.message;
  return new ApiError(0, `Nobody answers at ${url} (${why}).\n  sandlot login URL   # if it is somewhere else now`);
}

/** What one may try. */
const NEXT: Partial<Record<number, string>> = {
  401: "\n  sandlot login   # or set SANDLOT_TOKEN",
  403: "\n  sandlot whoami   # says who you are there",
  404: "\n  sandlot builds list   # shows what you may see",
};

/** `-R`, else where origin leads. */
export function repositoryFor(given: { repo?: string }): RepositoryName {
  return given.repo === undefined ? repositoryOfFolder(process.cwd()) : readRepositoryName(given.repo);
}

/** A build by its id or its page's address; the repository's newest where none is named. */
export async function findBuild(
  { api, client }: Pick<Connection, "api" | "client">,
  named: string | undefined,
  given: { repo?: string },
): Promise<BuildView> {
  if (named !== undefined) return await client.readBuild(readBuildId(named));
  const { owner, repo } = repositoryFor(given);
  const { items } = await api.json<Page<BuildSummary>>(`/api/repositories/${owner}/${repo}/builds?limit=1`);
  const [newest] = items;
  if (newest === undefined) throw new UsageError(`${owner}/${repo} has no build yet.`, ["git push   # starts one"]);
  return await client.readBuild(newest.id);
}

/** Throws `UsageError`. */
export function readBuildId(named: string): string {
  const id = /(?:^|\/builds\/)([a-z2-7]{4,64})(?:[/?#].*)?$/.exec(named)?.[1];
  if (id !== undefined) return id;
  throw new UsageError(`${named} is neither a build's id nor its page's address.`, ["sandlot builds list"]);
}

/** Opens a page, where there is something to open it with, and says which it is. */
export function openPage(base: string, path: string): number {
  const url = new URL(path, base).href;
  process.stdout.write(`${url}\n`);
  const opener = process.env["BROWSER"] || (process.platform === "darwin" ? "open" : "xdg-open");
  const child = spawn(opener, [url], { stdio: "ignore", detached: true });
  // The address is on the screen: whoever has no browser here opens it elsewhere.
  child.on("error", () => {});
  child.unref();
  return 0;
}
