/** The sandbox contract before the stand-in, to try the way it is run where there is no Docker. */

import type { SandboxId } from "../../src/model/ids.ts";
import { SandboxStandIn } from "../support/sandbox-stand-in.ts";
import { runCase } from "./run-case.ts";

export class Sandbox extends SandboxStandIn {}
export class LargeSandbox extends SandboxStandIn {}

function faultOf(env: Env, id: SandboxId) {
  const namespace = env.SANDBOX as unknown as DurableObjectNamespace<SandboxStandIn>;
  return (fault: Parameters<SandboxStandIn["fault"]>[0]) => namespace.get(namespace.idFromName(id)).fault(fault);
}

// oxlint-disable-next-line import/no-default-export -- the platform asks for it
export default {
  fetch: (request, env) => runCase(request, env, (id) => faultOf(env, id)),
} satisfies ExportedHandler<Env>;
