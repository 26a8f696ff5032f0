/** Makes a root folder this host's own, and clears away what a host that was killed left in it. */

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalMachine } from "./machine.ts";
import { startOf } from "./processes.ts";

/** Throws while another live process uses the folder: its sandboxes would look like leftovers. */
export async function claimRoot(root: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const path = join(root, "host");
  const [pid = "", started = ""] = (await readFile(path, "utf8").catch(() => "")).split(" ");
  const other = pid !== "" && Number(pid) !== process.pid;
  if (other && started === (await startOf(Number(pid)))) {
    throw new Error(`${root} is in use by another local sandbox host, process ${pid}`);
  }
  await writeFile(path, `${process.pid} ${await startOf(process.pid)}`);
  const sandboxes = join(root, "sandboxes");
  const ids = await readdir(sandboxes).catch(() => []);
  await Promise.all(ids.map(async (id) => (await LocalMachine.leftIn(join(sandboxes, id))).destroy()));
}

export async function leaveRoot(root: string): Promise<void> {
  await rm(join(root, "host"), { force: true });
}
