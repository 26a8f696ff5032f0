/** The sandbox contract before the SDK's own class, and so before a real container. */

import { Sandbox as SandboxBase } from "@cloudflare/sandbox";
import { runCase } from "./run-case.ts";

export class Sandbox extends SandboxBase<Env> {}
export class LargeSandbox extends SandboxBase<Env> {}

// oxlint-disable-next-line import/no-default-export -- the platform asks for it
export default {
  fetch: (request, env) => runCase(request, env, null),
} satisfies ExportedHandler<Env>;
