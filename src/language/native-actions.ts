/** The actions that Sandlot carries out itself, and their inputs. */

import type { Templated, UsesStep } from "../model/workflow.ts";
import type { Support } from "./support.ts";

/** A list: carried out with these values alone, in lower case; with any other the action runs as it was published. */
export type InputSupport = Support | readonly string[];

const CACHE = { path: "yes", key: "yes" } as const;
const RESTORE = {
  ...CACHE,
  "restore-keys": "yes",
  "fail-on-cache-miss": "yes",
  "lookup-only": "yes",
} as const;
const CROSS_OS = { enableCrossOsArchive: { differs: "changes nothing: all sandboxes are Linux" } } as const;
const CHUNKS = { "upload-chunk-size": { differs: "changes nothing: a backup is one upload" } } as const;

const FALSE = ["false", ""] as const;

export const NATIVE_ACTIONS = {
  "actions/checkout": {
    repository: { differs: "public ones; a private one needs a `token` that may read it" },
    ref: "yes",
    token: "yes",
    path: "yes",
    clean: "yes",
    "fetch-depth": "yes",
    "fetch-tags": "yes",
    "persist-credentials": "yes",
    submodules: { differs: "from the same server only" },
    lfs: "yes",
    "show-progress": { differs: "changes nothing" },
    "set-safe-directory": { differs: "changes nothing: the workspace is the steps' own" },
  },
  "actions/cache": { ...RESTORE, ...CROSS_OS, ...CHUNKS, "save-always": FALSE },
  "actions/cache/restore": { ...RESTORE, ...CROSS_OS },
  "actions/cache/save": { ...CACHE, ...CROSS_OS, ...CHUNKS },
  "actions/upload-artifact": {
    name: "yes",
    path: "yes",
    "if-no-files-found": "yes",
    "retention-days": "yes",
    "compression-level": { differs: "changes nothing: every file is kept as it is" },
    overwrite: "yes",
    "include-hidden-files": "yes",
    archive: ["true", ""],
  },
  "actions/download-artifact": {
    name: "yes",
    path: "yes",
    pattern: "yes",
    "merge-multiple": "yes",
    "artifact-ids": { refused: "artifacts are named, they have no ids" },
    "github-token": { refused: "artifacts come from this build only" },
    repository: { refused: "artifacts come from this build only" },
    "run-id": { refused: "artifacts come from this build only" },
    "skip-decompress": FALSE,
  },
} as const satisfies Record<string, Record<string, InputSupport>>;

export type NativeAction = keyof typeof NATIVE_ACTIONS;

/** `actions/cache/save@v4` is `actions/cache/save`, at any ref; null for every other action. */
export function nativeAction(uses: string): NativeAction | null {
  const [name, ref] = uses.trim().split("@");
  const lower = (name ?? "").toLowerCase();
  return ref && isNative(lower) ? lower : null;
}

/** An action of the same repository, which is read once the sandbox has it. */
export function isLocalAction(uses: string): boolean {
  return /^\.\.?(\/|$)/.test(uses.trim());
}

function isNative(name: string): name is NativeAction {
  return Object.hasOwn(NATIVE_ACTIONS, name);
}

/** Why an input of this action can't be carried out by anybody here; null where it is, or where the action as it was published does. */
export function inputRefusal(action: NativeAction, input: string): string | null {
  const support = supportOf(action, input);
  return typeof support === "object" && "refused" in support
    ? `the input '${input}' of ${action} is not carried out: ${support.refused}`
    : null;
}

/**
 * The native action for a step that is given these inputs; null where it is none, or where they ask for more than it does: then the
 * action runs as it was published.
 */
export function nativeStep({ uses, with: given }: Pick<UsesStep, "uses" | "with">): NativeAction | null {
  const action = nativeAction(uses);
  if (action === null) {
    return null;
  }
  return Object.entries(given).every(([input, value]) => covers(supportOf(action, input), value)) ? action : null;
}

function covers(support: InputSupport | undefined, value: Templated): boolean {
  if (support === undefined || support === "yes") {
    return support !== undefined;
  }
  if ("differs" in support || "refused" in support) {
    return true;
  }
  return typeof value === "object" ? value === null : support.includes(String(value).trim().toLowerCase());
}

function supportOf(action: NativeAction, input: string): InputSupport | undefined {
  const inputs: Record<string, InputSupport> = NATIVE_ACTIONS[action];
  const name = Object.keys(inputs).find((known) => known.toLowerCase() === input.toLowerCase());
  return name === undefined ? undefined : inputs[name];
}
