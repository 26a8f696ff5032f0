/** Globs over files of the sandbox: listed there, matched here, so that one library decides on every machine. */

import picomatch from "picomatch";
import type { Session } from "../session.ts";

export interface FoundFile {
  path: string;
  type: "file" | "folder" | "link" | "other";
  bytes: number;
}

const LIST_TIMEOUT_MS = 120_000;
/** `find` prints type, size and path, each ended by NUL: a name may hold anything else. */
const LIST_SCRIPT = String.raw`: > "$OUT"
while IFS= read -r root; do
  if [ -e "$root" ] || [ -L "$root" ]; then
    find "$root" -name .git -prune -o -printf '%y\0%s\0%p\0' >> "$OUT" 2>/dev/null || true
  fi
done < "$ROOTS"`;

/** Everything below the folders that the patterns can match in. `.git` is never listed. */
export async function listFiles(session: Session, base: string, patterns: readonly string[]): Promise<FoundFile[]> {
  const { sandbox, booted } = session;
  const roots = searchRoots(base, booted.home, patterns);
  await sandbox.writeFile(`${booted.control}/list-roots`, `${roots.join("\n")}\n`);
  const listed = await sandbox.run({
    script: LIST_SCRIPT,
    env: { ROOTS: `${booted.control}/list-roots`, OUT: `${booted.control}/list-files` },
    timeoutMs: LIST_TIMEOUT_MS,
  });
  if (listed.exitCode !== 0) throw new Error(`listing files failed: ${listed.stderr.slice(0, 200)}`);
  const { body } = await sandbox.readFile(`${booted.control}/list-files`);
  return readListing(await new Response(body).text());
}

const TYPES: Record<string, FoundFile["type"]> = { f: "file", d: "folder", l: "link" };

export function readListing(text: string): FoundFile[] {
  const parts = text.split("\0");
  const files: FoundFile[] = [];
  for (let index = 0; index + 2 < parts.length; index += 3) {
    const [type = "", bytes = "0", path = ""] = parts.slice(index, index + 3);
    files.push({ path, type: TYPES[type] ?? "other", bytes: Number(bytes) });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The fixed beginning of each pattern, so that `dist/**` does not list `node_modules`. */
export function searchRoots(base: string, home: string, patterns: readonly string[]): string[] {
  const roots = patterns
    .filter((pattern) => !pattern.startsWith("!"))
    .map((pattern) => {
      const { base: fixed, isGlob } = picomatch.scan(absolute(base, home, pattern));
      return (isGlob ? fixed : absolute(base, home, pattern)).replace(/(.)\/+$/, "$1");
    });
  const unique = [...new Set(roots)].sort();
  return unique.filter((root) => !unique.some((other) => other !== root && root.startsWith(`${other}/`)));
}

/** `~` is the home folder; what does not start with `/` is below `base`. */
export function absolute(base: string, home: string, pattern: string): string {
  const expanded = pattern.replace(/^~(?=\/|$)/, home);
  const joined = expanded.startsWith("/") ? expanded : `${base}/${expanded}`;
  return normalise(joined);
}

/** `a/./b//c/../d` is `a/b/d`; nothing rises above `/`. */
function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}

export interface MatchOptions {
  base: string;
  home: string;
  /** In order; `!` takes away again, as in `@actions/glob`. */
  patterns: readonly string[];
  /** Names that begin with a dot, and what lies in such folders. */
  hidden: boolean;
  /** Folders that match stand for themselves; otherwise for every file in them. */
  folders: boolean;
}

export function matchFiles(files: readonly FoundFile[], options: MatchOptions): FoundFile[] {
  const rules = options.patterns
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "" && !pattern.startsWith("#"))
    .map((pattern) => {
      const excluded = pattern.startsWith("!");
      const full = absolute(options.base, options.home, excluded ? pattern.slice(1) : pattern);
      const matches = picomatch(options.folders ? full : [full, `${full.replace(/\/+$/, "")}/**`], { dot: true });
      return { excluded, matches };
    });
  const chosen = files.filter((file) => {
    if (!options.folders && file.type === "folder") return false;
    if (!options.hidden && isHidden(file.path, options)) return false;
    return rules.reduce((kept, rule) => (rule.matches(file.path) ? !rule.excluded : kept), false);
  });
  return chosen;
}

/** Below the folder that was asked for: a dot in the way there is the asker's own. */
function isHidden(path: string, { base, home, patterns }: MatchOptions): boolean {
  const root = searchRoots(base, home, patterns)
    .filter((one) => path === one || path.startsWith(`${one}/`))
    .sort((a, b) => b.length - a.length)[0];
  const rest = root === undefined ? path : path.slice(root.length);
  return /(^|\/)\.[^/]/.test(rest);
}
