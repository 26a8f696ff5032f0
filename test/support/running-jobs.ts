/** Jobs that run under `sandlot run` for as long as a test wants, and what an action in one of them would be given. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import type { ArtifactFileView, BuildSummary, BuildView, Page } from "../../src/model/api.ts";
import { asAttemptId, asBuildId, asJobId } from "../../src/model/ids.ts";
import { issueRuntimeToken } from "../../src/store/runtime-token.ts";

const ROOT = join(import.meta.dirname, "../..");
const START_WITHIN_MS = 100_000;

export interface RunningJobs {
  environmentOf(job: string): Record<string, string>;
  /** Of an attempt that there never was. */
  foreignToken(): Promise<string>;
  reserveCache(job: string, key: string, bytes: number): Promise<{ upload: string; download: () => Promise<string> }>;
  /** Content by path, as our own API gives it. */
  artifactFiles(name: string): Promise<Record<string, string>>;
  freshFolder(): string;
  /** Lets the jobs end, and leaves nothing behind. */
  close(): Promise<{ exitCode: number; out: string }>;
}

interface Vars {
  url: string;
  apiToken: string;
  masterKey: string;
}

/** Jobs of these names; the first one uploads the artifact `native` before it waits. */
export async function startRunningJobs(names: readonly string[]): Promise<RunningJobs> {
  const home = mkdtempSync(join(tmpdir(), "sandlot-test-"));
  const go = join(home, "go");
  makeRepository(join(home, "repository"), workflowOf(names, go));
  mkdirSync(join(home, "tmp"));
  const child = spawn(process.execPath, [join(ROOT, "bin/sandlot.mjs"), "run", "--json"], {
    cwd: join(home, "repository"),
    env: { ...process.env, TMPDIR: join(home, "tmp"), XDG_CACHE_HOME: join(home, "cache"), NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = collect(child);
  const close = async (): Promise<{ exitCode: number; out: string }> => {
    writeFileSync(go, "");
    const result = await ended;
    rmSync(home, { recursive: true, force: true });
    return result;
  };
  try {
    return await describe(home, names, close);
  } catch (error) {
    child.kill("SIGTERM");
    throw new Error(`the jobs did not start:\n${(await close()).out}`, { cause: error });
  }
}

function workflowOf(names: readonly string[], go: string): string {
  const wait = `timeout 300 sh -c 'until [ -e "${go}" ]; do sleep 0.1; done'`;
  const upload = `      - run: mkdir -p n/deep; echo from the native action > n/f; echo g > n/deep/g
      - { uses: actions/upload-artifact@v4, with: { name: native, path: n } }
`;
  const job = (name: string, nth: number): string => `  ${name}:
    runs-on: ubuntu-latest
    steps:
${nth === 0 ? upload : ""}      - { name: Wait, run: ${JSON.stringify(wait)} }
`;
  return `on: push\njobs:\n${names.map(job).join("")}`;
}

function makeRepository(folder: string, workflow: string): void {
  mkdirSync(join(folder, ".sandlot/workflows"), { recursive: true });
  writeFileSync(join(folder, ".sandlot/workflows/ci.yml"), workflow);
  const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  for (const words of [
    ["init", "-q", "-b", "main"],
    ["add", "--all"],
    ["commit", "-q", "-m", "Start"],
  ])
    execFileSync("git", [...who, ...words], { cwd: folder, stdio: "pipe" });
}

async function collect(child: ChildProcess): Promise<{ exitCode: number; out: string }> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("it has no pipes");
  const [out, err, [code]] = await Promise.all([text(stdout), text(stderr), once(child, "close")]);
  return { exitCode: Number(code), out: `${out}\n${err}` };
}

async function describe(home: string, names: readonly string[], close: RunningJobs["close"]): Promise<RunningJobs> {
  const vars = await until(() => readVars(home));
  const headers = { authorization: `Bearer ${vars.apiToken}` };
  const get = async <T>(url: string): Promise<T> => {
    const response = await fetch(url, { headers });
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const build = await until(() => findBuild(vars, names, get));
  const environments = new Map<string, Record<string, string>>();
  for (const job of build.jobs) {
    const attemptId = asAttemptId(`${job.id}-${job.attempt}`);
    const claims = { attemptId, buildId: asBuildId(build.id), jobId: asJobId(job.id) };
    const valid = { from: Date.now(), until: Date.now() + 600_000 };
    environments.set(job.name, {
      ACTIONS_RESULTS_URL: `${vars.url}/`,
      ACTIONS_CACHE_SERVICE_V2: "true",
      ACTIONS_RUNTIME_TOKEN: await issueRuntimeToken(vars.masterKey, claims, valid),
    });
  }
  const environmentOf = (job: string): Record<string, string> => {
    const found = environments.get(job);
    if (found === undefined) throw new Error(`there is no job ${job}`);
    return found;
  };
  let folders = 0;
  return {
    environmentOf,
    close,
    foreignToken: () => {
      const claims = { attemptId: asAttemptId("x-1"), buildId: asBuildId(build.id), jobId: asJobId("x") };
      return issueRuntimeToken(vars.masterKey, claims, { from: 0, until: Date.now() + 600_000 });
    },
    reserveCache: async (job, key, bytes) => {
      const message = { key, version: "blocks" };
      const env = environmentOf(job);
      const made = await callCaches(env, "CreateCacheEntry", message);
      return {
        upload: String(made["signed_upload_url"]),
        download: async () => {
          await callCaches(env, "FinalizeCacheEntryUpload", { ...message, size_bytes: String(bytes) });
          return String((await callCaches(env, "GetCacheEntryDownloadURL", message))["signed_download_url"]);
        },
      };
    },
    artifactFiles: async (name) => {
      const url = `${vars.url}/api/builds/${build.id}/artifacts/${encodeURIComponent(name)}`;
      const { items } = await get<Page<ArtifactFileView>>(url);
      const files = items.map(async (file) => [file.path, await (await fetch(file.url, { headers })).text()]);
      return Object.fromEntries(await Promise.all(files)) as Record<string, string>;
    },
    freshFolder: () => {
      const folder = join(home, `folder-${(folders += 1)}`);
      mkdirSync(folder);
      return folder;
    },
  };
}

async function callCaches(
  env: Record<string, string>,
  method: string,
  message: object,
): Promise<Record<string, unknown>> {
  const url = `${env["ACTIONS_RESULTS_URL"]}twirp/github.actions.results.api.v1.CacheService/${method}`;
  const headers = { "content-type": "application/json", authorization: `Bearer ${env["ACTIONS_RUNTIME_TOKEN"]}` };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(message) });
  if (!response.ok) throw new Error(`${method}: ${response.status} ${await response.text()}`);
  return await response.json();
}

/** What the Worker was given, once it is there. */
async function readVars(home: string): Promise<Vars | null> {
  const [file] = globSync(join(home, "cache/**/worker/settings.json"));
  if (file === undefined) return null;
  const { port } = JSON.parse(readFileSync(file, "utf8")) as { port: number };
  const keysFile = join(file, "../../keys.json");
  const { apiToken, masterKey } = JSON.parse(readFileSync(keysFile, "utf8")) as Record<string, string>;
  const url = `http://127.0.0.1:${port}`;
  const answer = await fetch(`${url}/healthz`).catch(() => null);
  return answer?.ok === true ? { url, apiToken: String(apiToken), masterKey: String(masterKey) } : null;
}

/** Once each of its jobs waits. */
async function findBuild(
  vars: Vars,
  names: readonly string[],
  get: <T>(url: string) => Promise<T>,
): Promise<BuildView | null> {
  const { items } = await get<Page<BuildSummary>>(`${vars.url}/api/builds`);
  if (items[0] === undefined) return null;
  const build = await get<BuildView>(items[0].url);
  const waiting = build.jobs.filter((job) => job.steps.at(-1)?.name === "Wait");
  return waiting.length === names.length ? build : null;
}

async function until<T>(ask: () => Promise<T | null>): Promise<T> {
  for (const end = Date.now() + START_WITHIN_MS; Date.now() < end; await sleep(100)) {
    const value = await ask();
    if (value !== null) return value;
  }
  throw new Error("not in time");
}
