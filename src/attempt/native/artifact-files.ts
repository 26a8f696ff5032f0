/** Which files an artifact is made of: globs, hidden files, and what must not leave the sandbox. */

import type { Session } from "../session.ts";
import { listFiles, matchFiles, searchRoots } from "../step/match-files.ts";
import type { FoundFile } from "../step/match-files.ts";

export interface ChosenFile {
  /** In the sandbox. */
  source: string;
  /** In the artifact. */
  path: string;
  bytes: number;
  sha256: string;
}

export interface Choice {
  files: ChosenFile[];
  warnings: string[];
}

const HASH_TIMEOUT_MS = 10 * 60_000;

/**
 * Follows links of files to files inside workspace, home and temp; takes nothing else that is not a plain file. A link is checked
 * and read by its real path, so that it can't be turned in between. Prints sha256, bytes, real path and asked path, NUL-separated.
 */
const HASH_SCRIPT = String.raw`: > "$OUT"
while IFS= read -r -d '' path; do
  real=$path
  if [ -L "$path" ]; then
    real=$(realpath -e -- "$path" 2>/dev/null) || { printf 'gone\0000\0%s\0%s\0' "$path" "$path" >> "$OUT"; continue; }
    case "$real" in
      "$WORKSPACE"/*/.git/* | "$WORKSPACE"/.git/*) real= ;;
      "$WORKSPACE"/* | "$HOME"/* | "$TEMP"/*) ;;
      *) real= ;;
    esac
    if [ -z "$real" ]; then printf 'outside\0000\0%s\0%s\0' "$path" "$path" >> "$OUT"; continue; fi
    if [ ! -f "$real" ]; then printf 'folder\0000\0%s\0%s\0' "$path" "$path" >> "$OUT"; continue; fi
  fi
  sum=$(sha256sum < "$real") || { printf 'gone\0000\0%s\0%s\0' "$path" "$path" >> "$OUT"; continue; }
  printf '%s\0%s\0%s\0%s\0' "${"$"}{sum%% *}" "$(stat -c %s -- "$real")" "$real" "$path" >> "$OUT"
done < "$LIST"`;

export interface ChooseOptions {
  patterns: readonly string[];
  hidden: boolean;
  maxFiles: number;
}

export async function chooseFiles(session: Session, options: ChooseOptions): Promise<Choice | { refused: string }> {
  const { workspace: base, booted } = session;
  const { patterns, hidden, maxFiles } = options;
  const listed = await listFiles(session, base, patterns);
  const matched = matchFiles(listed, { base, home: booted.home, patterns, hidden, folders: false });
  const special = matched.filter((file) => file.type === "other");
  const wanted = matched.filter((file) => file.type !== "other");
  if (wanted.length > maxFiles)
    return { refused: `${wanted.length} files match, an artifact holds at most ${maxFiles}` };
  const warnings = special.map((file) => `${file.path} is no plain file and is left out`);
  const root = artifactRoot(session, patterns, listed);
  const hashed = await hash(session, wanted);
  const files: ChosenFile[] = [];
  for (const one of hashed) {
    const why = WHY_NOT[one.sha256];
    if (why === undefined) files.push({ ...one, path: below(root, one.path) });
    else warnings.push(`${one.path} ${why} and is left out`);
  }
  return { files, warnings };
}

const WHY_NOT: Record<string, string> = {
  outside: "is a link to outside the workspace",
  folder: "is a link to a folder",
  gone: "can't be read",
};

async function hash(session: Session, wanted: readonly FoundFile[]): Promise<ChosenFile[]> {
  const { sandbox, booted, workspace } = session;
  if (wanted.length === 0) return [];
  const list = `${booted.control}/artifact-list`;
  const out = `${booted.control}/artifact-hashes`;
  await sandbox.writeFile(list, wanted.map((file) => `${file.path}\0`).join(""));
  const env = { LIST: list, OUT: out, WORKSPACE: workspace, HOME: booted.home, TEMP: booted.temp };
  const ran = await sandbox.run({
    script: `exec bash -c '${HASH_SCRIPT.replaceAll("'", `'\\''`)}'`,
    env,
    timeoutMs: HASH_TIMEOUT_MS,
  });
  if (ran.exitCode !== 0) throw new Error(`hashing the artifact's files failed: ${ran.stderr.slice(0, 200)}`);
  const { body } = await sandbox.readFile(out);
  const parts = (await new Response(body).text()).split("\0");
  const files: ChosenFile[] = [];
  for (let index = 0; index + 3 < parts.length; index += 4) {
    const [sha256 = "", bytes = "0", source = "", path = ""] = parts.slice(index, index + 4);
    files.push({ source, path, bytes: Number(bytes), sha256 });
  }
  return files;
}

/**
 * What the paths in the artifact start from, as with GitHub's upload-artifact: the one folder that was asked for, the folder of
 * the one file, else the nearest folder above all that was asked for.
 */
export function artifactRoot(
  session: Pick<Session, "workspace" | "booted">,
  patterns: readonly string[],
  listed: readonly FoundFile[],
): string {
  const roots = searchRoots(session.workspace, session.booted.home, patterns);
  const folders = roots.map((root) => {
    const self = listed.find((file) => file.path === root);
    return self && self.type !== "folder" ? root.slice(0, root.lastIndexOf("/")) : root;
  });
  return folders.reduce((common, folder) => sharedFolder(common, folder), folders[0] ?? session.workspace);
}

function sharedFolder(a: string, b: string): string {
  const [left, right] = [a.split("/"), b.split("/")];
  let shared = 0;
  while (shared < left.length && left[shared] === right[shared]) shared += 1;
  return left.slice(0, shared).join("/");
}

function below(root: string, path: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path.replace(/^\/+/, "");
}
