/** A summary is laid out as Markdown, and whatever a stranger writes into one does nothing. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_RENDERED_SUMMARY_CHARS, MAX_SUMMARY_BYTES } from "../../../src/model/limits.ts";
import { renderSummary } from "../../../src/web/pages/markdown.ts";

const REL = 'rel="nofollow noopener noreferrer"';

describe("what people write", () => {
  it("headings, lists, emphasis and code are laid out", () => {
    expect(renderSummary("# Tests\n\n- **2** passed\n- ~~1~~ `skipped`\n\n```js\na < b\n```\n")).toBe(
      '<h1>Tests</h1>\n<ul>\n<li><strong>2</strong> passed</li>\n<li><s>1</s> <code>skipped</code></li>\n</ul>\n<pre><code class="language-js">a &lt; b\n</code></pre>\n',
    );
  });

  it("a table keeps its alignment without a style, which the page's policy forbids", () => {
    const html = renderSummary("| test | ms |\n| :-- | --: |\n| a | 12 |\n");
    expect(html).toContain('<th align="left">test</th>');
    expect(html).toContain('<td align="right">12</td>');
    expect(html).not.toContain("style");
  });

  it("links to http, https and mailto are links, written out or not", () => {
    expect(renderSummary("[a](https://a.test/x?y=1&z) [b](http://b.test) [c](mailto:c@c.test)")).toBe(
      `<p><a href="https://a.test/x?y=1&amp;z" ${REL}>a</a> <a href="http://b.test" ${REL}>b</a> <a href="mailto:c@c.test" ${REL}>c</a></p>\n`,
    );
    expect(renderSummary("see https://a.test/x.")).toContain(`<a href="https://a.test/x" ${REL}>https://a.test/x</a>.`);
    expect(renderSummary("<https://a.test>")).toContain(`<a href="https://a.test" ${REL}>`);
  });

  it("a file's name is no link", () => {
    expect(renderSummary("README.md and index.ts")).toBe("<p>README.md and index.ts</p>\n");
  });

  it("an image is a link to it, and its words alone within a link", () => {
    expect(renderSummary("![chart](https://a.test/c.png)")).toBe(
      `<p><a href="https://a.test/c.png" ${REL}>chart</a></p>\n`,
    );
    expect(renderSummary("![](https://a.test/c.png)")).toContain(">https://a.test/c.png</a>");
    expect(renderSummary("[![badge](https://a.test/b.svg)](https://a.test) ![x](https://a.test/x.png)")).toBe(
      `<p><a href="https://a.test" ${REL}>badge</a> <a href="https://a.test/x.png" ${REL}>x</a></p>\n`,
    );
  });
});

/** Every tag that may come out, with the attributes that it may have. */
const TAG =
  /<(?:\/?(?:p|h[1-6]|ul|li|blockquote|em|strong|s|table|thead|tbody|tr|pre|hr|br)|(?:ol(?: start="\d+")?|t[hd](?: align="\w+")?|code(?: class="[^"<>]*")?|a href="(?:https?:|mailto:)[^"<>]*"(?: title="[^"<>]*")? rel="nofollow noopener noreferrer")|\/(?:ol|t[hd]|code|a))>/gi;

/** What is left of the HTML when all harmless tags are taken away can't hold another one. */
function expectHarmless(html: string): void {
  expect(html.replaceAll(TAG, "")).not.toMatch(/[<>]/);
}

describe("what strangers write", () => {
  it.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="https://a.test" onclick="alert(1)">a</a>',
    "<svg/onload=alert(1)>",
    "<!-- a comment --> <![CDATA[ x ]]> <?php x ?>",
    "<details><summary>more</summary>\n\ntext\n\n</details>",
    "<style>body{display:none}</style>",
    "</pre></main><form action=//evil.test>",
  ])("HTML is shown as text: %s", (markdown) => {
    const html = renderSummary(markdown);
    expectHarmless(html);
    expect(html).toContain("&lt;");
  });

  it.each([
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java&#115;cript:alert(1))",
    "[a](<java\tscript:alert(1)>)",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "![a](data:image/svg+xml;base64,PHN2Zy8+)",
    "![a](data:image/png;base64,AAAA)",
    "[a](vbscript:x)",
    "[a](file:///etc/passwd)",
    "[a](//evil.test)",
    "[a](/builds/1)",
    "[a](#top)",
    "[a][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![a](/x.png)",
  ])("a link elsewhere is text: %s", (markdown) => {
    const html = renderSummary(markdown);
    expect(html).not.toContain("<a");
    expect(html).not.toContain("<img");
    expectHarmless(html);
  });

  it.each([
    '[a](https://a.test/"onmouseover="alert(1))',
    '[a](https://a.test "\\" onmouseover=\\"alert(1)")',
    '![" onerror="x](https://a.test/x.png)',
    '```"><script>\nx\n```',
    "https://a.test/<script>alert(1)</script>",
    "| a<script> |\n| :-: |\n| [x](https://a.test/?<b>) |",
  ])("nothing breaks out of an attribute: %s", (markdown) => {
    expectHarmless(renderSummary(markdown));
  });

  it("whatever is written, only harmless tags come out", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ..."[ ] ( ) ! < > \" ' ` * _ ~ | - # : / \\ & ; \n https:// javascript: data: <a <img src= onerror= style= --> &lt; &#60; [1]: mailto: "
          .split(" ")
          .concat(" ", "\n\n", "    ", "> ", "1. ", "|-|-|\n"),
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => expectHarmless(renderSummary(pieces.join("")))),
      { numRuns: 2000 },
    );
  });
});

describe("how much strangers write", () => {
  it.each(["[", "![", "](", "[a](", "<", "&", "*a ", "**a_", "> ", "- ", "`a``", "|a", "# a\n", "[a]: b\n[a] ", '"'])(
    "the longest that is laid out is bearable, repeated: %j",
    (piece) => {
      const markdown = piece.repeat(Math.floor(MAX_RENDERED_SUMMARY_CHARS / piece.length));
      expectHarmless(renderSummary(markdown));
    },
  );

  it("what is longer is shown as it was written", () => {
    expect(renderSummary("[<".repeat(MAX_SUMMARY_BYTES / 2))).toBe(
      `<pre>${"[&lt;".repeat(MAX_SUMMARY_BYTES / 2)}</pre>\n`,
    );
  });
});
