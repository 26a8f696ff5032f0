/** Opens the sandbox of an attempt: in an account a Cloudflare container, on one machine a process tree. */

import type { SandboxId } from "../model/ids.ts";
import type { SandboxSize } from "../model/job.ts";
import { openLocalSandbox } from "./local.ts";
import { openCloudflareSandbox, type CloudflareBindings } from "./cloudflare.ts";
import type { Sandbox } from "./port.ts";

export type SandboxBindings = CloudflareBindings & Pick<Env, "LOCAL_SANDBOX_URL">;

/** Starts nothing: the first `boot` does. */
export function openSandbox(bindings: SandboxBindings, id: SandboxId, size: SandboxSize): Sandbox {
  const { LOCAL_SANDBOX_URL: hostUrl } = bindings;
  return hostUrl ? openLocalSandbox(hostUrl, id) : openCloudflareSandbox(bindings, id, size);
}
