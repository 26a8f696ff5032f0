import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOf, textOf } from "../../../src/logs/bytes.ts";
import { LogStream } from "../../../src/logs/log-stream.ts";
import { carryOf, makeStream, readAll, write } from "./streams.ts";

describe("a log stream", () => {
  it("shows steps in order, each part on lines of its own", async () => {
    const stream = makeStream();
    expect(await stream.open(1, "Set up", 1)).toEqual({ raw: 0, carry: null, closed: false, logFrom: 0 });
    await write(stream, 1, 0, "no line end");
    await stream.close(1, "Done", 2);
    expect((await stream.open(2, "", 3)).logFrom).toBe("Set up\nno line end\nDone\n".length);
    await write(stream, 2, 0, "two\n");
    await stream.note("lost", "The machine was lost", 4);
    await stream.note("lost", "The machine was lost", 4);
    expect(await readAll(stream)).toBe("Set up\nno line end\nDone\ntwo\nThe machine was lost\n");
  });

  it("takes every append once, and tells a late writer where to go on", async () => {
    const stream = makeStream();
    await stream.open(1, "", 1);
    expect(await write(stream, 1, 0, "abc", carryOf("t"))).toEqual({
      accepted: true,
      raw: 3,
      carry: carryOf("t"),
    });
    expect(await write(stream, 1, 0, "abc")).toEqual({ accepted: false, raw: 3, carry: carryOf("t") });
    expect(await write(stream, 1, 5, "later")).toMatchObject({ accepted: false, raw: 3 });
    expect(
      await stream.append({ step: 1, fromRaw: 3, toRaw: 2, text: bytesOf("x"), carry: null, at: 1 }),
    ).toMatchObject({ accepted: false });
    expect(await readAll(stream)).toBe("abc");
  });

  it("keeps one whole copy when two writers send the same log in stretches of their own", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 25 }),
        async (turns) => {
          const stream = makeStream();
          await stream.open(1, "", 1);
          const source = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join("");
          const known = [0, 0];
          for (const [who, length] of [
            ...turns,
            [0, source.length] as const,
            [1, source.length] as const,
            [0, source.length] as const,
          ]) {
            const from = known[who] ?? 0;
            known[who] = (await write(stream, 1, from, source.slice(from, from + length))).raw;
          }
          expect(await readAll(stream, 0, 7)).toBe(source);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("opens, closes and ends once, whoever calls again", async () => {
    const stream = makeStream();
    await stream.open(1, "head", 1);
    await write(stream, 1, 0, "a\n");
    expect(await stream.open(1, "other head", 2)).toMatchObject({ raw: 2, closed: false, logFrom: 0 });
    await stream.close(1, "foot", 3);
    await stream.close(1, "foot", 3);
    expect(await write(stream, 1, 2, "late")).toMatchObject({ accepted: false, raw: 2 });
    await stream.end(4);
    await stream.end(5);
    await stream.note("late", "late", 5);
    expect(await readAll(stream)).toBe("head\na\nfoot\n");
    expect(await stream.segment(1)).toEqual({ raw: 2, carry: null, closed: true, logFrom: 0 });
  });

  it("refuses a step that was not opened", async () => {
    const stream = makeStream();
    await runInDurableObject(stream, (log) => {
      if (!(log instanceof LogStream)) throw new TypeError("The binding is of another class.");
      expect(() => log.append({ step: 7, fromRaw: 0, toRaw: 1, text: bytesOf("a"), carry: null, at: 1 })).toThrow(
        "Step 7 was not opened.",
      );
      expect(() => log.close(7, "", 1)).toThrow("Step 7 was not opened.");
      expect(() => log.archive()).toThrow("after its end");
    });
    expect(await stream.segment(7)).toBeNull();
  });

  it("wakes a reader that waits when bytes come, when it ends and when it is emptied", async () => {
    const stream = makeStream();
    await stream.open(1, "", 1);
    const bytes = stream.read(0, 100, 30_000);
    await write(stream, 1, 0, "news");
    expect(textOf((await bytes).bytes)).toBe("news");
    const end = stream.read(4, 100, 30_000);
    await stream.end(2);
    expect(await end).toMatchObject({ ended: true, next: 4, size: 4 });
  });

  it("answers a reader in time when there is no news", async () => {
    const stream = makeStream();
    await stream.open(1, "", 1);
    expect(await stream.read(0, 100, 20)).toEqual({
      bytes: new Uint8Array(),
      from: 0,
      next: 0,
      size: 0,
      ended: false,
      cut: 0,
    });
  });

  it("loses nothing when it is evicted between two appends", async () => {
    const stream = makeStream();
    await stream.open(1, "head", 1, { maxBytes: 4096 });
    for (let i = 0; i < 40; i++) {
      const { raw } = (await stream.segment(1)) ?? { raw: -1 };
      expect(await write(stream, 1, raw, `line ${i}\n`, carryOf(`${i}`))).toMatchObject({ accepted: true });
      if (i % 8 === 0) await evictDurableObject(stream);
    }
    expect(await readAll(stream)).toBe(`head\n${Array.from({ length: 40 }, (_, i) => `line ${i}\n`).join("")}`);
    expect((await stream.segment(1))?.carry).toEqual(carryOf("39"));
  });

  it("gives the last lines of a step, or of all", async () => {
    const stream = makeStream();
    await stream.open(1, "one", 1);
    await write(stream, 1, 0, Array.from({ length: 5000 }, (_, i) => `é ${i}\n`).join(""));
    await stream.open(2, "", 2);
    await write(stream, 2, 0, "two\nunfinished");
    expect(await stream.lastLines(1, 2)).toBe("é 4998\né 4999\n");
    expect(await stream.lastLines(2, 10)).toBe("two\nunfinished\n");
    expect(await stream.lastLines(null, 3)).toBe("é 4999\ntwo\nunfinished\n");
    expect(await stream.lastLines(3, 3)).toBe("");
    expect(await stream.lastLines(1, 0)).toBe("");
    const lines = (await stream.lastLines(1, 100_000)).split("\n");
    expect(lines.at(-2)).toBe("é 4999");
  });

  it("puts a chatty log into few rows, and a long append into rows that fit", async () => {
    const stream = makeStream();
    await stream.open(1, "", 1);
    let raw = 0;
    for (let i = 0; i < 300; i++) raw = (await write(stream, 1, raw, `${"x".repeat(499)}\n`)).raw;
    const long = "ü".repeat(700_001);
    await write(stream, 1, raw, long);
    await runInDurableObject(stream, (_, { storage }) => {
      const [row] = storage.sql
        .exec<{ n: number; max: number }>("SELECT count(*) AS n, max(length(bytes)) AS max FROM chunks")
        .toArray();
      expect(row?.n).toBeLessThanOrEqual(3 + 3);
      expect(row?.max).toBeLessThanOrEqual(1_000_000);
    });
    expect((await readAll(stream)).endsWith(long)).toBe(true);
  });
});
