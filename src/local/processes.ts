/** Finds and ends the processes of a local sandbox, also those that left its sessions: what stopping a container does by itself. */

import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Carried by every process of a sandbox; a sandbox started inside a sandbox adds its name to the outer one's with a slash. */
export const MARKER = "SANDLOT_SANDBOX";

export interface Household {
  /** One element of the marker's value. */
  name: string;
  folder: string;
  /** Where the supervisor wrote the sessions of its steps. */
  steps: string;
}

interface Process {
  pid: number;
  parent: number;
  session: number;
  started: string;
  /** It has a terminal: a person's own shell that only looks into the folder. */
  terminal: boolean;
  marked: boolean;
  inside: boolean;
}

const execFileAsync = promisify(execFile);
const WAIT_MS = 20;

/** Kills until nothing is left; fails after the time. */
export async function killHousehold(household: Household, timeoutMs: number): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const members = await findHousehold(household);
    if (members.length === 0) return;
    for (const pid of members) kill(pid);
    if (Date.now() > end) throw new Error(`processes of sandbox ${household.name} do not end: ${members.join(" ")}`);
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

/** By the marker, by the sessions that the supervisor wrote down, by folder (without a terminal), and what descends from any of these. */
async function findHousehold(household: Household): Promise<number[]> {
  const processes = await listProcesses(household);
  const sessions = await readSessions(household.steps, processes);
  const found = new Set<number>();
  for (const one of processes) {
    if (one.marked || sessions.has(one.session) || (one.inside && !one.terminal)) found.add(one.pid);
  }
  for (let grown = true; grown;) {
    grown = false;
    for (const one of processes) {
      if (found.has(one.pid) || !found.has(one.parent)) continue;
      found.add(one.pid);
      grown = true;
    }
  }
  found.delete(process.pid);
  return [...found];
}

/** When a process started, in the system's own unit; empty where there is none. */
export async function startOf(pid: number): Promise<string> {
  if (process.platform === "linux")
    return statFields(await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ""))[19] ?? "";
  const found = await execFileAsync("ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return found.stdout.trim().replaceAll(" ", "-");
}

/** From the state on: what comes before it holds the program's name, which may hold anything. */
function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It ended by itself between the look and the kill.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** A session's number is free again only when nobody is in it; one whose leader started later is somebody else's. */
async function readSessions(steps: string, processes: Process[]): Promise<Set<number>> {
  const sessions = new Set<number>();
  for (const step of await readdir(steps).catch(() => [])) {
    const text = await readFile(join(steps, step, "session"), "utf8").catch(() => "");
    const [pid = "", started = ""] = text.trim().split(" ");
    const leader = processes.find((one) => one.pid === Number(pid));
    if (started && (!leader || leader.started === started)) sessions.add(Number(pid));
  }
  return sessions;
}

async function listProcesses(household: Household): Promise<Process[]> {
  if (process.platform !== "linux") return listByPs(household);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(pids.map((pid) => describe(pid, household)));
  return all.filter((one) => one !== null);
}

/** Null for what is gone, a zombie, or another user's. */
async function describe(pid: string, household: Household): Promise<Process | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  const fields = statFields(stat);
  const [state, parent, , session, terminal] = fields;
  if (!state || state === "Z" || state === "X") return null;
  const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
  return {
    pid: Number(pid),
    parent: Number(parent),
    session: Number(session),
    started: fields[19] ?? "",
    terminal: terminal !== "0",
    marked: environment.split("\0").some((line) => marks(line, household.name)),
    inside: cwd === household.folder || cwd.startsWith(`${household.folder}/`),
  };
}

function marks(line: string, name: string): boolean {
  return (
    line.startsWith(`${MARKER}=`) &&
    line
      .slice(MARKER.length + 1)
      .split("/")
      .includes(name)
  );
}

/** macOS: `ps -E` shows the environment of one's own processes. Written from its manual, not verified. */
async function listByPs(household: Household): Promise<Process[]> {
  const { stdout } = await execFileAsync("ps", ["-axEww", "-o", "pid=,ppid=,pgid=,tty=,stat=,command="], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split("\n").flatMap((line) => {
    const [pid, parent, group, tty, state, ...words] = line.trim().split(/\s+/);
    if (!pid || state?.startsWith("Z")) return [];
    return {
      pid: Number(pid),
      parent: Number(parent),
      session: Number(group),
      started: "",
      terminal: tty !== "??",
      marked: words.some((word) => marks(word, household.name)),
      inside: false,
    };
  });
}
