/** `hashFiles(…)`: which files of the workspace match is decided here, their bytes are hashed in the sandbox. */

import { createHash } from "node:crypto";
import { listFiles, matchFiles } from "./match-files.ts";
import type { Session } from "./session.ts";

const HASH_TIMEOUT_MS = 120_000;
/** Where the hashes of one call are put; a call ends before the next one begins. */
const HASHES = "hash-files.txt";

/** As GitHub's runner: SHA-256 over the SHA-256 of each matching file in order; empty where none matches. */
export async function hashFiles(session: Session, patterns: readonly string[]): Promise<string> {
  const { sandbox, booted, workspace } = session;
  const found = matchFiles(await listFiles(session, workspace, patterns), {
    base: workspace,
    home: booted.home,
    patterns,
    hidden: true,
    folders: false,
  });
  if (found.length === 0) return "";
  const list = `${booted.control}/hash-files.list`;
  await sandbox.writeFile(list, found.map((file) => `${file.path}\0`).join(""));
  const hashed = await sandbox.run({
    script: 'xargs -0 -a "$LIST" sha256sum -z -- | tr "\\n" "?" | tr "\\0" "\\n" > "$OUT"',
    env: { LIST: list, OUT: `${booted.control}/${HASHES}` },
    timeoutMs: HASH_TIMEOUT_MS,
  });
  if (hashed.exitCode !== 0) throw new Error(`hashFiles: sha256sum failed: ${hashed.stderr.slice(0, 200)}`);
  const { body } = await sandbox.readFile(`${booted.control}/${HASHES}`);
  const whole = createHash("sha256");
  for (const line of (await new Response(body).text()).split("\n")) {
    const digest = /^[0-9a-f]{64}/.exec(line)?.[0];
    if (digest) whole.update(Buffer.from(digest, "hex"));
  }
  return whole.digest("hex");
}
