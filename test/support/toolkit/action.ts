/** Stands in for the actions of GitHub that Sandlot has natively: as thin over the toolkit as they are, with their inputs and outputs. */

import { DefaultArtifactClient } from "@actions/artifact";
import { restoreCache, saveCache } from "@actions/cache";
import { getInput, getMultilineInput, setFailed, setOutput } from "@actions/core";
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

const artifacts = new DefaultArtifactClient();

const DOINGS: Record<string, () => Promise<void>> = {
  async restore() {
    const key = getInput("key");
    const matched = await restoreCache(getMultilineInput("path"), key, getMultilineInput("restore-keys"));
    setOutput("cache-hit", matched === undefined ? "" : String(matched === key));
    setOutput("cache-matched-key", matched ?? "");
    setOutput("cache-primary-key", key);
  },
  async save() {
    await saveCache(getMultilineInput("path"), getInput("key"));
  },
  async upload() {
    const root = resolve(getInput("path"));
    const name = getInput("name");
    if (getInput("overwrite") === "true") await artifacts.deleteArtifact(name).catch(() => {});
    await artifacts.uploadArtifact(name, filesIn(root), root, { retentionDays: Number(getInput("retention-days")) });
  },
  async download() {
    const { artifact } = await artifacts.getArtifact(getInput("name"));
    await artifacts.downloadArtifact(artifact.id, { path: resolve(getInput("path")) });
  },
  async leak() {
    console.log(`the token is ${process.env["ACTIONS_RUNTIME_TOKEN"]}`);
  },
};

function filesIn(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
  return all.filter((path) => statSync(path).isFile());
}

try {
  await DOINGS[getInput("do")]?.();
} catch (error) {
  setFailed(error instanceof Error ? error : String(error));
}
