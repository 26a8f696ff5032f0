/** Log text as a page or a plain text shows it: colours as classes, every other terminal sequence gone, each line in its final state. */

import { FIRST_PEN, type Pen, withColours } from "./pen.ts";

/** Without any sequence; what was overwritten on a line (by CR, BS, moves within it) is gone too. */
export function stripAnsi(text: string): string {
  return drawLines(text, (runs) => runs.map((run) => run.text).join("")).join("\n");
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
  return drawLines(text, (runs) => runs.map(runToHtml).join(""));
}

function escapeHtml(text: string): string {
  return /[&<>"']/.test(text) ? text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`) : text;
}

/** Text in one look. */
interface Run {
  text: string;
  pen: Pen;
}

/**
 * Everything that is no text. First terminal sequences (CSI with parameters and final byte, OSC with its command, other strings, each up
 * to its end or the line's, and the rest), then control characters, then marks that turn the direction of text: those could make a
 * line read as another one.
 */
const SEQUENCE = new RegExp(
  [
    String.raw`(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])`,
    String.raw`(?:\x1b\]|\x9d)([^\x07\x1b\x9c\n]*)(?:\x07|\x1b\\|\x9c|(?=[\n\x1b])|$)`,
    String.raw`(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n]*(?:\x1b\\|\x9c|(?=[\n\x1b])|$)`,
    String.raw`\x1b[ -/]*[0-~]?`,
    String.raw`[\x00-\x08\x0b-\x1f\x7f-\x9f]`,
    String.raw`[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]`,
  ].join("|"),
  "g",
);

/** A line in which something may be overwritten is drawn cell by cell. */
const OVERWRITES = /[\r\b]|(?:\x1b\[|\x9b)[0-9;]*[CDGKPX]/;

/** Draws line by line, so that only what `show` makes of a line is kept. */
function drawLines(text: string, show: (runs: Run[]) => string): string[] {
  let pen = FIRST_PEN;
  return text.split("\n").map((ended) => {
    const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
    const canvas = OVERWRITES.test(line) ? new Cells() : new Runs();
    let at = 0;
    SEQUENCE.lastIndex = 0;
    for (let match = SEQUENCE.exec(line); match; match = SEQUENCE.exec(line)) {
      canvas.put(line.slice(at, match.index), pen);
      at = SEQUENCE.lastIndex;
      pen = follow(match, canvas, pen);
    }
    canvas.put(line.slice(at), pen);
    return show(canvas.runs());
  });
}

/** Does what a sequence says, as far as a line of a page can; the pen from there on. */
function follow(sequence: RegExpExecArray, canvas: Canvas, pen: Pen): Pen {
  const [whole, parameters = "", final, command] = sequence;
  if (final === "m") return withColours(pen, parameters);
  if (final) moveOrErase(final, parameters, canvas);
  else if (command?.startsWith("8;")) return { ...pen, href: linkTarget(command.replace(/^8;[^;]*;/, "")) };
  else if (whole === "\r") canvas.moveTo(0);
  else if (whole === "\b") canvas.moveBy(-1);
  else if (whole > "\u00ff") canvas.put("\ufffd", pen);
  return pen;
}

function moveOrErase(final: string, parameters: string, canvas: Canvas): void {
  const count = Math.min(Number.parseInt(parameters, 10) || 0, MAX_COLUMNS);
  if (final === "G") canvas.moveTo(Math.max(count, 1) - 1);
  else if (final === "C") canvas.moveBy(Math.max(count, 1));
  else if (final === "D") canvas.moveBy(-Math.max(count, 1));
  else if (final === "K") canvas.erase(count);
}

interface Canvas {
  put(text: string, pen: Pen): void;
  moveTo(column: number): void;
  moveBy(columns: number): void;
  /** CSI K: 0 from the cursor on, 1 up to it, 2 the whole line. */
  erase(part: number): void;
  runs(): Run[];
}

/** A line in which text only follows text. */
class Runs implements Canvas {
  readonly #runs: Run[] = [];
  put(text: string, pen: Pen): void {
    if (text === "") return;
    const last = this.#runs.at(-1);
    if (last && last.pen.classes === pen.classes && last.pen.href === pen.href) last.text += text;
    else this.#runs.push({ text, pen });
  }
  moveTo(): void {}
  moveBy(): void {}
  erase(): void {}
  runs(): Run[] {
    return this.#runs;
  }
}

/** Farther to the right than any line that is overwritten. */
const MAX_COLUMNS = 1000;

/** A line of a terminal without a right edge. A wide character takes one cell. */
class Cells implements Canvas {
  readonly #cells: Run[] = [];
  #column = 0;

  put(text: string, pen: Pen): void {
    for (const character of text) {
      while (this.#cells.length < this.#column) this.#cells.push(blank());
      this.#cells[this.#column++] = { text: character, pen };
    }
  }

  moveTo(column: number): void {
    this.#column = Math.max(0, Math.min(column, Math.max(this.#cells.length, MAX_COLUMNS)));
  }

  moveBy(columns: number): void {
    this.moveTo(this.#column + columns);
  }

  erase(part: number): void {
    if (part === 0) this.#cells.length = Math.min(this.#cells.length, this.#column);
    else if (part === 2) this.#cells.length = 0;
    else for (let i = 0; i <= this.#column && i < this.#cells.length; i++) this.#cells[i] = blank();
  }

  runs(): Run[] {
    const runs = new Runs();
    for (const { text, pen } of this.#cells) runs.put(text, pen);
    return runs.runs();
  }
}

function blank(): Run {
  return { text: " ", pen: FIRST_PEN };
}

/** Only the web is linked to. */
function linkTarget(text: string): string | null {
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? text : null;
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
