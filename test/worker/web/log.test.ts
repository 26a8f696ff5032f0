import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LogWindow, SearchAnswer } from "../../../src/logs/wire.ts";
import { archiveLog, ask, numbered, read, rows, seedLog, visit, writeLog } from "./log-seed.ts";
import { migrate, seedRepository } from "./support.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
});
beforeEach(() => {
  env.PAGES = "open";
});

describe("a window of a log", () => {
  it("has the same lines under the same numbers, live and archived", async () => {
    const log = await seedLog();
    await writeLog(log, numbered(20_000));
    await writeLog(log, "of step 2\nno end", 2);
    for (const isArchived of [false, true]) {
      if (isArchived) await archiveLog(log);
      const middle = await rows(log, { from: "12345", count: "3" });
      expect(read(middle.parts)).toEqual([
        [12_345, "line 12345"],
        [12_346, "line 12346"],
        [12_347, "line 12347"],
      ]);
      expect(middle).toMatchObject({ first: 12_345, last: 12_347, cursor: null });
      const end = await rows(log, { count: "3" });
      expect(read(end.parts)).toEqual([
        [20_000, "line 20000"],
        [20_001, "of step 2"],
        [20_002, "no end"],
      ]);
      expect(end).toMatchObject({ first: 20_000, last: 20_002, total: 20_002 });
      expect(end.parts.map(({ step }) => step)).toEqual([1, 2]);
      expect(end.cursor === null).toBe(isArchived);
      expect((await rows(log, { from: "30000" })).parts).toEqual([]);
    }
  });

  it("counts the lines that were cut from its middle", async () => {
    const log = await seedLog(200_000);
    for (let at = 0; at < 40; at++) {
      await writeLog(log, Array.from({ length: 1000 }, (_, n) => `line ${at * 1000 + n + 1}\n`).join(""));
    }
    for (const isArchived of [false, true]) {
      if (isArchived) await archiveLog(log);
      const end = await rows(log, { count: "2" });
      expect(read(end.parts)).toEqual([
        [39_999, "line 39999"],
        [40_000, "line 40000"],
      ]);
      const all = read((await rows(log, { from: "1", count: "5000" })).parts);
      expect(all.length).toBeGreaterThan(4000);
      for (const [number, text] of all) expect(text).toBe(`line ${number}`);
      const found = await ask<SearchAnswer>(log, "hits", { q: "line 39999" });
      expect(found).toMatchObject({ count: 1, numbers: [39_999] });
    }
  });

  it("is the same however the log was written", async () => {
    const line = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom("##[group]g", "##[endgroup]", "ünï\u001b[31mred", ""),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 50 }),
        async (lines, size) => {
          const text = lines.map((one) => one.replaceAll(/[\n\r\b]/g, "")).join("\n");
          const whole = await seedLog();
          await writeLog(whole, `${text}\n`);
          const pieces = await seedLog();
          for (let at = 0; at <= text.length; at += size) await writeLog(pieces, `${text}\n`.slice(at, at + size));
          const plain = (window: LogWindow) => read(window.parts);
          expect(plain(await rows(pieces, { from: "2", count: "20" }))).toEqual(
            plain(await rows(whole, { from: "2", count: "20" })),
          );
        },
      ),
      { numRuns: 10 },
    );
  });

  it("folds groups, marks errors, and shows progress and cursor moves in their final state", async () => {
    const log = await seedLog();
    await writeLog(log, "##[group]Run make\nbuilding\n##[endgroup]\n10%\r50%\r100%\n##[error]it broke\n");
    await writeLog(log, "a: pulling\nb: pulling\n\u001b[2A\u001b[2Ka: done\n\u001b[2Kb: done\nend\n");
    const { parts } = await rows(log);
    expect(parts[0]?.html).toContain(
      '<div class="gw"><a href="#L1">1</a><details class="g"><summary><div class="l" id="L1">',
    );
    expect(parts[0]?.html).toContain('<div class="l error" id="L5">');
    expect(parts[0]?.errors).toEqual([5]);
    expect(read(parts)).toEqual([
      [1, "Run make"],
      [2, "building"],
      [4, "100%"],
      [5, "it broke"],
      [6, "a: done"],
      [7, "b: done"],
      // It stands on the row that line 8 began on, before it went up.
      [8, "end"],
    ]);
  });

  it("tells when each line came", async () => {
    const log = await seedLog();
    await writeLog(log, "one\n");
    log.at += 70_000;
    await writeLog(log, "two\n");
    const { parts } = await rows(log);
    expect(
      [...(parts[0]?.html ?? "").matchAll(/<time datetime="([^"]+)" title="[^"]+">([^<]+)</g)].map((one) =>
        one.slice(1),
      ),
    ).toEqual([
      ["1970-01-01T00:00:02.000Z", "1.0s"],
      ["1970-01-01T00:01:13.000Z", "1:12.0"],
    ]);
  });

  it("gives hostile lines no more than their letters", async () => {
    const log = await seedLog();
    const ESC = "\u001b";
    const vectors = [
      "<script>alert(1)</script>",
      `${ESC}[31m<img src=x onerror=alert(1)>`,
      `${ESC}]8;;javascript:alert(1)\u0007x${ESC}]8;;\u0007`,
      `${ESC}]8;;https://a.example/" onmouseover="alert(1)\u0007x${ESC}]8;;\u0007`,
      `${ESC}]0;<script>alert(1)</script>\u0007title`,
      `${ESC}P<script>alert(1)</script>${ESC}\\dcs`,
      "\u009b31m<script>",
      "<scr\u0000ipt>",
      "a\u202egnp.exe",
      `${ESC}[<img src=x>m`,
      "##[error]</code></div><script>alert(1)</script>",
      "##[group]</summary><script>alert(1)</script>",
      `a\n${ESC}[1A<script>`,
    ];
    await writeLog(log, `${vectors.join("\n")}\n`);
    const { parts } = await rows(log);
    const html = parts.map((part) => part.inside + part.html).join("");
    const rest = html.replaceAll(
      /<(\/?)(div|details|summary|code|span|time|a)((?: (class|id|href|rel|datetime|title|open)(="[^"<>]*")?)*)>/g,
      "",
    );
    expect(rest).not.toMatch(/[<>"']/);
    expect(html).not.toMatch(/href="(?!#L\d|https?:)/);
    expect(html).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });
});

describe("a log on a page", () => {
  it("is complete without a script: rows, search with jumps, and links to what lies before and behind", async () => {
    const log = await seedLog();
    await writeLog(log, numbered(12_000));
    await archiveLog(log);
    const text = async (query: string) => await (await visit(`${log.path}${query}`)).text();
    const page = await text("");
    expect(page).toContain('<div class="l" id="L12000">');
    expect(page).not.toContain('id="L7000"');
    expect(page).toContain(`href="${log.path}?from=2001"`);
    expect(await text("?from=2001")).toContain('id="L2001"');
    expect(await text("?from=2001")).toContain(`href="${log.path}?from=7001"`);
    const found = await text("?q=LINE+345");
    expect(found).toMatch(/<strong>11 lines<\/strong>/);
    expect(found).toContain(`href="${log.path}?from=3250&amp;q=LINE+345#L3450"`);
    expect(await text("?q=LINE+345&case=1")).toMatch(/<strong>0 lines<\/strong>/);
    expect(await text("?q=%3Cscript%3E")).not.toContain("<script>");
  });

  it("is saved as it is and compressed", async () => {
    const log = await seedLog();
    await writeLog(log, numbered(100));
    await archiveLog(log);
    const plain = await visit(`${log.path}/log?attempt=1&download=text`);
    expect(plain.headers.get("content-disposition")).toMatch(/^attachment; filename="log-[a-z0-9-]+\.txt"$/);
    expect(await plain.text()).toBe(numbered(100));
    const packed = await visit(`${log.path}/log?attempt=1&download=gzip`);
    expect(packed.headers.get("content-type")).toBe("application/gzip");
    const body = packed.body?.pipeThrough(new DecompressionStream("gzip"));
    expect(await new Response(body).text()).toBe(numbered(100));
  });

  it("is searched as it is shown: through colours, not in sequences, nor in what was written over", async () => {
    const log = await seedLog();
    await writeLog(log, "\u001b[31mer\u001b[0mror one\n\u001b[31mtwo\ngone\rkept\nüBER Error\n");
    const hits = async (q: string, matchCase = "0") =>
      (await ask<SearchAnswer>(log, "hits", { q, case: matchCase })).numbers;
    expect(await hits("error")).toEqual([1, 4]);
    expect(await hits("error", "1")).toEqual([1]);
    expect(await hits("31m")).toEqual([]);
    expect(await hits("gone")).toEqual([]);
    expect(await hits("Über")).toEqual([4]);
  });
});
