/** Actions of other repositories as they were fetched once, by commit: shared by all jobs, so only what anybody may read. */

import { actionKey } from "../../store/keys.ts";
import type { Session } from "../session.ts";

/** What is packed in a sandbox, and where its folder goes there. */
export interface KeptAction {
  server: string;
  /** `owner/repository` */
  name: string;
  sha: string;
  folder: string;
}

/** Larger ones are fetched each time. */
const MAX_KEPT_BYTES = 256 * 1024 * 1024;

/** Puts the packed action beside its folder. Its sha256, still to be compared there; null where it is not kept. */
export async function loadAction({ env, sandbox }: Session, action: KeptAction): Promise<string | null> {
  const object = await env.STORE.get(actionKey(action));
  const sha256 = object?.customMetadata?.["sha256"];
  if (!object || sha256 === undefined) {
    await object?.body.cancel();
    return null;
  }
  await sandbox.writeFile(`${action.folder}.tar.gz`, object.body.pipeThrough(new FixedLengthStream(object.size)));
  return sha256;
}

/** Only for what was packed before any code of a user ran in the sandbox. */
export async function keepAction(
  { env, sandbox }: Session,
  action: KeptAction,
  { sha256, bytes }: { sha256: string; bytes: number },
): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(sha256) || bytes > MAX_KEPT_BYTES) return;
  const { size, body } = await sandbox.readFile(`${action.folder}.tar.gz`);
  const fixed = new FixedLengthStream(size);
  await Promise.all([
    // R2 refuses what is not these bytes.
    env.STORE.put(actionKey(action), fixed.readable, { sha256, customMetadata: { sha256 } }),
    body.pipeTo(fixed.writable),
  ]);
}
