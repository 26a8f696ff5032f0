/** Finds a text in a whole log, piece by piece: which lines hold it, and how many. */

import { Buffer } from "node:buffer";
import { stripAnsi } from "../../logs/ansi.ts";
import type { SearchAnswer } from "../../logs/wire.ts";

export interface Sought {
  text: string;
  matchCase: boolean;
}

/** Of more lines than this only the first ones are told apart. */
const MAX_NUMBERS = 10_000;
const MAX_LINES = 200;
const MAX_LINE_CHARS = 300;
const NEWLINE = 10;
const ESCAPE = 0x1b;
/** What a line may hold without its text being another: colours, and weights. */
const COLOURS = /\x1b\[[0-9;:]*m/g;

/** Takes the log's bytes in order; a line may come in parts. */
export class LogSearch {
  readonly #sought: Sought;
  readonly #needle: string;
  readonly #answer: SearchAnswer = { count: 0, numbers: [], lines: [] };
  #rest: Uint8Array = new Uint8Array();
  /** Line ends before `#rest`. */
  #line: number;

  constructor(sought: Sought, line = 0) {
    this.#sought = sought;
    this.#needle = sought.matchCase ? sought.text : sought.text.toLowerCase();
    this.#line = line;
  }

  add(bytes: Uint8Array): void {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      return;
    }
    this.#search(
      this.#rest.length === 0 ? bytes.subarray(0, end) : Buffer.concat([this.#rest, bytes.subarray(0, end)]),
    );
    this.#rest = bytes.slice(end);
  }

  /** The next byte belongs to this line: what lies between was cut. */
  skipTo(line: number): void {
    this.end();
    this.#line = line;
  }

  end(): SearchAnswer {
    if (this.#rest.length > 0) this.#search(this.#rest);
    this.#rest = new Uint8Array();
    return this.#answer;
  }

  #search(bytes: Uint8Array): void {
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
    const text = bytes.includes(ESCAPE) ? raw.replaceAll(COLOURS, "") : raw;
    const searched = this.#sought.matchCase ? text : text.toLowerCase();
    // A few characters change their length with their case: then positions are told by the lower text alone.
    const shown = searched.length === text.length ? text : searched;
    let counted = 0;
    for (let at = searched.indexOf(this.#needle); at !== -1;) {
      const start = searched.lastIndexOf("\n", at - 1) + 1;
      const next = searched.indexOf("\n", at);
      const end = next === -1 ? searched.length : next;
      this.#line += linesBetween(searched, counted, start);
      counted = start;
      this.#note(shown.slice(start, end));
      at = next === -1 ? -1 : searched.indexOf(this.#needle, end + 1);
    }
    this.#line += linesBetween(searched, counted, searched.length);
  }

  /** What a terminal shows of the line decides: the text may stand in a sequence, or be written over. */
  #note(line: string): void {
    const text = stripAnsi(line);
    const found = this.#sought.matchCase ? text : text.toLowerCase();
    if (!found.includes(this.#needle)) return;
    const { numbers, lines } = this.#answer;
    this.#answer.count++;
    if (numbers.length < MAX_NUMBERS) numbers.push(this.#line + 1);
    if (lines.length < MAX_LINES)
      lines.push({ number: this.#line + 1, text: excerpt(text, found.indexOf(this.#needle)) });
  }
}

function linesBetween(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function excerpt(text: string, at: number): string {
  const from = Math.max(0, at - MAX_LINE_CHARS / 3);
  const part = text.slice(from, from + MAX_LINE_CHARS);
  return `${from > 0 ? "…" : ""}${part}${from + MAX_LINE_CHARS < text.length ? "…" : ""}`;
}
