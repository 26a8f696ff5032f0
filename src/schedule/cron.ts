/** When a cron line is due. POSIX's five fields in UTC, as GitHub takes them. */

import { Cron } from "croner";

const MINUTE_MS = 60_000;
const FIELDS = 5;
/** GitHub starts a schedule at most every five minutes. */
const SHORTEST_MINUTES = 5;

export function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}

/**
 * The last due minute after `since` and up to `now` (minutes since 1970), or null. Of a gap that held several, one is
 * enough: a schedule that was missed ten times shall not run ten times. Lines that ask for less than five minutes start
 * with the first due minute of each five. Null too for a line that cannot be read.
 */
export function dueMinute(cron: string, since: number, now: number): number | null {
  const times = parseCron(cron);
  if (times === null) return null;
  for (let latest = lastDue(times, now); latest !== null && latest > since; latest = lastDue(times, latest - 1)) {
    if (isFirstOfFive(times, latest)) return latest;
  }
  return null;
}

function parseCron(cron: string): Cron | null {
  // The library knows nicknames such as `@daily`, GitHub does not.
  if (cron.trim().split(/\s+/).length !== FIELDS) return null;
  try {
    return new Cron(cron, { mode: "5-part", sloppyRanges: true, timezone: "UTC", paused: true });
  } catch {
    // The language names what is wrong with it where the file is read; what came through is never due.
    return null;
  }
}

function lastDue(times: Cron, minute: number): number | null {
  // The reference itself does not count.
  const [latest] = times.previousRuns(1, new Date((minute + 1) * MINUTE_MS));
  return latest === undefined ? null : minuteOf(latest.getTime());
}

function isFirstOfFive(times: Cron, minute: number): boolean {
  for (let earlier = minute - (minute % SHORTEST_MINUTES); earlier < minute; earlier += 1)
    if (times.match(new Date(earlier * MINUTE_MS))) return false;
  return true;
}
