/** Which step a line of the log belongs to, whatever the pieces in which log and steps become known. */

import fc from "fast-check";
import { expect, it } from "vitest";

import { StepLog } from "../../../src/cli/step-log.ts";
import type { StepView } from "../../../src/model/api.ts";

function step(number: number, logFrom: number, status: StepView["status"] = "completed"): StepView {
  const end = { outcome: null, conclusion: null, exitCode: null, reason: null, detail: null, completedAt: null };
  return { number, name: `step ${number}`, status, logFrom, kind: "run", summary: null, startedAt: 0, ...end };
}

const bytes = (text: string) => new TextEncoder().encode(text);

it("gives each step its lines, and every line once, however the log is cut", () => {
  const lines = fc.array(fc.stringMatching(/^[a-zäß ]{0,12}$/), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(lines, { minLength: 1, maxLength: 5 }), fc.array(fc.nat(400)), (parts, cuts) => {
      const texts = parts.map((part) => part.map((line) => `${line}\n`).join(""));
      const whole = bytes(texts.join(""));
      let at = 0;
      const steps = texts.map((text, index) => {
        const from = at;
        at += bytes(text).length;
        return step(index + 1, from);
      });
      const log = new StepLog();
      const seen = new Map<number, string[]>();
      const ends = [...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
      let from = 0;
      for (const end of ends) {
        log.add(whole.subarray(from, end));
        from = end;
        for (const part of log.take(
          end,
          steps.filter((one) => one.logFrom <= end),
          { final: end === whole.length },
        )) {
          const number = part.step?.number ?? 0;
          seen.set(number, [...(seen.get(number) ?? []), ...part.lines]);
        }
      }
      const expected = parts.flatMap((part, index) => (part.length === 0 ? [] : [[index + 1, part] as const]));
      expect([...seen]).toEqual(expected);
    }),
  );
});

it("starts a step that is not listed yet at its first line, once the one before has ended", () => {
  const log = new StepLog();
  log.add(bytes("##[group]Run one\nout\n##[group]Run not a step\n"));
  const first = log.take(log.size, [], { final: false });
  expect(first).toEqual([{ logFrom: 0, step: null, lines: ["##[group]Run one", "out", "##[group]Run not a step"] }]);
  const one = step(1, 0);
  const start = log.size;
  log.add(bytes("last\n##[group]Run two\nout\n##[group]Run again\n"));
  expect(log.take(log.size, [one], { final: false })).toEqual([
    { logFrom: 0, step: one, lines: ["last"] },
    { logFrom: start + 5, step: null, lines: ["##[group]Run two", "out", "##[group]Run again"] },
  ]);
  const two = step(2, start + 5);
  log.add(bytes("end"));
  expect(log.take(log.size, [one, two], { final: false })).toEqual([]);
  expect(log.take(log.size, [one, two], { final: true })).toEqual([{ logFrom: start + 5, step: two, lines: ["end"] }]);
});

it("leaves a step its last lines where the next one's first line came while it was asked about", () => {
  const log = new StepLog();
  log.add(bytes("##[group]Run one\nout\n"));
  const known = log.size;
  log.add(bytes("last\n##[group]Run two\n"));
  const one = step(1, 0);
  expect(log.take(known, [one], { final: false })).toEqual([
    { logFrom: 0, step: one, lines: ["##[group]Run one", "out"] },
  ]);
  expect(log.take(log.size, [one], { final: false })).toEqual([
    { logFrom: 0, step: one, lines: ["last"] },
    { logFrom: known + 5, step: null, lines: ["##[group]Run two"] },
  ]);
});

it("takes a group for a group while its step runs", () => {
  const log = new StepLog();
  log.add(bytes("##[group]Run one\n##[group]Run mine\n"));
  const running = step(1, 0, "in_progress");
  expect(log.take(log.size, [running], { final: true })).toEqual([
    { logFrom: 0, step: running, lines: ["##[group]Run one", "##[group]Run mine"] },
  ]);
});

it("shows a line that never ends in pieces", () => {
  const log = new StepLog();
  log.add(bytes("x".repeat(70_000)));
  expect(log.take(log.size, [], { final: false })[0]?.lines[0]).toHaveLength(70_000);
  expect(log.waiting).toBe(0);
});
