/** What a terminal shows of a log's lines: sequences carried out as far as a page can, each line in its final state. */

import { MAX_COLUMNS, Row, type Run } from "./cells.ts";
import { FIRST_PEN, type Pen, withColours } from "./pen.ts";

/**
 * Everything that is no text. First terminal sequences (CSI with parameters and final byte, OSC with its command, other strings, each up
 * to its end or the line's, and the rest), then control characters, then marks that turn the direction of text: those could make a
 * line read as another one.
 */
const SEQUENCE = new RegExp(
  [
    String.raw`(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])`,
    String.raw`(?:\x1b\]|\x9d)([^\x07\x1b\x9c\n]*)(?:\x07|\x1b\\|\x9c|(?=[\n\x1b])|$)`,
    String.raw`(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c|(?=[\n\x1b])|$)`,
    String.raw`\x1b[ -/]*[0-~]?`,
    String.raw`[\x00-\x08\x0b-\x1f\x7f-\x9f]`,
    String.raw`[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]`,
  ].join("|"),
  "g",
);

/** What leads to another line than the one that the text stands on. */
const VERTICAL = /(?:\x1b\[|\x9b)[0-9;]*[ABEFHJf]|\x1b[78M]/;

/** The cursor reaches so many lines up from the last one, as on a terminal of this height. */
const SCREEN_ROWS = 160;

/** A line as it is shown. */
export interface DrawnLine {
  /** Which of the given lines it began as. */
  index: number;
  /** The last of the given lines whose text starts on it: its mark is the row's. */
  last: number;
  runs: Run[];
}

export interface Drawing {
  lines: DrawnLine[];
  /** How many lines above the first one the cursor would have gone. */
  above: number;
}

function reachesUp(text: string): boolean {
  return VERTICAL.test(text);
}

/** Draws lines, given without their ends. One that is written over an earlier line has none of its own. */
export function drawScreen(lines: readonly string[]): Drawing {
  return lines.some(reachesUp) ? draw(lines, new Screen()) : { lines: drawApart(lines), above: 0 };
}

/** Each line for itself, whatever leads to another one left out. */
export function drawApart(lines: readonly string[]): DrawnLine[] {
  return draw(lines, new Apart()).lines;
}

function draw(lines: readonly string[], canvas: Canvas): Drawing {
  let pen = FIRST_PEN;
  lines.forEach((ended, index) => {
    const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
    canvas.startLine(index);
    let at = 0;
    SEQUENCE.lastIndex = 0;
    for (let match = SEQUENCE.exec(line); match; match = SEQUENCE.exec(line)) {
      canvas.row.put(line.slice(at, match.index), pen);
      at = SEQUENCE.lastIndex;
      pen = follow(match, canvas, pen);
    }
    canvas.row.put(line.slice(at), pen);
  });
  return { lines: canvas.drawn, above: canvas.above };
}

/** Does what a sequence says, as far as a page can; the pen from there on. */
function follow(sequence: RegExpExecArray, canvas: Canvas, pen: Pen): Pen {
  const [whole, parameters = "", final, command] = sequence;
  if (final === "m") return withColours(pen, parameters);
  if (final) {
    moveOrErase(final, parameters, canvas);
    canvas.moveAway(final, parameters);
  } else if (command?.startsWith("8;")) return { ...pen, href: linkTarget(command.replace(/^8;[^;]*;/, "")) };
  else if (whole === "\r") canvas.row.moveTo(0);
  else if (whole === "\b") canvas.row.moveTo(canvas.row.column - 1);
  else if (whole.length === 2) canvas.moveAway(whole, "");
  else if (whole > "\u00ff") canvas.row.put("\ufffd", pen);
  return pen;
}

function moveOrErase(final: string, parameters: string, { row }: Canvas): void {
  const count = countOf(parameters);
  if (final === "G") row.moveTo(Math.max(count, 1) - 1);
  else if (final === "C") row.moveTo(row.column + Math.max(count, 1));
  else if (final === "D") row.moveTo(row.column - Math.max(count, 1));
  else if (final === "K") row.erase(count);
}

function countOf(parameter = ""): number {
  return Math.min(Number.parseInt(parameter, 10) || 0, MAX_COLUMNS);
}

interface Canvas {
  /** Where the cursor is. */
  readonly row: Row;
  readonly drawn: DrawnLine[];
  readonly above: number;
  startLine(index: number): void;
  /** CSI A, B, E, F, H, f, J, and ESC 7, 8 and M. */
  moveAway(code: string, parameters: string): void;
}

/** Lines of which none leads to another one: only the runs are kept of a line that ended. */
class Apart implements Canvas {
  row = new Row();
  readonly above = 0;
  readonly #drawn: DrawnLine[] = [];
  #index = -1;

  get drawn(): DrawnLine[] {
    this.#end();
    return this.#drawn;
  }

  startLine(index: number): void {
    this.#end();
    this.row = new Row();
    this.#index = index;
  }

  moveAway(): void {}

  #end(): void {
    if (this.#index >= 0) this.#drawn.push({ index: this.#index, last: this.#index, runs: this.row.runs() });
    this.#index = -1;
  }
}

interface ScreenRow {
  row: Row;
  index: number;
  last: number;
}

/** A terminal without a right edge and with all that scrolled out. */
class Screen implements Canvas {
  above = 0;
  readonly #rows: ScreenRow[] = [];
  #at = -1;
  #index = 0;
  #saved = { at: 0, column: 0 };

  get row(): Row {
    return this.#current().row;
  }

  get drawn(): DrawnLine[] {
    return this.#rows.map(({ row, index, last }) => ({ index, last, runs: row.runs() }));
  }

  startLine(index: number): void {
    this.#index = index;
    this.#at++;
    const current = this.#current();
    current.last = index;
    current.row.moveTo(0);
  }

  moveAway(code: string, parameters: string): void {
    if (parameters.startsWith("?")) return;
    const [first, second] = parameters.split(";");
    const count = Math.max(1, countOf(first));
    if (code === "A") this.#move(-count);
    else if (code === "B") this.#move(count);
    else if (code === "E") this.#move(count, 0);
    else if (code === "F") this.#move(-count, 0);
    else if (code === "\x1bM") this.#move(-1);
    else if (code === "J") this.#eraseScreen(countOf(first));
    else if (code === "H" || code === "f") this.#goTo(Math.max(1, countOf(second)) - 1);
    else this.#saveOrRestore(code);
  }

  #saveOrRestore(code: string): void {
    if (code === "\x1b7" || code === "s") this.#saved = { at: this.#at, column: this.row.column };
    if (code !== "\x1b8" && code !== "u") return;
    this.#at = Math.min(this.#saved.at, this.#rows.length - 1);
    this.row.moveTo(this.#saved.column);
  }

  #move(rows: number, column = this.row.column): void {
    const to = this.#at + rows;
    if (to < 0) this.above = Math.max(this.above, -to);
    this.#at = Math.max(this.#top(), Math.min(to, this.#top() + SCREEN_ROWS - 1));
    this.row.moveTo(column);
  }

  /** Which line is meant nobody knows, since nobody knows the height: a new one, where there is something on this one. */
  #goTo(column: number): void {
    if (!this.row.isEmpty) this.#at++;
    this.row.moveTo(column);
  }

  #eraseScreen(part: number): void {
    const [from, to] = [part === 0 ? this.#at + 1 : this.#top(), part === 1 ? this.#at : this.#rows.length];
    if (part < 2) this.row.erase(part);
    for (const { row } of this.#rows.slice(part === 3 ? 0 : from, to)) row.erase(2);
  }

  #top(): number {
    return Math.max(0, this.#rows.length - SCREEN_ROWS);
  }

  #current(): ScreenRow {
    for (;;) {
      const found = this.#rows[this.#at];
      if (found) return found;
      this.#rows.push({ row: new Row(), index: this.#index, last: this.#index });
    }
  }
}

/** Only the web is linked to. */
export function linkTarget(text: string): string | null {
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? text : null;
}
