/** Under which conditions the Worker of a test file works; the file itself sets them. */

export const conditions = {
  /** Each queue message arrives twice, as Cloudflare's queues may bring it: whoever consumes it must not mind. */
  twice: false,
  /** `UNSUPPORTED_RUNNERS` */
  unsupportedRunners: "fail",
  /** `NATIVE_ACTIONS`, `ACTIONS_PINNED`, `ACTIONS_ALLOWED_OWNERS` */
  nativeActions: "",
  actionsPinned: "",
  actionsAllowedOwners: "",
  /** `ACTIONS_SERVER_URL` */
  actionsServerUrl: "",
  /** `MAX_LOG_BYTES`; null for that of wrangler.jsonc. */
  maxLogBytes: null as string | null,
};

/**
 * Both copies at once, but for the reports, whose queue has one consumer at a time. The first copy's word counts: what
 * becomes of the second, the queue has forgotten.
 */
export async function consumeTwice<T>(
  batch: MessageBatch<T>,
  consume: (batch: MessageBatch<T>) => Promise<void>,
): Promise<void> {
  if (!conditions.twice) return await consume(batch);
  const copy = copyOf(batch);
  if (batch.queue.endsWith("reports")) {
    await consume(batch);
    await consume(copy);
  } else await Promise.all([consume(batch), consume(copy)]);
}

function copyOf<T>(batch: MessageBatch<T>): MessageBatch<T> {
  const forget = (): void => {};
  const messages = batch.messages.map(({ id, timestamp, body, attempts }) => ({
    id,
    timestamp,
    body,
    attempts,
    ack: forget,
    retry: forget,
  }));
  return { queue: batch.queue, metadata: batch.metadata, messages, ackAll: forget, retryAll: forget };
}
