/** What `sandlot doctor` looks at: this machine, this folder, and the Sandlot that it is told of. */

import { execFile } from "node:child_process";
import { access, constants, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { bad, good, warn } from "../model/health.ts";
import type { Check, HealthView, SetupView } from "../model/health.ts";
import { Api, ApiError } from "./api-client.ts";
import { readRemote, type Remote, readUrl } from "./remote/remote.ts";
import { WORKFLOW_DIRS } from "./source.ts";
import { UsageError } from "./usage-error.ts";

const MIN_NODE = 22;
const MIN_GIT = [2, 38] as const;
const SKEW_MS = 30_000;

export async function checkMachine(folder: string): Promise<Check[]> {
  return [
    checkNode(),
    await checkProgram("git", ["--version"], gitFault),
    await checkBash(),
    await checkFolder(folder),
  ];
}

function checkNode(): Check {
  const [major = 0] = process.versions.node.split(".").map(Number);
  return major >= MIN_NODE
    ? good("node", `v${process.versions.node}`)
    : bad(
        "node",
        `v${process.versions.node} is too old`,
        `npm ci in Sandlot's folder brings its own, at least ${MIN_NODE}`,
      );
}

async function checkProgram(name: string, args: string[], fault: (said: string) => string | null): Promise<Check> {
  const said = await promisify(execFile)(name, args).then(
    ({ stdout }) => stdout.split("\n")[0] ?? "",
    () => null,
  );
  if (said === null) return bad(name, "is not there", `install ${name}`);
  const wrong = fault(said);
  return wrong === null ? good(name, said) : bad(name, wrong, `install a newer ${name}`);
}

/** Null for one that is new enough. */
function gitFault(said: string): string | null {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(said)?.slice(1) ?? []).map(Number);
  const [wantedMajor, wantedMinor] = MIN_GIT;
  const isNew = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  return isNew ? null : `${said} is older than ${MIN_GIT.join(".")}, which merges without a working tree`;
}

async function checkBash(): Promise<Check> {
  return await checkProgram("bash", ["--version"], () => null);
}

async function checkFolder(folder: string): Promise<Check> {
  const isThere = await access(folder, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!isThere) return bad("folder", `${folder} cannot be read`, "name a folder that is yours");
  for (const dir of WORKFLOW_DIRS) {
    const names = await readdir(join(folder, dir)).catch(() => []);
    const files = names.filter((name) => /\.ya?ml$/.test(name));
    if (files.length > 0) return good("folder", `${dir} has ${files.length} workflow${files.length === 1 ? "" : "s"}`);
  }
  return warn("folder", `${folder} has no workflow in ${WORKFLOW_DIRS.join(" or ")}`, "sandlot init");
}

/** Nothing where no Sandlot is named. `wasSeen` is false where one is, and cannot be looked at. */
export async function checkRemote(
  variables: Record<string, string | undefined>,
): Promise<{ checks: Check[]; wasSeen: boolean }> {
  const remote = findRemote(variables);
  if (remote === null) return { checks: [], wasSeen: true };
  if ("check" in remote) return { checks: [remote.check], wasSeen: false };
  const reached = await checkReachable(remote.url);
  if (reached.state === "bad") return { checks: [reached], wasSeen: false };
  const asked = await askIt(remote);
  return { checks: [reached, ...asked.checks], wasSeen: asked.wasSeen };
}

function findRemote(variables: Record<string, string | undefined>): Remote | { check: Check } | null {
  try {
    readUrl(variables);
  } catch (error) {
    if (error instanceof UsageError && !variables["SANDLOT_URL"]) return null;
    throw error;
  }
  try {
    return readRemote(variables);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return {
      check: bad("sign-in", error.message, 'sandlot login, or SANDLOT_TOKEN of "sandlot tokens create --scope admin"'),
    };
  }
}

async function checkReachable(url: string): Promise<Check> {
  const mend = "wrangler deploy; then SANDLOT_URL is the address that it prints";
  try {
    const answer = await fetch(new URL("/healthz", url));
    const body = (await answer.json().catch(() => null)) as { ok?: boolean; version?: string } | null;
    if (answer.ok && body?.ok === true) return good("reachable", `${url}, version ${body.version}`);
    return bad("reachable", `${url} answers ${answer.status} and is no Sandlot`, mend);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return bad("reachable", `${url} does not answer: ${cause}`, mend);
  }
}

async function askIt(remote: Remote): Promise<{ checks: Check[]; wasSeen: boolean }> {
  const api = new Api(remote.url, remote.token);
  try {
    const before = Date.now();
    const setup = await api.json<SetupView>("/api/health/setup");
    const health = await api.json<HealthView>("/api/health");
    const checks = [...setup.checks, checkClock(setup.now, before), ...tellHealth(health)];
    return { checks, wasSeen: true };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const mend =
      'it takes the right to administer: SANDLOT_TOKEN of "sandlot tokens create --scope admin", or SANDLOT_API_TOKEN';
    return { checks: [bad("token", error.message, mend)], wasSeen: false };
  }
}

function checkClock(there: number, before: number): Check {
  const now = Date.now();
  const skew = Math.max(0, before - there, there - now);
  return skew < SKEW_MS
    ? good("this machine's clock", "agrees with the Worker's")
    : bad("this machine's clock", `is ${Math.round(skew / 1000)} s off`, "set it, by NTP for example");
}

function tellHealth({ problems, queue }: HealthView): Check[] {
  const waiting = `${queue.builds} builds and ${queue.jobs} jobs wait`;
  if (problems.length === 0) return [good("health", waiting)];
  return problems.map((problem) => warn("health", problem, "the Worker's log says why: wrangler tail"));
}
