/** After the end: the sandbox is destroyed, the log goes to R2, the token and the masks are gone. May run twice. */

import { asAttemptId } from "../model/ids.ts";
import type { AttemptId } from "../model/ids.ts";
import { openSandbox } from "../sandbox/open.ts";
import { markDestroyed } from "../store/attempts.ts";
import { readAttempt } from "../store/attempts.ts";
import { buildsWaitingForCapacity } from "../store/builds.ts";
import { logIndexKey, logKey } from "../store/keys.ts";
import type { AttemptBindings } from "./bindings.ts";
import { discardUploads } from "./discard-uploads.ts";
import { readFacts } from "./facts.ts";
import { logsOf } from "./session.ts";
import { Vault } from "./vault.ts";

/** How many builds that wait for a sandbox are told that one is free. */
const WAKE_AT_ONCE = 3;

export async function closeAttempt(env: AttemptBindings, id: AttemptId): Promise<void> {
  const facts = await readFacts(env, id);
  const { attempt } = facts;
  await openSandbox(env, attempt.sandboxId, attempt.sandboxSize).destroy();
  await (await Vault.open(env, facts)).revoke();
  await archiveLog(env, id);
  await discardUploads(env, id);
  await markDestroyed(env.DB, id, Date.now(), { archived: true }).run();
  for (const build of await buildsWaitingForCapacity(env.DB, WAKE_AT_ONCE)) await env.JOBS.send({ buildId: build });
}

/** Destroys what may have been started under a derived id, though nothing is known of it: the rollback of `boot`. */
export async function destroySandbox(env: AttemptBindings, id: string): Promise<void> {
  const attempt = await readAttempt(env.DB, asAttemptId(id));
  if (attempt) await openSandbox(env, attempt.sandboxId, attempt.sandboxSize).destroy();
}

/** Text and index to R2, then the stream is emptied. A log that was archived before is left alone. */
async function archiveLog(env: AttemptBindings, id: AttemptId): Promise<void> {
  const attempt = await readAttempt(env.DB, id);
  if (attempt === null || attempt.archivedAt !== null) return;
  const logs = logsOf(env, id);
  await logs.end(Date.now());
  const { index, body } = await logs.archive();
  const fixed = new FixedLengthStream(index.bytes);
  await Promise.all([
    env.STORE.put(logKey(attempt), fixed.readable, { httpMetadata: { contentType: "text/plain; charset=utf-8" } }),
    body.pipeTo(fixed.writable),
  ]);
  await env.STORE.put(logIndexKey(attempt), JSON.stringify(index));
  await logs.empty();
}
