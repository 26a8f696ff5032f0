/** What GitHub is told of a build: a projection of our rows, computed anew each time (architecture §7). */

import type { Build } from "./build.ts";
import { FAULT } from "./status.ts";

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
    if (!other || build.createdAt > other.createdAt) newest.set(build.event, build);
  }
  const told = [...newest.values()].map((build) => ({ build, ...reportOfBuild(build) }));
  const state = WORST_FIRST.find((word) => told.some((one) => one.state === word));
  const decisive = told.find((one) => one.state === state);
  if (!decisive) return null;
  const final = told.every((one) => one.build.state.status === "completed");
  return { state: decisive.state, description: decisive.description, build: decisive.build, final };
}

function reportOfBuild(build: Build): { state: Report["state"]; description: string } {
  const { state } = build;
  if (state.status !== "completed") return { state: "pending", description: state.detail ?? pendingWord(state.status) };
  const description = state.detail ?? state.reason ?? state.conclusion;
  switch (state.conclusion) {
    case "success":
    case "neutral":
      return { state: "success", description };
    case "skipped":
      // Excluded by its own filters opens the gate; started and ran nothing does not.
      return { state: state.reason === "nothing_ran" ? "failure" : "success", description };
    case "action_required":
      return { state: "pending", description };
    case "cancelled":
      return { state: "error", description };
    case "failure":
    case "timed_out":
      return { state: state.reason !== null && FAULT[state.reason] === "sandlot" ? "error" : "failure", description };
  }
}

function pendingWord(status: "waiting" | "queued" | "in_progress"): string {
  return { waiting: "Waiting", queued: "Queued", in_progress: "Running" }[status];
}
