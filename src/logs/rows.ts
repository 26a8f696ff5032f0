/** Lines of a log as rows of a page: numbered, timed, coloured, groups folded. The one place where log text becomes HTML for people. */

import { runsToHtml } from "./ansi.ts";
import type { LogLine } from "./lines.ts";
import { stepAt } from "./places.ts";
import { drawScreen } from "./screen.ts";
import type { LogIndex } from "./stream.ts";
import type { RowsPart } from "./wire.ts";

export interface Rows {
  parts: RowsPart[];
  /** The group that is open behind the last row. */
  group: number | null;
  /** The last part's lines wrote over earlier ones. */
  redraws: boolean;
  /** How many lines above the first one they would have gone. */
  above: number;
}

interface Row {
  number: number;
  mark: Mark | null;
  html: string;
}

/** The runner's own words, as src/logs/commands.ts writes them. */
const MARK = /^##\[(error|warning|notice|debug|group|endgroup)\]/;
type Mark = "error" | "warning" | "notice" | "debug" | "group" | "endgroup";

/** A browser lays out only those blocks of so many rows that are on the screen. */
const ROWS_PER_BLOCK = 500;

/** `group` is the one that is open before the first line. */
export function renderRows(lines: readonly LogLine[], index: Omit<LogIndex, "lines">, group: number | null): Rows {
  const rows: Rows = { parts: [], group, redraws: false, above: 0 };
  for (const { step, of } of byStep(lines, index)) {
    const last = rows.parts.at(-1);
    const open = last === undefined ? rows.group : null;
    const texts = of.map(({ text }) => text.replace(MARK, ""));
    const drawing = drawScreen(texts);
    const times = timesOf(of, index);
    const drawn = drawing.lines.flatMap(({ index: first, last, runs }) => {
      const line = of[first];
      const mark = MARK.exec(of[last]?.text ?? "")?.[1] as Mark | undefined;
      return line
        ? [{ number: line.number, mark: mark ?? null, html: rowHtml(line, mark, times[first] ?? "", runsToHtml(runs)) }]
        : [];
    });
    const nest = new Nest(open);
    for (const row of drawn) nest.add(row);
    const errors = drawn.filter(({ mark }) => mark === "error").map(({ number }) => number);
    rows.parts.push({ step, first: of[0]?.number ?? 0, group: open, ...nest.end(), errors });
    rows.group = nest.group;
    rows.redraws = drawing.lines.length < of.length || drawing.above > 0;
    if (last === undefined) rows.above = drawing.above;
  }
  return rows;
}

/** A screen ends with its step: nothing is written over across it. */
function byStep(lines: readonly LogLine[], index: Pick<LogIndex, "steps">): { step: number; of: LogLine[] }[] {
  const parts: { step: number; of: LogLine[] }[] = [];
  for (const line of lines) {
    const step = stepAt(index, line.offset);
    const last = parts.at(-1);
    if (last?.step === step) last.of.push(line);
    else parts.push({ step, of: [line] });
  }
  return parts;
}

/** Each line's time since the log's first one, as an element. */
function timesOf(lines: readonly LogLine[], { chunks, steps }: Pick<LogIndex, "chunks" | "steps">): string[] {
  const zero = steps[0]?.at ?? chunks[0]?.at ?? 0;
  let place = 0;
  let html = "";
  let shown = Number.NaN;
  return lines.map(({ offset }) => {
    while ((chunks[place + 1]?.offset ?? Infinity) <= offset) place++;
    const at = chunks[place]?.at ?? zero;
    if (at !== shown) html = timeHtml(at, zero);
    shown = at;
    return html;
  });
}

function timeHtml(at: number, zero: number): string {
  const iso = new Date(at).toISOString();
  const passed = Math.max(0, at - zero);
  const [minutes, seconds] = [Math.floor(passed / 60_000), ((passed % 60_000) / 1000).toFixed(1)];
  const words = minutes > 0 ? `${minutes}:${seconds.padStart(4, "0")}` : `${seconds}s`;
  return `<time datetime="${iso}" title="${iso.slice(0, 23).replace("T", " ")} UTC">${words}</time>`;
}

function rowHtml({ number }: LogLine, mark: Mark | undefined, time: string, html: string): string {
  const isLine = mark === undefined || mark === "group" || mark === "endgroup";
  const classes = isLine ? "l" : `l ${mark}`;
  // What folds must hold no link: a screen reader would not know which of the two is pressed. It lies above.
  const place = mark === "group" ? `<span class="n"></span>` : linkHtml(number);
  return `<div class="${classes}" id="L${number}">${place}${time}<code>${html}</code></div>\n`;
}

function linkHtml(number: number): string {
  return `<a href="#L${number}">${number}</a>`;
}

/** Puts rows into blocks and into the groups that they stand in. Groups do not nest, as on GitHub. */
class Nest {
  #inside = "";
  #html = "";
  #rows: Row[] = [];
  /** Null where none is open. */
  #head: Row | null = null;
  #isInside: boolean;
  group: number | null;

  constructor(group: number | null) {
    this.group = group;
    this.#isInside = group !== null;
  }

  add(row: Row): void {
    if (row.mark === "group") {
      this.#endGroup({ isWhole: true });
      this.#head = row;
      this.group = row.number;
    } else if (row.mark === "endgroup") this.#endGroup({ isWhole: true });
    else this.#rows.push(row);
  }

  end(): { inside: string; html: string } {
    const { group } = this;
    this.#endGroup({ isWhole: false });
    this.group = group;
    return { inside: this.#inside, html: this.#html };
  }

  /** A group that goes on, or in which something failed, is open. */
  #endGroup({ isWhole }: { isWhole: boolean }): void {
    const rows = this.#rows;
    const body = blocks(rows);
    if (this.#isInside) this.#inside += body;
    else if (this.#head === null) this.#html += body;
    else {
      const isOpen = !isWhole || rows.some(({ mark }) => mark === "error" || mark === "warning");
      const { number, html } = this.#head;
      const folded = `<details class="g"${isOpen ? " open" : ""}><summary>${html}</summary>\n${body}</details>`;
      this.#html += `<div class="gw">${linkHtml(number)}${folded}</div>\n`;
    }
    this.#rows = [];
    this.#head = null;
    this.#isInside = false;
    this.group = null;
  }
}

function blocks(rows: readonly Row[]): string {
  let html = "";
  for (let from = 0; from < rows.length; from += ROWS_PER_BLOCK) {
    const part = rows.slice(from, from + ROWS_PER_BLOCK);
    const classes = part.length < ROWS_PER_BLOCK ? "b" : "b whole";
    html += `<div class="${classes}">\n${part.map((row) => row.html).join("")}</div>\n`;
  }
  return html;
}
