/** What a job's token may do, compared and narrowed. */

import type { Permissions } from "../model/workflow.ts";

const LEVELS = ["none", "read", "write"] as const;

function rank(level: Permissions[string] | undefined): number {
  return LEVELS.indexOf(level ?? "none");
}

/** The first scope in which more is asked for than granted; null where there is none. What is not named is `none`. */
export function exceeds(asked: Permissions, granted: Permissions): string | null {
  return Object.keys(asked).find((scope) => rank(asked[scope]) > rank(granted[scope])) ?? null;
}

/** What is left of `asked` within `granted`; null on either side says nothing. */
export function narrowed(asked: Permissions | null, granted: Permissions | null): Permissions | null {
  if (asked === null || granted === null) {
    return asked ?? granted;
  }
  return Object.fromEntries(
    Object.entries(asked).map(([scope, level]) => [
      scope,
      rank(level) > rank(granted[scope]) ? (granted[scope] ?? "none") : level,
    ]),
  );
}
