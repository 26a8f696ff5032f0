/** Starts what the workerd tests reach over loopback, in this Node process, and stops it after the run. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startSandboxHost } from "../../src/local/sandbox-host.ts";
import { readCorpus } from "./corpus.ts";
import { provideGitHub } from "./local-github.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of the local sandbox host. */
    sandboxHost: string;
    /** Real workflow files, `{ name, text }`; empty where `../shared/corpus` is not there. */
    corpus: { name: string; text: string }[];
  }
}

// oxlint-disable-next-line import/no-default-export -- vitest asks for it
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = await mkdtemp(join(tmpdir(), "sandlot-"));
  const sandboxHost = await startSandboxHost({ root, maxSandboxes: 100 });
  project.provide("sandboxHost", sandboxHost.url);
  const closeGitHub = await provideGitHub(project);
  project.provide("corpus", readCorpus());
  return async () => {
    await closeGitHub();
    await sandboxHost.close();
    await rm(root, { recursive: true, force: true });
  };
}
