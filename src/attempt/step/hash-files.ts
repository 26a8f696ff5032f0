/** `hashFiles(…)`: which files of the workspace match is decided here, their bytes are hashed in the sandbox. */

import { createHash } from "node:crypto";
import { ExpressionError, fileHashKey, HashFilesNeeded } from "../../language/expression.ts";
import type { FileHashes } from "../../language/expression.ts";
import type { Session } from "../session.ts";
import { listFiles, matchFiles } from "./match-files.ts";

const HASH_TIMEOUT_MS = 120_000;
/** A line for each plain file, links of files included. */
const HASH_SCRIPT = String.raw`exec bash -c 'set -eo pipefail
while IFS= read -r -d "" path; do
  if [ -f "$path" ]; then printf "%s\0" "$path"; elif [ -L "$path" ] && [ ! -e "$path" ]; then echo "$path leads nowhere" >&2; exit 1; fi
done < "$LIST" | xargs -0 -r sha256sum -z -- | tr "\n" "?" | tr "\0" "\n" > "$OUT"'`;
/** Where the hashes of one call are put; a call ends before the next one begins. */
const HASHES = "hash-files.txt";

/** `hashFiles` is asked of the sandbox: what an evaluation lacks is computed, and `run` is begun anew. */
export async function withFileHashes<T>(session: Session, run: (files: FileHashes) => Promise<T>): Promise<T> {
  const files = new Map<string, string>();
  for (;;) {
    try {
      return await run(files);
    } catch (error) {
      if (!(error instanceof HashFilesNeeded)) throw error;
      files.set(fileHashKey(error.patterns), await hashFiles(session, error.patterns));
    }
  }
}

/**
 * As GitHub's runner: SHA-256 over the SHA-256 of each matching file in order; empty where none matches. Files outside of the workspace
 * and folders behind links do not count. https://docs.github.com/actions/reference/workflows-and-actions/expressions#hashfiles
 */
async function hashFiles(session: Session, patterns: readonly string[]): Promise<string> {
  const { sandbox, booted, workspace } = session;
  const found = matchFiles(await listFiles(session, workspace, patterns), {
    base: workspace,
    home: booted.home,
    patterns,
    hidden: true,
    folders: false,
  });
  const within = found.filter((file) => file.path.startsWith(`${workspace}/`));
  if (within.length === 0) return "";
  const list = `${booted.control}/hash-files.list`;
  await sandbox.writeFile(list, within.map((file) => `${file.path}\0`).join(""));
  const hashed = await sandbox.run({
    script: HASH_SCRIPT,
    env: { LIST: list, OUT: `${booted.control}/${HASHES}` },
    timeoutMs: HASH_TIMEOUT_MS,
  });
  // The user's files: one that can't be read is the step's failure, and no second try helps.
  if (hashed.exitCode !== 0)
    throw new ExpressionError(`a file can't be read: ${hashed.stderr.slice(0, 200)}`, "hashFiles");
  const { body } = await sandbox.readFile(`${booted.control}/${HASHES}`);
  const whole = createHash("sha256");
  let files = 0;
  for (const line of (await new Response(body).text()).split("\n")) {
    const digest = /^[0-9a-f]{64}/.exec(line)?.[0];
    if (!digest) continue;
    whole.update(Buffer.from(digest, "hex"));
    files += 1;
  }
  return files === 0 ? "" : whole.digest("hex");
}
