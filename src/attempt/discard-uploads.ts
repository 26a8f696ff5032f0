/** Takes away what an attempt's actions began to send and nothing names; a name that they reserved is free again. */

import type { AttemptId } from "../model/ids.ts";
import { removeBlob } from "../store/blob.ts";
import { removeUploads, uploadsOfAttempt } from "../store/uploads.ts";

/** Called when the attempt is closed, also by the sweep. May run twice. */
export async function discardUploads(env: Pick<Env, "DB" | "STORE">, id: AttemptId): Promise<void> {
  const uploads = await uploadsOfAttempt(env.DB, id);
  for (const { saved, prefix } of uploads) if (!saved) await removeBlob(env.STORE, prefix);
  if (uploads.length > 0) await removeUploads(env.DB, id).run();
}
