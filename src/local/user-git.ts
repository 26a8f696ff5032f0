/** Calls the `git` of the machine in the user's own repository, in such a way that it writes nothing there. */

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export interface GitCall {
  cwd: string;
  /** Added to what git inherits; `GIT_DIR` and the like. */
  env: Record<string, string>;
}

/** No locks for the sake of speed, no daemon, no index beside the one that is named, no hooks, no cleaning up. */
const QUIET = [
  "core.splitIndex=false",
  "core.untrackedCache=false",
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "gc.auto=0",
  "maintenance.auto=false",
  "advice.addEmbeddedRepo=false",
  "core.safecrlf=false",
].flatMap((setting) => ["-c", setting]);

class GitError extends Error {
  override readonly name = "GitError";
  readonly exitCode: number;
  constructor(args: readonly string[], exitCode: number, said: string) {
    super(said.trim() || `git ${args[0] ?? ""} ended with exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Answers with standard output. Throws `GitError` with what git said. */
export async function runGit(call: GitCall, args: readonly string[], input = ""): Promise<string> {
  const lfs = call.env["GIT_LFS_PATH"] === undefined ? [] : ["-c", `lfs.storage=${call.env["GIT_LFS_PATH"]}`];
  const child = spawn("git", [...QUIET, ...lfs, ...args], {
    cwd: call.cwd,
    env: {
      ...withoutGit(process.env),
      LC_ALL: "C.UTF-8",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_TERMINAL_PROMPT: "0",
      ...call.env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {
    // Git ended before it read all; its exit code says why.
  });
  child.stdin.end(input);
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 128));
  });
  const [output, said, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (exitCode !== 0) throw new GitError(args, exitCode, said);
  return output;
}

/** Started from a git hook, we would inherit the hook's own repository. */
function withoutGit(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|PREFIX)$/.test(name),
  );
  return Object.fromEntries(kept) as NodeJS.ProcessEnv;
}
