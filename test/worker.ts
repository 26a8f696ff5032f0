/** The Worker under test: the real one, with bindings that count, and sandbox classes that answer the SDK's RPC through the local sandbox host. */

import worker, { JobRunner as RealJobRunner } from "../src/index.ts";
import type { QueueMessage } from "../src/model/messages.ts";
import { countedEnv } from "./support/counted-env.ts";
import { SandboxStandIn } from "./support/sandbox-stand-in.ts";

// oxlint-disable-next-line import/no-default-export -- the platform asks for it
export default {
  fetch: (request, env, ctx) => worker.fetch(request, countedEnv(env), ctx),
  queue: (batch, env) => worker.queue(batch, countedEnv(env)),
  scheduled: (controller, env) => worker.scheduled(controller, countedEnv(env)),
} satisfies ExportedHandler<Env, QueueMessage>;

export class JobRunner extends RealJobRunner {
  constructor(ctx: ExecutionContext, env: Env) {
    super(ctx, countedEnv(env));
  }
}

export { LogStream } from "../src/index.ts";

export class Sandbox extends SandboxStandIn {}
export class LargeSandbox extends SandboxStandIn {}
