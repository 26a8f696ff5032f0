/** What a tree of processes has spent by now: CPU from /proc/{pid}/stat, memory from /proc/{pid}/status. Linux only. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const TICK_MS = 1000 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

interface Process {
  pid: number;
  parent: number;
  /** Its own, and that of children who ended and were waited for. */
  cpuMs: number;
}

/** From the state on: what comes before it holds the program's name, which may hold anything. */
function statFields(pid: number | "self"): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
}

/** Null for one that ended between the look at the list and the look at it. */
function describe(pid: number): Process | null {
  try {
    const fields = statFields(pid);
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid, parent: Number(fields[1]), cpuMs: ticks * TICK_MS };
  } catch {
    return null;
  }
}

function treeOf(root: number): Process[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const all = pids.map((pid) => describe(Number(pid))).filter((one) => one !== null);
  const members = new Set([root]);
  for (let known = 0; known < members.size;) {
    known = members.size;
    for (const one of all) if (members.has(one.parent)) members.add(one.pid);
  }
  return all.filter((one) => members.has(one.pid));
}

/**
 * CPU of a process and all that came of it (ms). What a process spent that outlived its parent, and ended, is missing: a step
 * of the sandbox host that runs for over a second is such a one.
 */
export function cpuOfTree(root: number): number {
  return treeOf(root).reduce((sum, one) => sum + one.cpuMs, 0);
}

/** CPU of our own children that have ended (ms). */
export function cpuOfEndedChildren(): number {
  const [user, system] = statFields("self").slice(13, 15);
  return (Number(user) + Number(system)) * TICK_MS;
}

/** From now on the peak of each is counted anew. */
export function resetPeaks(root: number): void {
  for (const { pid } of treeOf(root)) {
    try {
      writeFileSync(`/proc/${pid}/clear_refs`, "5");
    } catch {
      // It ended just now; one that lives and refuses would only make the peak larger.
    }
  }
}

/** Sum of the peaks of resident memory of all that live in the tree (bytes); short-lived ones, as a step's, are not in it. */
export function peakOfTree(root: number): number {
  return treeOf(root).reduce((sum, { pid }) => sum + peakOf(pid), 0);
}

function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
