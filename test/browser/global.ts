/** Starts what browsers look at, once for all files of the project, and a build that they find finished. */

import { existsSync } from "node:fs";
import type { TestProject } from "vitest/node";
import type { BuildSummary, Page } from "../../src/model/api.ts";
import { api, push, startDev, until } from "./dev.ts";
import type { DevAddress } from "./dev.ts";
import { FILES, HOSTILE_BRANCH, INJECTION } from "./workflows.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Null where there is no Chromium: then the tests are skipped. */
    dev: DevAddress | null;
    chromium: string;
  }
}

// oxlint-disable-next-line import/no-default-export -- vitest asks for it
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  project.provide("chromium", chromium);
  if (!existsSync(chromium)) {
    const why = `There is no Chromium at ${chromium} (set CHROMIUM): pages are not tried in a browser.`;
    if (process.env["CI"]) throw new Error(why);
    console.warn(why);
    project.provide("dev", null);
    return async () => {};
  }
  const dev = await startDev({ files: FILES, branch: HOSTILE_BRANCH, title: `Redirect ${INJECTION}` });
  const { url, door, token, folder, name } = dev;
  project.provide("dev", { url, door, token, folder, name });
  try {
    await push(dev);
    await until(
      () => api<Page<BuildSummary>>(dev, "/builds"),
      ({ items }) => items.length >= 2 && items.every(({ status }) => status === "completed"),
    );
  } catch (error) {
    await dev.close();
    throw error;
  }
  return () => dev.close();
}
