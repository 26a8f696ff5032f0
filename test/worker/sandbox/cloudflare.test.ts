/** The sandbox contract over the real `getSandbox`, with a stand-in for the container behind it. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { SandboxId } from "../../../src/model/ids.ts";
import { openCloudflareSandbox } from "../../../src/sandbox/cloudflare.ts";
import { sandboxContract } from "../../contract/sandbox.ts";
import type { SandboxStandIn } from "../../support/sandbox-stand-in.ts";

function standIn(id: SandboxId): DurableObjectStub<SandboxStandIn> {
  const namespace = env.SANDBOX as unknown as DurableObjectNamespace<SandboxStandIn>;
  return namespace.get(namespace.idFromName(id));
}

sandboxContract("a Cloudflare sandbox", async () => {
  const id = `build-cloud-${crypto.randomUUID()}` as SandboxId;
  const open = (limits = {}) => openCloudflareSandbox(env, id, "standard", limits);
  return {
    sandbox: open(),
    again: () => open(),
    impatient: () => open({ destroyMs: 500 }),
    fault: async (fault) => standIn(id).fault(fault),
  };
});

it("a sandbox is always asked for with the same options", async () => {
  const id = `build-options-${crypto.randomUUID()}` as SandboxId;
  const sandbox = openCloudflareSandbox(env, id, "standard");
  await sandbox.boot();
  expect(await standIn(id).configuration()).toMatchObject({
    sandboxName: { name: id },
    sleepAfter: "20m",
    transport: "rpc",
  });
  await sandbox.destroy();
});

it("a large sandbox is another class", async () => {
  const id = `build-large-${crypto.randomUUID()}` as SandboxId;
  const sandbox = openCloudflareSandbox(env, id, "large");
  const { workspace } = await sandbox.boot();
  expect((await sandbox.run({ script: "pwd", cwd: workspace, timeoutMs: 10_000 })).stdout).toBe(`${workspace}\n`);
  expect(await standIn(id).configuration()).toBeNull();
  await sandbox.destroy();
});

it("a late call after a destroy leaves no machine running", async () => {
  const id = `build-late-${crypto.randomUUID()}` as SandboxId;
  const late = openCloudflareSandbox(env, id, "standard");
  await late.boot();
  await openCloudflareSandbox(env, id, "standard").destroy();
  await expect(late.pollStep("step", 0, 0)).rejects.toMatchObject({ kind: "lost" });
  expect(await standIn(id).isRunning()).toBe(false);
});
