import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dueMinute, minuteOf } from "../../../src/schedule/cron.ts";

const at = (time: string) => minuteOf(Date.parse(time));
const said = (minute: number | null) => (minute === null ? null : new Date(minute * 60_000).toISOString().slice(0, 16));

describe("a cron line", () => {
  it("is due in its minute, in UTC, and in no other", () => {
    expect(said(dueMinute("30 5 * * *", at("2026-11-22T05:29Z"), at("2026-11-22T05:30Z")))).toBe("2026-11-22T05:30");
    expect(dueMinute("30 5 * * *", at("2026-11-22T05:28Z"), at("2026-11-22T05:29Z"))).toBeNull();
    expect(dueMinute("30 5 * * *", at("2026-11-22T05:30Z"), at("2026-11-22T05:31Z"))).toBeNull();
  });

  it("that became due in a gap is due once, at the last of its times", () => {
    const due = dueMinute("*/15 * * * *", at("2026-11-20T00:00Z"), at("2026-11-22T07:20Z"));
    expect(said(due)).toBe("2026-11-22T07:15");
    expect(said(dueMinute("0 0 1 * *", at("2026-10-15T00:00Z"), at("2026-11-22T00:00Z")))).toBe("2026-11-01T00:00");
  });

  it("that names both kinds of day is due on either, as POSIX has it", () => {
    const due = [20, 21, 13].map((day) =>
      dueMinute("0 0 13 * FRI", at(`2026-11-${day}T00:00Z`) - 1, at(`2026-11-${day}T00:00Z`)),
    );
    expect(due.map((one) => one !== null)).toEqual([true, false, true]);
  });

  it("takes names, ranges, steps and lists", () => {
    const now = at("2026-11-20T10:40Z");
    for (const cron of ["40 10 * NOV Fri", "40 8-12/2 * * 1-5", "10,40 * 20 11 *", "0/20 10 * * *"])
      expect(dueMinute(cron, now - 1, now)).toBe(now);
  });

  it("that asks for less than five minutes starts once in five", () => {
    const first = at("2026-11-22T12:00Z");
    const starts = (cron: string) =>
      Array.from({ length: 20 }, (_, n) => first + n)
        .filter((minute) => dueMinute(cron, minute - 1, minute) !== null)
        .map((minute) => minute - first);
    expect(starts("* * * * *")).toEqual([0, 5, 10, 15]);
    expect(starts("*/5 * * * *")).toEqual([0, 5, 10, 15]);
    expect(starts("4,9,14 * * * *")).toEqual([4, 9, 14]);
    expect(starts("6-8 * * * *")).toEqual([6]);
  });

  it("that cannot be read, or names a day that never comes, is never due", () => {
    for (const cron of ["", "@daily", "* * * * * *", "61 * * * *", "30 5 31 2 *"])
      expect(dueMinute(cron, 0, at("2026-11-22T12:00Z"))).toBeNull();
  });

  it("starts once for each time, however the minutes are cut into looks", () => {
    const start = at("2026-11-22T00:00Z");
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 }),
        fc.constantFrom("*/7 * * * *", "0 * * * *", "13,44 1-5 * * *", "* * * * *"),
        (looks, cron) => {
          const seen: number[] = [];
          let since = start;
          for (const length of looks) {
            const due = dueMinute(cron, since, since + length);
            if (due !== null) seen.push(due);
            since += length;
          }
          expect(new Set(seen).size).toBe(seen.length);
          const each = Array.from({ length: since - start }, (_, n) => start + n + 1);
          const all = each.filter((minute) => dueMinute(cron, minute - 1, minute) !== null);
          expect(all).toEqual(expect.arrayContaining(seen));
          expect(seen.at(-1)).toBe(all.at(-1));
        },
      ),
    );
  });
});
