/** What GitHub is told of a build: a projection of our rows, computed anew each time (architecture §7). */

import type { Build } from "./build.ts";
import { FAULT } from "./status.ts";
import type { Conclusion } from "./status.ts";

export interface Report {
  state: "pending" | "success" | "failure" | "error";
  description: string;
  /** The build that decides; the status links to it. */
  build: Build;
  /** Nothing more will be said of the builds behind this key unless one is rerun. */
  final: boolean;
}

/** Which word wins among the newest builds of each event. */
const WORST_FIRST = ["failure", "error", "pending", "success"] as const satisfies readonly Report["state"][];

/**
 * The report of all builds behind one key (repository, sha, context), or null where nothing is to be posted:
 * the newest of each event counts, any failed makes it failed, else any unfinished makes it pending.
 */
export function projectReport(builds: readonly Build[]): Report | null {
  const newest = new Map<string, Build>();
  for (const build of builds) {
    const other = newest.get(build.event);
    if (!other || isNewer(build, other)) newest.set(build.event, build);
  }
  // In one order, so that of two that failed the same one speaks each time.
  const inOrder = [...newest.values()].sort((a, b) => (isNewer(a, b) ? -1 : 1));
  const told = inOrder.map((build) => ({ build, ...reportOfBuild(build) }));
  const state = WORST_FIRST.find((word) => told.some((one) => one.state === word));
  const decisive = told.find((one) => one.state === state);
  if (!decisive) return null;
  const final = told.every((one) => one.build.state.status === "completed");
  return { state: decisive.state, description: decisive.description, build: decisive.build, final };
}

/** Of two that were made in one millisecond too, whichever is looked at first. */
function isNewer(one: Build, other: Build): boolean {
  if (one.createdAt !== other.createdAt) return one.createdAt > other.createdAt;
  return one.number === other.number ? one.id > other.id : one.number > other.number;
}

/** Held for approval stays pending: nobody refused it. */
const STATE_OF = {
  success: "success",
  neutral: "success",
  skipped: "success",
  action_required: "pending",
  cancelled: "error",
  failure: "failure",
  timed_out: "failure",
} as const satisfies Record<Conclusion, Report["state"]>;

function reportOfBuild(build: Build): { state: Report["state"]; description: string } {
  const { state } = build;
  if (state.status !== "completed") return { state: "pending", description: state.detail ?? pendingWord(state.status) };
  const description = state.detail ?? state.reason ?? state.conclusion;
  const told = STATE_OF[state.conclusion];
  // Excluded by its own filters opens the gate; started and ran nothing does not.
  if (state.reason === "nothing_ran") return { state: "failure", description };
  const ours = told === "failure" && state.reason !== null && FAULT[state.reason] === "sandlot";
  return { state: ours ? "error" : told, description };
}

function pendingWord(status: "waiting" | "queued" | "in_progress"): string {
  return { waiting: "Waiting", queued: "Queued", in_progress: "Running" }[status];
}
