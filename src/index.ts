/** The Worker's doors: fetch, queue, scheduled; and the classes that the platform starts. Nothing else. */

import { Sandbox as SandboxBase } from "@cloudflare/sandbox";
import { consumeQueue } from "../queues/consume.ts";
import type { QueueMessage } from "./model/messages.ts";
import { refreshSchedules } from "./intake/schedules.ts";
import { startDue } from "./sweep/start-due.ts";
import { sweep } from "./sweep/sweep.ts";
import { app } from "./web/app.ts";

export { LogStream } from "./logs/log-stream.ts";
export { JobRunner } from "../workflows/job.ts";

export class Sandbox extends SandboxBase<Env> {}
export class LargeSandbox extends SandboxBase<Env> {}

// oxlint-disable-next-line import/no-default-export -- the platform asks for it
export default {
  fetch: app.fetch,
  queue: consumeQueue,
  async scheduled(controller, env) {
    await startDue(env, controller.scheduledTime);
    await sweep(env, controller.scheduledTime);
    await refreshSchedules(env, controller.scheduledTime);
  },
} satisfies ExportedHandler<Env, QueueMessage>;
