/** Lines that an address names: `#L120`, `#L10-L20`; picked by a click on a number, and to the next by a shift-click. */

import { type LogRows, numberOf } from "./rows.ts";

interface Range {
  from: number;
  to: number;
}

export class Selection {
  readonly #rows: LogRows;
  #range: Range | null = null;
  #anchor: number | null = null;

  constructor(view: HTMLElement, rows: LogRows) {
    this.#rows = rows;
    view.addEventListener("click", (event) => this.#click(event));
    addEventListener("hashchange", () => void this.open());
  }

  get range(): Range | null {
    return this.#range;
  }

  /** Shows what the address names; true where it names lines. */
  async open(): Promise<boolean> {
    const range = readRange(location.hash);
    this.#set(range);
    if (range === null) return false;
    this.#anchor = range.from;
    const row = await this.#rows.reach(range.from);
    this.draw();
    row?.scrollIntoView({ block: "center" });
    return true;
  }

  clear(): void {
    this.#set(null);
    history.replaceState(null, "", location.pathname + location.search);
  }

  draw(): void {
    for (const row of document.querySelectorAll(".l.picked")) row.classList.remove("picked");
    if (this.#range === null) return;
    const { from, to } = this.#range;
    if (to - from < MANY) {
      for (let at = from; at <= to; at++) this.#rows.row(at)?.classList.add("picked");
      return;
    }
    for (const row of this.#rows.all()) {
      const number = numberOf(row);
      if (number >= from && number <= to) row.classList.add("picked");
    }
  }

  #click(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>(".l > a, .gw > a") : null;
    if (link === null || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const number = Number(link.hash.slice(2));
    this.#pick(number, { isEnd: event.shiftKey });
  }

  #pick(number: number, { isEnd }: { isEnd: boolean }): void {
    const start = isEnd ? (this.#anchor ?? number) : number;
    this.#anchor = start;
    const [from, to] = [Math.min(start, number), Math.max(start, number)];
    this.#set({ from, to });
    history.replaceState(null, "", from === to ? `#L${from}` : `#L${from}-L${to}`);
  }

  #set(range: Range | null): void {
    this.#range = range;
    this.draw();
  }
}

/** More lines are looked for among the rows instead of one by one. */
const MANY = 2000;

function readRange(hash: string): Range | null {
  const [, from, to] = /^#L(\d{1,12})(?:-L(\d{1,12}))?$/.exec(hash) ?? [];
  if (from === undefined) return null;
  const [first, last] = [Number(from), Number(to ?? from)];
  return { from: Math.min(first, last), to: Math.max(first, last) };
}
