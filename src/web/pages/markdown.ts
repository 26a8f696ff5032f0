/** A job's summary on its page: Markdown of strangers as HTML that can't do anything. */

import MarkdownIt from "markdown-it";
import type { MarkdownIt as Markdown, StateCore, Token } from "markdown-it";
import { MAX_RENDERED_SUMMARY_CHARS } from "../../model/limits.ts";

/**
 * GitHub's Markdown with tables and strikethrough. HTML is shown as text, links lead to http(s) and mailto alone, and an image is a
 * link to it: the page's policy loads nothing of others. What is too long to be laid out is shown as it was written.
 */
export function renderSummary(markdown: string): string {
  return markdown.length > MAX_RENDERED_SUMMARY_CHARS
    ? `<pre>${renderer.utils.escapeHtml(markdown)}</pre>\n`
    : renderer.render(markdown);
}

const renderer = makeRenderer();

function makeRenderer(): Markdown {
  const markdown = new MarkdownIt("default", { html: false, linkify: true });
  markdown.validateLink = leadsOut;
  // A file's name is no link, though its ending is a country's.
  markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  markdown.core.ruler.push("image_to_link", replaceImages);
  markdown.core.ruler.push("cell_alignment", alignCells);
  markdown.renderer.rules["link_open"] = (tokens, index, options, _env, self) => {
    tokens[index]?.attrSet("rel", "nofollow noopener noreferrer");
    return self.renderToken(tokens, index, options);
  };
  return markdown;
}

const SCHEMES = ["http:", "https:", "mailto:"];

/** A path would lead into Sandlot's own pages. */
function leadsOut(url: string): boolean {
  return URL.canParse(url) && SCHEMES.includes(new URL(url).protocol);
}

function replaceImages({ tokens, Token: Made }: StateCore): void {
  for (const block of tokens) {
    if (!block.children?.some(({ type }) => type === "image")) continue;
    let links = 0;
    block.children = block.children.flatMap((token): Token[] => {
      links += token.nesting * Number(token.type.startsWith("link_"));
      return token.type === "image" ? imageLink(token, Made, links > 0) : [token];
    });
  }
}

/** The page's policy allows no `style`. */
function alignCells({ tokens }: StateCore): void {
  for (const cell of tokens) {
    const align = /^text-align:(\w+)$/.exec(String(cell.attrGet("style") ?? ""))?.[1];
    if (align !== undefined) cell.attrs = [["align", align]];
  }
}

/** A link can't stand in a link: there the image is its words alone. */
function imageLink(image: Token, Made: typeof Token, inLink: boolean): Token[] {
  const words = new Made("text", "", 0);
  const url = String(image.attrGet("src") ?? "");
  words.content = image.content || url;
  if (inLink || !leadsOut(url)) return [words];
  const open = new Made("link_open", "a", 1);
  open.attrSet("href", url);
  return [open, words, new Made("link_close", "a", -1)];
}
