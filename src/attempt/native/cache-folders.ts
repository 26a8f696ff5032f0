/** Where a cache's parts lie in a sandbox, and how its paths are named independently of the machine. */

import type { Session } from "../session.ts";
import { absolute, listFiles, matchFiles } from "../step/match-files.ts";
import type { FoundFile } from "../step/match-files.ts";

export interface CacheFolders {
  staging: string;
  /** What is saved as the backup, or restored to. */
  backup: string;
  env: Record<string, string>;
}

export function cacheFolders(session: Session, id: string): CacheFolders {
  const { booted, workspace } = session;
  const staging = `${booted.temp}/.sandlot-cache-${id}`;
  const backup = `${staging}/backup`;
  return {
    staging,
    backup,
    env: {
      ...booted.env,
      STAGING: staging,
      BACKUP: backup,
      WORKSPACE: workspace,
      HOME: booted.home,
      TEMP: booted.temp,
      TOOLS: booted.toolCache,
    },
  };
}

/** What of `paths` exists, as members of the archive; `outside` are those that lie in none of our folders. */
export async function cacheMembers(
  session: Session,
  paths: readonly string[],
): Promise<{ members: string[]; outside: string[] }> {
  const { workspace, booted } = session;
  const roots: [string, string][] = [
    ["workspace", workspace],
    ["temp", booted.temp],
    ["tools", booted.toolCache],
    ["home", booted.home],
  ];
  const found = await existing(session, paths);
  const members: string[] = [];
  const outside: string[] = [];
  for (const path of found) {
    const root = roots.find(([, folder]) => path.startsWith(`${folder}/`));
    if (root) members.push(`${root[0]}/${path.slice(root[1].length + 1)}`);
    else outside.push(path);
  }
  return { members, outside };
}

const GLOB = /[*?[\]{}!]/;

/** Plain paths are taken as they are; globs are looked up, and folders that match stand for all in them. */
async function existing(session: Session, paths: readonly string[]): Promise<string[]> {
  const { workspace: base, booted } = session;
  if (!paths.some((path) => GLOB.test(path))) {
    const wanted = paths.map((path) => absolute(base, booted.home, path));
    const listed = await session.sandbox.run({
      script:
        'printf "%s\\n" "$PATHS" | while IFS= read -r path; do if [ -e "$path" ]; then printf "%s\\n" "$path"; fi; done',
      env: { PATHS: wanted.join("\n") },
      timeoutMs: 30_000,
    });
    return listed.stdout.split("\n").filter((line) => line !== "");
  }
  const files = await listFiles(session, base, paths);
  const matched = matchFiles(files, { base, home: booted.home, patterns: paths, hidden: true, folders: true });
  return topmost(matched);
}

/** What lies in another one that matched comes with it. */
export function topmost(files: readonly FoundFile[]): string[] {
  const all = new Set(files.map((file) => file.path));
  return [...all].filter((path) => !parentsOf(path).some((parent) => all.has(parent)));
}

function parentsOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, depth) => parts.slice(0, depth + 1).join("/"));
}
