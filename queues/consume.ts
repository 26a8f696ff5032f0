/** Hands each message of a batch to its queue's consumer; each is acknowledged, or tried again, alone. */

import type { DeliveryMessage, JobsMessage, QueueMessage, ReportMessage } from "../src/model/messages.ts";
import { consumeDeadLetter } from "./dead-letters.ts";
import { consumeDelivery } from "./deliveries.ts";
import { consumeJobs } from "./jobs.ts";
import { consumeReport } from "./reports.ts";

export async function consumeQueue(batch: MessageBatch<QueueMessage>, env: Env): Promise<void> {
  const consume = consumerOf(batch.queue);
  for (const message of batch.messages) await consume(env, message);
}

/** A queue carries its own kind of message only: what sends to it says so. */
function consumerOf(queue: string): (env: Env, message: Message<QueueMessage>) => Promise<void> {
  if (queue.endsWith("dead-letters")) return consumeDeadLetter;
  if (queue.endsWith("deliveries")) return (env, message) => consumeDelivery(env, message as Message<DeliveryMessage>);
  if (queue.endsWith("jobs")) return (env, message) => consumeJobs(env, message as Message<JobsMessage>);
  if (queue.endsWith("reports")) return (env, message) => consumeReport(env, message as Message<ReportMessage>);
  throw new Error(`nobody consumes the queue ${queue}`);
}
