/** What `runs-on` asks for, as a size of sandbox. */

import type { SandboxSize } from "../model/job.ts";

const SIZES = new Map<string, SandboxSize>([
  ["ubuntu-latest", "standard"],
  ["ubuntu-24.04", "standard"],
  ["ubuntu-22.04", "standard"],
  ["linux", "standard"],
  ["sandlot", "standard"],
  ["sandlot-large", "large"],
]);

/** Labels that ask for nothing more than Linux does. */
const NEUTRAL = new Set(["x64"]);

/** GitHub's larger runners are named by their owner: `ubuntu-latest-8-cores`, `acme-16-cores`. */
const LARGER = /^(?!.*(windows|macos)).*-(4|8|16)-cores$/;

/** A sandbox must carry all labels. `unsupported` is the label that none carries. */
export function sandboxFor(labels: readonly string[]): { size: SandboxSize } | { unsupported: string } {
  let size: SandboxSize | null = null;
  for (const label of labels) {
    const name = label.trim().toLowerCase();
    const found = LARGER.test(name) ? "large" : SIZES.get(name);
    if (found === undefined && !NEUTRAL.has(name)) {
      return { unsupported: label };
    }
    size = found === "large" || size === "large" ? "large" : (found ?? size);
  }
  return size === null ? { unsupported: labels.join(", ") || "no label" } : { size };
}

/** The labels of an evaluated `runs-on`: a label, a list, or `{ labels }`. */
export function runnerLabels(runsOn: unknown): string[] {
  if (typeof runsOn === "string") {
    return [runsOn];
  }
  if (Array.isArray(runsOn)) {
    return runsOn.filter((label) => typeof label === "string");
  }
  return typeof runsOn === "object" && runsOn !== null && "labels" in runsOn ? runnerLabels(runsOn.labels) : [];
}
