/** The Worker under test: the real one, with sandbox classes that answer the SDK's RPC through the local sandbox host. */

import { SandboxStandIn } from "./support/sandbox-stand-in.ts";

// oxlint-disable-next-line import/no-default-export -- the platform asks for it
export { default } from "../src/index.ts";
export { JobRunner, LogStream } from "../src/index.ts";

export class Sandbox extends SandboxStandIn {}
export class LargeSandbox extends SandboxStandIn {}
