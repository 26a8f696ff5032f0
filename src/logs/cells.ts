/** One line of a screen: text in the looks of a pen, of which any part may be overwritten. */

import { FIRST_PEN, type Pen } from "./pen.ts";

/** Text in one look. */
export interface Run {
  text: string;
  pen: Pen;
}

/** Farther to the right than any line that is overwritten. */
export const MAX_COLUMNS = 1000;

/** Kept as runs while text only follows text, cell by cell from the first time that it does not. A wide character takes one cell. */
export class Row {
  #runs: Run[] = [];
  #cells: Run[] | null = null;
  /** Null at the end of the text. */
  #column: number | null = null;

  get isEmpty(): boolean {
    return this.#cells === null ? this.#runs.length === 0 : this.#cells.length === 0;
  }

  get column(): number {
    return this.#column ?? this.#toCells().length;
  }

  put(text: string, pen: Pen): void {
    if (text === "") return;
    if (this.#cells === null && this.#column === null) return addRun(this.#runs, text, pen);
    const cells = this.#toCells();
    let column = this.#column ?? cells.length;
    for (const character of text) {
      while (cells.length < column) cells.push(BLANK);
      cells[column++] = { text: character, pen };
    }
    this.#column = column;
  }

  moveTo(column: number): void {
    if (column === 0 && this.isEmpty) this.#column = null;
    else this.#column = Math.max(0, Math.min(column, Math.max(this.#toCells().length, MAX_COLUMNS)));
  }

  /** CSI K: 0 from the cursor on, 1 up to it, 2 the whole line. */
  erase(part: number): void {
    const column = this.column;
    const cells = this.#toCells();
    this.#column = column;
    if (part === 0) cells.length = Math.min(cells.length, column);
    else if (part === 2) cells.length = 0;
    else for (let i = 0; i <= column && i < cells.length; i++) cells[i] = BLANK;
  }

  runs(): Run[] {
    if (this.#cells === null) return this.#runs;
    const runs: Run[] = [];
    for (const { text, pen } of this.#cells) addRun(runs, text, pen);
    return runs;
  }

  #toCells(): Run[] {
    this.#cells ??= this.#runs.flatMap(({ text, pen }) => Array.from(text, (character) => ({ text: character, pen })));
    return this.#cells;
  }
}

const BLANK: Run = { text: " ", pen: FIRST_PEN };

function addRun(runs: Run[], text: string, pen: Pen): void {
  const last = runs.at(-1);
  if (last && last.pen.classes === pen.classes && last.pen.href === pen.href) last.text += text;
  else runs.push({ text, pen });
}
