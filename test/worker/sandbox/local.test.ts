/** The sandbox contract over the local adapter, as it runs in workerd on one machine. */

import { env } from "cloudflare:workers";
import type { SandboxId } from "../../../src/model/ids.ts";
import { openLocalSandbox } from "../../../src/sandbox/local.ts";
import { sandboxContract } from "../../contract/sandbox.ts";

sandboxContract("a local sandbox", async () => {
  const id = `build-local-${crypto.randomUUID()}` as SandboxId;
  const open = (limits = {}) => openLocalSandbox(env.TEST_SANDBOX_HOST, id, limits);
  return {
    sandbox: open(),
    again: () => open(),
    impatient: () => open({ destroyMs: 500 }),
    fault: async (fault) => {
      const body = JSON.stringify(fault);
      const response = await fetch(`${env.TEST_SANDBOX_HOST}/sandboxes/${id}/fault`, { method: "POST", body });
      if (!response.ok) throw new Error(await response.text());
    },
  };
});
