/** The environment that a local sandbox starts from: an allow-list of the user's own, so that no key or agent of a laptop reaches a step. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { PASSED_VARIABLES } from "../sandbox/supervisor.ts";

const PASSED = PASSED_VARIABLES.map((pattern) => new RegExp(`^${pattern.replaceAll("*", ".*")}$`));

/** `own` is a folder of Sandlot's code: programs that npm put beside it are ours, not the user's. */
export function cleanEnv(env: Record<string, string | undefined>, own: string): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && PASSED.some((pattern) => pattern.test(name))) clean[name] = value;
  }
  clean["PATH"] = cleanPath(env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", own);
  // npm looks for these settings in HOME, and a sandbox has another.
  const npmrc = join(env["HOME"] ?? "/", ".npmrc");
  if (!clean["npm_config_userconfig"] && !clean["NPM_CONFIG_USERCONFIG"] && existsSync(npmrc)) {
    clean["npm_config_userconfig"] = npmrc;
  }
  return clean;
}

/** Without what `npm run` and `npx` put in front: the programs of our own packages, among them our own node. */
function cleanPath(path: string, own: string): string {
  const ours = new Set<string>();
  for (let folder = own; ; folder = dirname(folder)) {
    ours.add(join(folder, "node_modules", ".bin"));
    if (folder === dirname(folder)) break;
  }
  return path
    .split(":")
    .filter((entry) => entry !== "" && !ours.has(entry.replace(/\/+$/, "")) && !entry.endsWith("/node-gyp-bin"))
    .join(":");
}
