/** Ends what runs in the local sandboxes when their host is gone without a word: a SIGKILL reaches the host and none of its steps. */

import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { MARKER } from "./processes.ts";

/**
 * Waits for the end of a pipe that only the host holds. What hid its environment is left to the next host in the folder, as all is
 * where there is no /proc (macOS). Three rounds, since a process may be starting another.
 */
const KEEPER = String.raw`cat >/dev/null
for round in 1 2 3; do
  found=$(grep -lzE "^$2=([^/]*/)*$1-" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3)
  [ "$found" ] || exit 0
  kill -KILL $found 2>/dev/null
done`;

/** `tag` begins the name of each of the host's sandboxes, and of no other's. Returns what lets it go, once they are destroyed. */
export function keepSandboxes(tag: string): () => void {
  const keeper = spawn("/bin/sh", ["-c", KEEPER, "sandlot-host-keeper", tag, MARKER], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
  });
  keeper.on("error", () => {
    // Without it, the next host clears away what is left.
  });
  keeper.stdin.on("error", () => {
    // It is gone before us.
  });
  keeper.unref();
  // A pipe, which is a socket to Node: neither of the two keeps us alive.
  if (keeper.stdin instanceof Socket) keeper.stdin.unref();
  return () => void keeper.stdin.end();
}
