/** What a job's token may do: what the workflow asks for, as far as the App was granted it and the build is trusted. */

import type { Permissions } from "../model/workflow.ts";

/** Where neither workflow nor job says anything. */
const DEFAULT: Permissions = { contents: "read" };

/** With one of these a step could forge the green check, or approve its own run. */
const NEVER_WRITTEN = ["actions", "checks", "statuses"];

/** Known to workflows, but no permission of an App: OIDC tokens and models are not given by an installation token. */
const NOT_OF_APPS = ["id-token", "models"];

export interface TokenPlan {
  /** Never empty in effect: every token reads metadata. */
  permissions: Permissions;
  /** Asked for by name, and more than the App was granted. */
  lacking: { name: string; level: "read" | "write" }[];
  /** Asked for, and never given whatever was granted; said in the log. */
  withheld: string[];
}

export interface TokenRequest {
  /** The workflow's and the job's `permissions`; the job's counts alone where it is there. */
  workflow: Permissions | null;
  job: Permissions | null;
  /** What the installation has; null where it was not asked, since nothing beyond the default is wanted. */
  granted: Permissions | null;
  fork: boolean;
}

export function planToken({ workflow, job, granted, fork }: TokenRequest): TokenPlan {
  const plan: TokenPlan = { permissions: {}, lacking: [], withheld: [] };
  if (fork) return plan;
  const asked = askedOf(workflow, job);
  for (const [name, level] of Object.entries(asked)) {
    if (level !== "none") addScope(plan, name, level, granted);
  }
  // Whoever asks for all takes what there is.
  return isBlanket(asked) ? { ...plan, lacking: [], withheld: [] } : plan;
}

function addScope(plan: TokenPlan, name: string, level: "read" | "write", granted: Permissions | null): void {
  const most = mostOf(name, level);
  const given = most === null || granted === null ? most : lesser(most, granted[name]);
  if (given !== null) plan.permissions[name] = given;
  // What is never given need not be granted.
  if (most !== level) plan.withheld.push(`${name}: ${level}`);
  else if (given !== level) plan.lacking.push({ name, level });
}

/** Whether the App has to be asked what it was granted: contents it always reads. */
export function needsGrant(workflow: Permissions | null, job: Permissions | null): boolean {
  return Object.entries(askedOf(workflow, job)).some(
    ([name, level]) => level !== "none" && !(name === "contents" && level === "read"),
  );
}

function askedOf(workflow: Permissions | null, job: Permissions | null): Permissions {
  return job ?? workflow ?? DEFAULT;
}

function mostOf(name: string, level: "read" | "write"): "read" | "write" | null {
  if (NOT_OF_APPS.includes(name)) return null;
  return NEVER_WRITTEN.includes(name) ? "read" : level;
}

function lesser(wanted: "read" | "write", granted: Permissions[string] | undefined): "read" | "write" | null {
  if (granted === undefined || granted === "none") return null;
  return wanted === "write" ? granted : "read";
}

/** `read-all` and `write-all` are written out when they are read. */
function isBlanket(asked: Permissions): boolean {
  return Object.keys(asked).length > MOST_NAMED;
}

/** Nobody names more scopes than this one by one. */
const MOST_NAMED = 12;
