/** What a log page's address says, and the addresses of its windows. */

import { z } from "zod";
import { jobPagePath } from "../../model/urls.ts";

const number = z
  .string()
  .regex(/^[1-9]\d{0,11}$/, "is not a whole number from 1")
  .transform(Number)
  .optional();

const logQuery = z.object({
  /** The line to start with. */
  from: number.catch(undefined),
  /** What is searched for. */
  q: z.string().max(1000).catch("").default(""),
  case: z.enum(["1", "0"]).catch("0").default("0"),
  run_attempt: z.string().max(9).optional().catch(undefined),
});

export type LogQuery = z.infer<typeof logQuery>;

export function readLogQuery(url: string): LogQuery {
  const given = [...new URL(url).searchParams].toReversed();
  return logQuery.parse(Object.fromEntries(given));
}

/** The page's own address with what is not null, and with the run attempt that is shown. */
export function logAddress(
  page: { build: string; job: string; query: LogQuery },
  wanted: { from?: number; q?: string; matchCase?: boolean },
  fragment = "",
): string {
  const search = new URLSearchParams();
  if (page.query.run_attempt !== undefined) search.set("run_attempt", page.query.run_attempt);
  if (wanted.from !== undefined) search.set("from", String(wanted.from));
  if (wanted.q !== undefined && wanted.q !== "") search.set("q", wanted.q);
  if (wanted.matchCase) search.set("case", "1");
  const text = search.toString();
  return `${jobPagePath(page.build, page.job)}${text === "" ? "" : `?${text}`}${fragment}`;
}
