/** The life of one attempt, top to bottom: it only names and orders durable steps. */

import { WorkflowEntrypoint } from "cloudflare:workers";
import type { WorkflowEvent, WorkflowStep } from "cloudflare:workers";
import type { JobRunnerParams } from "../src/model/messages.ts";

export class JobRunner extends WorkflowEntrypoint<Env, JobRunnerParams> {
  override async run(event: Readonly<WorkflowEvent<JobRunnerParams>>, durable: WorkflowStep): Promise<void> {
    await durable.do("begin", async () => event.payload.attemptId);
  }
}
