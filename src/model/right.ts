/** What somebody may do with a repository; each right has those before it in it. */

export const RIGHTS = ["read", "act", "admin"] as const;
export type Right = (typeof RIGHTS)[number];

/** Null is no right at all. */
export function hasRight(held: Right | null, needed: Right): boolean {
  return held !== null && RIGHTS.indexOf(held) >= RIGHTS.indexOf(needed);
}

export function greaterRight(one: Right | null, other: Right | null): Right | null {
  if (one === null || other === null) return one ?? other;
  return hasRight(one, other) ? one : other;
}
