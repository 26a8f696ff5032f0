/** What the queues carry: ids only, since a message holds 128 KB and arrives at least once. */

import type { AttemptId, BuildId, DeliveryId } from "./ids.ts";

/** DELIVERIES: this delivery waits to be looked at. */
export interface DeliveryMessage {
  deliveryId: DeliveryId;
}

/** JOBS: look at this build, something changed. */
export interface JobsMessage {
  buildId: BuildId;
}

/** REPORTS: what GitHub shows under this key may be out of date. */
export interface ReportMessage {
  repositoryId: number;
  sha: string;
  context: string;
}

/** What a job runner is started with. */
export interface JobRunnerParams {
  attemptId: AttemptId;
}

export type QueueMessage = DeliveryMessage | JobsMessage | ReportMessage;
