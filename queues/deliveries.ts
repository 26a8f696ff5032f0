/** DELIVERIES: carries out what arrived. Each message stands alone: one that fails does not hold back the others. */

import { Later } from "../src/intake/later.ts";
import { processDelivery } from "../src/intake/process-delivery.ts";
import { GitHubFault } from "../src/github/client.ts";
import type { DeliveryMessage } from "../src/model/messages.ts";
import { log, logFault } from "../src/model/log.ts";

/** What GitHub may be asked to wait for at most before the next try. */
const MAX_DELAY_SECONDS = 3600;

export async function consumeDelivery(env: Env, message: Message<DeliveryMessage>): Promise<void> {
  const { deliveryId } = message.body;
  const startedAt = Date.now();
  try {
    const outcome = await processDelivery(env, deliveryId, startedAt);
    message.ack();
    log("delivery.processed", { deliveryId, summary: outcome?.summary, durationMs: Date.now() - startedAt });
  } catch (error) {
    message.retry({ delaySeconds: delayOf(error, message.attempts) });
    logFault("delivery.failed", error, { deliveryId, attempts: message.attempts });
  }
}

function delayOf(error: unknown, attempts: number): number {
  if (error instanceof Later) return error.delaySeconds;
  const asked = error instanceof GitHubFault ? error.retryAfterMs : null;
  const delay = asked === null ? 2 ** Math.min(attempts, 8) : Math.ceil(asked / 1000);
  return Math.min(delay, MAX_DELAY_SECONDS);
}
