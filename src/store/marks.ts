/** Marks: where the sweep left off, and what was last seen. Losing one costs a second look, never a build. */

/** Where each kind of work goes on. */
export type MarkName =
  /** The row of `deliveries` up to which none waits any more. */
  | "deliveries.settled"
  /** Made at (ms): open builds that only wait are looked at from here. */
  | "builds.waiting"
  /** When GitHub was last asked which webhooks it could not deliver. */
  | "webhooks.missed"
  /** When expired things were last cleared away, and where each of these goes on. */
  | "retention"
  | "retention.artifacts"
  | "retention.caches"
  | "retention.objects"
  /** GitHub's rate limit as its headers last said it. */
  | "github.limit";

export interface Mark {
  value: string;
  at: number;
}

export async function readMarks(db: D1Database): Promise<Map<MarkName, Mark>> {
  const rows = await db.prepare("SELECT name, value, at FROM marks").all<Mark & { name: MarkName }>();
  return new Map(rows.results.map(({ name, value, at }) => [name, { value, at }]));
}

export function setMark(db: D1Database, name: MarkName, value: string | number, at: number): D1PreparedStatement {
  return db
    .prepare("INSERT INTO marks (name, value, at) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = ?2, at = ?3")
    .bind(name, String(value), at);
}
