import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stripAnsi, toHtml, toHtmlLines } from "../../../src/logs/ansi.ts";

const ESC = "\u001b";
const rel = 'rel="nofollow noopener noreferrer"';

/** The only markup that may come out. */
const ALLOWED =
  /<span class="[a-z0-9 -]+">|<\/span>|<a href="https?:\/\/[^"<>]*" rel="nofollow noopener noreferrer">|<\/a>/gi;

describe("log text as HTML", () => {
  it.each([
    ["plain & <b>", "plain &#38; &#60;b&#62;"],
    [`${ESC}[31mred${ESC}[0m x`, '<span class="ansi-fg-1">red</span> x'],
    [
      `${ESC}[1;4;91;44mb${ESC}[22;39mc${ESC}[md`,
      '<span class="ansi-bold ansi-underline ansi-fg-9 ansi-bg-4">b</span><span class="ansi-underline ansi-bg-4">c</span>d',
    ],
    [
      `${ESC}[38;5;196mr${ESC}[48;2;0;0;230mb`,
      '<span class="ansi-fg-9">r</span><span class="ansi-fg-9 ansi-bg-4">b</span>',
    ],
    [
      `${ESC}[38:2::255:255:255mw${ESC}[4:3mu${ESC}[4:0mn`,
      '<span class="ansi-fg-15">w</span><span class="ansi-underline ansi-fg-15">u</span><span class="ansi-fg-15">n</span>',
    ],
    [`${ESC}[38;5m${ESC}[38m${ESC}[999m${ESC}[38;5;999mx`, '<span class="ansi-fg-15">x</span>'],
    [
      `see https://a.example/b?c=1&d='. Or (http://e.example).`,
      `see <a href="https://a.example/b?c=1&#38;d=" ${rel}>https://a.example/b?c=1&#38;d=</a>&#39;. Or (<a href="http://e.example" ${rel}>http://e.example</a>).`,
    ],
    [`${ESC}]8;;https://a.example/${ESC}\\text${ESC}]8;;${ESC}\\ x`, `<a href="https://a.example/" ${rel}>text</a> x`],
  ])("shows %j", (text, html) => {
    expect(toHtml(text)).toBe(html);
  });

  it("keeps each line complete in itself, the colour going on", () => {
    expect(toHtmlLines(`${ESC}[32ma\nb${ESC}[0m\nc`)).toEqual([
      '<span class="ansi-fg-2">a</span>',
      '<span class="ansi-fg-2">b</span>',
      "c",
    ]);
  });

  it.each([
    `${ESC}[31m<img src=x onerror=alert(1)>`,
    `${ESC}]8;;javascript:alert(1)\u0007x${ESC}]8;;\u0007`,
    `${ESC}]8;;https://a.example/" onmouseover="alert(1)\u0007x${ESC}]8;;\u0007`,
    `${ESC}]8;;data:text/html,<script>\u0007x${ESC}]8;;\u0007`,
    `${ESC}]0;<script>alert(1)</script>\u0007x`,
    `${ESC}P<script>${ESC}\\x`,
    `\u009b31m<script>`,
    `<scr\u0000ipt>`,
    `${ESC}[<img src=x>m`,
    `${ESC}[31"><script>m`,
    `https://a.example/"onmouseover=alert(1)`,
    `https://a.example/'<script>`,
    `a\r<script>\b\b<b`,
    `${ESC}]8;;https://x${ESC}]8;;javascript:1\u0007y`,
  ])("has no markup of the log's own: %j", (text) => {
    expect(toHtml(text).replaceAll(ALLOWED, "")).not.toMatch(/[<>"']/);
    expect(toHtml(text)).not.toMatch(/href="(?!https?:)/i);
  });

  it("has no markup of the log's own, whatever comes", () => {
    const part = fc.oneof(
      fc.constantFrom(
        ESC,
        "[",
        "]",
        "8;;",
        "http://",
        "https://a",
        "javascript:",
        "\u0007",
        "\\",
        "m",
        "31",
        ";",
        "\r",
        "\b",
        "\n",
        "<",
        ">",
        '"',
        "'",
        "&",
        "K",
        "\u009b",
        "P",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const html = toHtml(parts.join(""));
        expect(html.replaceAll(ALLOWED, "")).not.toMatch(/[<>"']/);
        expect(html.split("<span").length).toBe(html.split("</span>").length);
        expect(html.split("<a ").length).toBe(html.split("</a>").length);
        // oxlint-disable-next-line no-control-regex -- none of them may be left
        expect(stripAnsi(parts.join(""))).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("log text without sequences", () => {
  it.each([
    ["a\r\nb", "a\nb"],
    ["10%\r50%\r100%", "100%"],
    ["long line\rshort", "shortline"],
    [`long line\r${ESC}[Kshort`, "short"],
    [`long line${ESC}[2K\rshort`, "short"],
    [`abc${ESC}[1K|`, "   |"],
    ["ab\b\bX", "Xb"],
    [`abc${ESC}[1GX${ESC}[3GY`, "XbY"],
    [`a${ESC}[3Cb${ESC}[2Dc`, "a  cb"],
    [`x\r${ESC}[999999999Cy`, `x${" ".repeat(999)}y`],
    [`a${ESC}[2Jb${ESC}[Hc${ESC}[?25ld`, "abcd"],
    [`${ESC}]0;title\u0007a${ESC}Pdata${ESC}\\b${ESC}(Bc`, "abc"],
    [`${ESC}]0;no end\na`, "\na"],
    ["\u202egnp.exe", "\ufffdgnp.exe"],
    ["tab\tkept \u0000\u0007", "tab\tkept "],
    ["", ""],
  ])("of %j is %j", (text, plain) => {
    expect(stripAnsi(text)).toBe(plain);
  });

  it("folds a progress bar of many states in time that grows with its length only", () => {
    const bar = Array.from(
      { length: 20_000 },
      (_, i) => `\r${ESC}[32m${"#".repeat(i % 50)}${ESC}[0m ${i}${ESC}[K`,
    ).join("");
    expect(stripAnsi(bar)).toBe(`${"#".repeat(19_999 % 50)} 19999`);
  });
});
