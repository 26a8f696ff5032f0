/** The Worker under test: the real one, with bindings that count and may fail, and sandbox classes that answer the SDK's RPC through the local sandbox host. */

import worker, { JobRunner as RealJobRunner } from "../src/index.ts";
import type { QueueMessage } from "../src/model/messages.ts";
import { conditions, consumeTwice } from "./support/conditions.ts";
import { countedEnv } from "./support/counted-env.ts";
import { failingEnv } from "./support/failing-env.ts";
import { SandboxStandIn } from "./support/sandbox-stand-in.ts";

function envUnderTest(env: Env): Env {
  return Object.assign(failingEnv(countedEnv(env)), {
    UNSUPPORTED_RUNNERS: conditions.unsupportedRunners,
    NATIVE_ACTIONS: conditions.nativeActions,
    ACTIONS_SERVER_URL: conditions.actionsServerUrl,
    ACTIONS_PINNED: conditions.actionsPinned,
    ACTIONS_ALLOWED_OWNERS: conditions.actionsAllowedOwners,
    MAX_LOG_BYTES: conditions.maxLogBytes ?? env.MAX_LOG_BYTES,
  });
}

// oxlint-disable-next-line import/no-default-export -- the platform asks for it
export default {
  fetch: (request, env, ctx) => worker.fetch(request, envUnderTest(env), ctx),
  queue: (batch, env) => consumeTwice(batch, (one) => worker.queue(one, envUnderTest(env))),
  scheduled: (controller, env) => worker.scheduled(controller, envUnderTest(env)),
} satisfies ExportedHandler<Env, QueueMessage>;

export class JobRunner extends RealJobRunner {
  constructor(ctx: ExecutionContext, env: Env) {
    super(ctx, envUnderTest(env));
  }
}

export { LogStream } from "../src/index.ts";

export class Sandbox extends SandboxStandIn {}
export class LargeSandbox extends SandboxStandIn {}
