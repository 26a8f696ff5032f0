import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { archivedOffset, storedOffset } from "../../../src/logs/archive.ts";
import { bytesOf, textOf } from "../../../src/logs/bytes.ts";
import { cutNotice } from "../../../src/logs/stream.ts";
import { archiveOf, makeStream, write } from "./streams.ts";

describe("a log that is too long", () => {
  it("keeps its first and its last half, at stable offsets, and says what is missing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 900 }), { maxLength: 60 }),
        fc.integer({ min: 2000, max: 9000 }),
        async (texts, maxBytes) => {
          const stream = makeStream();
          await stream.open(1, "", 1, { maxBytes });
          let raw = 0;
          for (const text of texts) raw = (await write(stream, 1, raw, text)).raw;
          const source = bytesOf(texts.join(""));
          let at = 0;
          let kept = 0;
          let cut = 0;
          for (;;) {
            const result = await stream.read(at, 300, 0);
            expect(result.size).toBe(source.length);
            cut += result.cut;
            if (result.bytes.length === 0) break;
            expect(textOf(result.bytes, "hex")).toBe(textOf(source.subarray(result.from, result.next), "hex"));
            kept += result.bytes.length;
            at = result.next;
          }
          expect(kept + cut).toBe(source.length);
          expect(kept).toBeLessThanOrEqual(maxBytes);
          if (source.length <= maxBytes / 2) expect(cut).toBe(0);
          if (cut > 0) expect(kept).toBeGreaterThan(maxBytes / 2);

          const { index, bytes, text } = await archiveOf(stream);
          expect(bytes.length).toBe(index.bytes);
          expect(text).not.toContain("\ufffd");
          if (cut > 0) expect(text).toContain(cutNotice(cut, { midLine: false }));
          // A reader that goes on in the archive where it stopped live sees the same bytes.
          for (const offset of [0, 1, index.cut?.from ?? 0, index.cut?.to ?? 0, source.length]) {
            const rest = bytes.subarray(archivedOffset(index, offset));
            const end = offset < (index.cut?.from ?? 0) ? (index.cut?.from ?? 0) : source.length;
            if (offset === index.cut?.from || offset > source.length) continue;
            expect(textOf(rest.subarray(0, end - offset), "hex")).toBe(textOf(source.subarray(offset, end), "hex"));
            expect(storedOffset(index, archivedOffset(index, offset))).toBe(offset);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("tells a slow reader what it has missed", async () => {
    const stream = makeStream();
    await stream.open(1, "", 1, { maxBytes: 8192 });
    const line = `${"y".repeat(99)}\n`;
    let raw = 0;
    for (let i = 0; i < 50; i++) raw = (await write(stream, 1, raw, line)).raw;
    const { next } = await stream.read(0, 4200, 0);
    for (let i = 0; i < 100; i++) raw = (await write(stream, 1, raw, line)).raw;
    const later = await stream.read(next, 100_000, 0);
    expect(later.cut).toBeGreaterThan(0);
    expect(later.from).toBe(next + later.cut);
    expect(later.next).toBe(15_000);
  });
});

describe("an archive", () => {
  it("is the log with times and steps, fit for R2", async () => {
    const stream = makeStream();
    await stream.open(1, "one", 10);
    await write(stream, 1, 0, "a\n");
    await stream.close(1, "", 20);
    await stream.open(2, "two", 30);
    await write(stream, 2, 0, "b".repeat(200_000));
    await stream.end(40);
    const { index, body } = await stream.archive();
    const put = await env.STORE.put("log.txt", body.pipeThrough(new FixedLengthStream(index.bytes)));
    expect(put?.size).toBe(index.bytes);
    expect(await (await env.STORE.get("log.txt"))?.text()).toBe(`one\na\ntwo\n${"b".repeat(200_000)}`);
    expect(index).toMatchObject({ version: 1, size: index.bytes, cut: null });
    expect(index.steps).toEqual([
      { step: 1, offset: 0, at: 10 },
      { step: 2, offset: 6, at: 30 },
    ]);
    expect(index.chunks.slice(0, 3)).toEqual([
      { step: 1, offset: 0, at: 10, line: 0 },
      { step: 1, offset: 4, at: 1000, line: 1 },
      { step: 2, offset: 6, at: 30, line: 2 },
    ]);
  });

  it("of an empty log is empty", async () => {
    expect(await archiveOf(makeStream())).toMatchObject({ index: { bytes: 0, steps: [], chunks: [] }, text: "" });
  });

  it("done, the stream is emptied and stores nothing, and late readers are told that it ended", async () => {
    const stream = makeStream();
    await stream.open(1, "one", 10);
    await stream.end(20);
    await stream.empty();
    expect(await stream.read(4, 100, 30_000)).toMatchObject({ ended: true, size: 0 });
    expect(await stream.size()).toBe(0);
    expect(await stream.lastLines(null, 5)).toBe("");
    await runInDurableObject(stream, (_, { storage }) => {
      expect(
        storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
      ).toEqual([]);
    });
  });
});
