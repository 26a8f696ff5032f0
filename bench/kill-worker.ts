/** Kills the Worker's own workerd outright, as a crash of the machine would; found by its parents, so that it is nobody else's. */

import { readdirSync, readFileSync } from "node:fs";

interface Process {
  parent: number;
  command: string;
  residentBytes: number;
}

function listProcesses(): Map<number, Process> {
  const all = new Map<number, Process>();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      all.set(Number(name), {
        parent: Number(stat.slice(stat.lastIndexOf(") ") + 2).split(" ")[1]),
        command: /\((.*)\)/s.exec(stat)?.[1] ?? "",
        residentBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024,
      });
    } catch {
      // It ended while we looked.
    }
  }
  return all;
}

function workerdsBelow(root: number): { pid: number; residentBytes: number }[] {
  const all = listProcesses();
  const isBelow = (pid: number): boolean => pid === root || (all.has(pid) && isBelow(all.get(pid)?.parent ?? 0));
  return [...all].flatMap(([pid, { command, residentBytes }]) =>
    command === "workerd" && isBelow(pid) ? [{ pid, residentBytes }] : [],
  );
}

/** Throws where none runs. */
export function killWorker(root: number): void {
  const [worker] = workerdsBelow(root);
  if (worker === undefined) throw new Error("no workerd runs");
  process.kill(worker.pid, "SIGKILL");
}

/** Resident memory (bytes): of the process that is Sandlot on this machine, and of all of workerd below it. */
export function residentOf(root: number): { own: number; workerd: number } {
  return {
    own: listProcesses().get(root)?.residentBytes ?? 0,
    workerd: workerdsBelow(root).reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}
