/** What `uses: owner/repository/path@ref` names. */

export interface ActionReference {
  /** `owner/repository`, as written. */
  name: string;
  /** The folder in that repository; empty for its root. */
  path: string;
  /** A branch, a tag or a commit. */
  ref: string;
}

/** As GitHub allows names. A ref is what git allows, and never an option. */
const REFERENCE =
  /^([A-Za-z0-9][A-Za-z0-9-]*\/(?!\.{1,2}(?:[/@]))[A-Za-z0-9._-]+)((?:\/[^/@]+)*)\/?@([^\s~^:?*[\\-][^\s~^:?*[\\]*)$/;

/** Null for what is no action of a repository: `./folder`, `docker://image`, nonsense. */
export function readReference(uses: string): ActionReference | null {
  const [, name, path, ref] = REFERENCE.exec(uses.trim()) ?? [];
  if (name === undefined || path === undefined || ref === undefined) {
    return null;
  }
  const parts = path.split("/").slice(1);
  const leaves = parts.some((part) => part === "." || part === "..");
  return leaves || ref.includes("..") ? null : { name, path: parts.join("/"), ref };
}

/** One for all spellings: GitHub's names have no case, refs do. */
export function referenceKey({ name, ref }: Pick<ActionReference, "name" | "ref">): string {
  return `${name.toLowerCase()}@${ref}`;
}

export function isFullSha(ref: string): boolean {
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(ref);
}
