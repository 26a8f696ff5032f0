/**
 * The process beside the tests that serves the local GitHub and the sandboxes: both start many programs, which costs a process of
 * vitest's size far more than a small one.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSandboxHost } from "../../src/local/sandbox-host.ts";
import { startTestGitHub, type TestGitHub } from "./local-github.ts";

/** Said to the tests when both are ready. */
export interface Served {
  sandboxHost: string;
  github: TestGitHub;
}

const root = await mkdtemp(join(tmpdir(), "sandlot-"));
const sandboxHost = await startSandboxHost({ root, maxSandboxes: 100 });
const gitHub = await startTestGitHub();

// Also when the tests' own process dies: then nobody would ever say stop.
process.once("disconnect", () => void close());
process.send?.({ sandboxHost: sandboxHost.url, github: gitHub.facts } satisfies Served);

async function close(): Promise<void> {
  await gitHub.close();
  await sandboxHost.close();
  await rm(root, { recursive: true, force: true });
  process.exit();
}
