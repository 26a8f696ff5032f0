/** The event that `sandlot check` plans for: as much of it as is known before it happens. */

import { runGit } from "../../local/user-git.ts";
import { refName, refType, type TriggerEvent } from "../../model/event.ts";
import { UsageError } from "../usage-error.ts";

/** The events that start builds, with the activity that is meant. */
const ACTIONS = {
  push: null,
  pull_request: "opened",
  workflow_dispatch: null,
  schedule: null,
  merge_group: "checks_requested",
  release: "published",
} as const;

type EventName = keyof typeof ACTIONS;

export interface AskedEvent {
  event: string;
  /** A branch, a tag or a full ref; null for the branch that is checked out. */
  ref: string | null;
  inputs: Record<string, string>;
}

/** Throws `UsageError`. */
export async function makeEvent(root: string, asked: AskedEvent): Promise<TriggerEvent> {
  const name = eventName(asked.event);
  const given = Object.keys(asked.inputs).length > 0;
  if (given && name !== "workflow_dispatch") {
    throw new UsageError(`--input goes with --event workflow_dispatch, not with ${name}.`);
  }
  const branch = (await ask(root, "symbolic-ref", "--short", "--quiet", "HEAD")) ?? "main";
  const defaultBranch = await findDefaultBranch(root, branch);
  const ref = asked.ref === null ? null : await fullRef(root, asked.ref);
  return {
    name,
    action: ACTIONS[name],
    repository: { id: 0, owner: "local", name: "repository", private: true, defaultBranch },
    installationId: null,
    actor: { id: 0, login: "local" },
    sha: null,
    reportSha: "",
    baseSha: null,
    pullRequest: name === "pull_request" ? 1 : null,
    fork: false,
    title: "",
    message: "",
    inputs: name === "workflow_dispatch" ? asked.inputs : null,
    workflowPath: null,
    ...refsOf(name, ref ?? `refs/heads/${branch}`, defaultBranch),
  };
}

type Refs = Pick<TriggerEvent, "ref" | "headRef" | "baseRef">;

/** A pull request and a merge queue lead to the default branch; a schedule is of it. */
function refsOf(name: EventName, ref: string, defaultBranch: string): Refs {
  switch (name) {
    case "push":
    case "workflow_dispatch":
      return { ref, headRef: null, baseRef: null };
    case "schedule":
      return { ref: `refs/heads/${defaultBranch}`, headRef: null, baseRef: null };
    case "pull_request":
      return { ref: "refs/pull/1/merge", headRef: refName(ref), baseRef: defaultBranch };
    case "merge_group":
      return { ref: `refs/heads/gh-readonly-queue/${defaultBranch}/pr-1`, headRef: null, baseRef: defaultBranch };
    case "release":
      return { ref: refType(ref) === "tag" ? ref : "refs/tags/v1.0.0", headRef: null, baseRef: null };
  }
}

function eventName(text: string): EventName {
  if (Object.hasOwn(ACTIONS, text)) return text as EventName;
  throw new UsageError(`--event ${text} starts no build.`, [`--event ${Object.keys(ACTIONS).join(" | ")}`]);
}

/** A name that git knows as a tag alone is a tag; any other is a branch. */
async function fullRef(root: string, ref: string): Promise<string> {
  if (ref.startsWith("refs/")) return ref;
  const known = async (full: string) => (await ask(root, "rev-parse", "--verify", "--quiet", full)) !== null;
  const isTag = (await known(`refs/tags/${ref}`)) && !(await known(`refs/heads/${ref}`));
  return isTag ? `refs/tags/${ref}` : `refs/heads/${ref}`;
}

async function findDefaultBranch(root: string, branch: string): Promise<string> {
  const remote = await ask(root, "symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD");
  if (remote !== null) return remote.replace(/^origin\//, "");
  for (const name of ["main", "master"]) {
    if ((await ask(root, "rev-parse", "--verify", "--quiet", `refs/heads/${name}`)) !== null) return name;
  }
  return branch;
}

/** Null where git has no answer, is not there, or the folder is in no repository. */
async function ask(root: string, ...args: string[]): Promise<string | null> {
  return (await runGit({ cwd: root, env: {} }, args).catch(() => "")).trim() || null;
}

/** What expressions can know of it now: nothing of the payload, of who does it, or of the commit. */
export function knownGithub(event: TriggerEvent): Record<string, unknown> {
  return {
    event_name: event.name,
    ref: event.ref,
    ref_name: refName(event.ref),
    ref_type: refType(event.ref),
    head_ref: event.headRef ?? "",
    base_ref: event.baseRef ?? "",
  };
}
