/** Starts what the workerd tests reach over loopback, in a process of its own, and stops it after the run. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { readCorpus } from "./corpus.ts";
import type { TestGitHub } from "./local-github.ts";
import type { Served } from "./servers.ts";
import { bundleToolkit } from "./toolkit.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of the local sandbox host. */
    sandboxHost: string;
    /** Address of the local GitHub. */
    github: string;
    gitHubApp: TestGitHub;
    /** Real workflow files, `{ name, text }`; empty where `../shared/corpus` is not there. */
    corpus: { name: string; text: string }[];
    /** An action of our own with GitHub's toolkit in it: `main` and `post`. */
    toolkit: string;
    /** Whether `SANDLOT_ACTIONS_DIR` names a folder of real actions, as they were published. */
    realActions: boolean;
  }
}

// oxlint-disable-next-line import/no-default-export -- vitest asks for it
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = fork(join(import.meta.dirname, "servers.ts"), { execArgv: ["--no-warnings"] });
  const gone = once(servers, "exit");
  const [served] = (await Promise.race([once(servers, "message"), gone.then(refuse)])) as [Served];
  project.provide("sandboxHost", served.sandboxHost);
  project.provide("github", served.github.url);
  project.provide("gitHubApp", served.github);
  project.provide("corpus", readCorpus());
  project.provide("toolkit", await bundleToolkit());
  project.provide("realActions", process.env["SANDLOT_ACTIONS_DIR"] !== undefined);
  return async () => {
    servers.disconnect();
    await gone;
  };
}

function refuse([code]: unknown[]): never {
  throw new Error(`the local GitHub and the sandbox host did not start: exit ${String(code)}`);
}
