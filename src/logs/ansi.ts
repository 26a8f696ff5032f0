/** Log text as a page or a plain text shows it: colours as classes, every other terminal sequence gone, each line in its final state. */

import type { Run } from "./cells.ts";
import { drawApart, linkTarget } from "./screen.ts";

/** Without any sequence; what was overwritten on a line (by CR, BS, moves within it) is gone too. */
export function stripAnsi(text: string): string {
  return drawApart(text.split("\n"))
    .map(({ runs }) => runs.map((run) => run.text).join(""))
    .join("\n");
}

/** HTML of a text, fit for `<pre>`. */
export function toHtml(text: string): string {
  return toHtmlLines(text).join("\n");
}

/**
 * HTML of each line, complete in itself: `<span class="ansi-bold ansi-fg-1">` and `<a href rel>`, no other tag, no style, no script.
 * Colours are the sixteen of a terminal (`ansi-fg-0` to `-15`, `ansi-bg-…`); richer ones become the nearest of them.
 */
export function toHtmlLines(text: string): string[] {
  return drawApart(text.split("\n")).map(({ runs }) => runsToHtml(runs));
}

export function runsToHtml(runs: readonly Run[]): string {
  return runs.map(runToHtml).join("");
}

function escapeHtml(text: string): string {
  return /[&<>"']/.test(text) ? text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`) : text;
}

function runToHtml({ text, pen }: Run): string {
  const inner = pen.href === null ? linkAddresses(text) : link(pen.href, text);
  return pen.classes === "" ? inner : `<span class="${pen.classes}">${inner}</span>`;
}

/** Addresses are found in the text, before it is escaped; a closing bracket or a full stop after one is not part of it. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f]+[^\s<>"'`\u0000-\u001f.,;:!?)\]}]/gi;

function linkAddresses(text: string): string {
  if (!text.includes("://")) return escapeHtml(text);
  let html = "";
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const target = linkTarget(match[0]);
    if (target === null) continue;
    html += escapeHtml(text.slice(at, match.index)) + link(target, match[0]);
    at = match.index + match[0].length;
  }
  return html + escapeHtml(text.slice(at));
}

function link(target: string, text: string): string {
  return `<a href="${escapeHtml(target)}" rel="nofollow noopener noreferrer">${escapeHtml(text)}</a>`;
}
