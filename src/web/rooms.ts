/** What the web may touch; each handler takes the few of these that it names. */

import type { DeliveryMessage } from "../model/messages.ts";
import type { LogStream } from "../logs/log-stream.ts";

export interface Rooms {
  db: D1Database;
  blobs: R2Bucket;
  deliveries: Queue<DeliveryMessage>;
  logs: DurableObjectNamespace<LogStream>;
  /** Those that may have signed a webhook: one, or two while it changes; none where the Worker is not set up. */
  webhookSecrets: string[];
  masterKey: string;
  /** The one before, while it changes. */
  previousMasterKey: string;
  /** Who asks, for the audit log. */
  actor: string;
  /** Origin of absolute addresses. */
  publicUrl: string;
  /** Where GitHub's own pages are. */
  githubUrl: string;
}

/** As an address names it. */
export interface RepositoryName {
  owner: string;
  repo: string;
}

export function roomsOf(env: Env, request: Request): Rooms {
  return {
    db: env.DB,
    blobs: env.STORE,
    deliveries: env.DELIVERIES,
    logs: env.LOG_STREAM,
    // A secret that was never set is absent at runtime, whatever the generated type says.
    webhookSecrets: [env.GITHUB_WEBHOOK_SECRET, env.GITHUB_WEBHOOK_SECRET_PREVIOUS].filter(Boolean),
    masterKey: env.SANDLOT_MASTER_KEY,
    previousMasterKey: env.SANDLOT_MASTER_KEY_PREVIOUS,
    actor: "token",
    publicUrl: env.PUBLIC_URL || new URL(request.url).origin,
    githubUrl: env.GITHUB_SERVER_URL,
  };
}
