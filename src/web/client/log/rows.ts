/** The rows that are in the page: added at either end, dropped again, never more than a window or a few. */

import type { LivePatch, LogWindow, RowsPart } from "../../../logs/wire.ts";
import { fetchWindow, type LogState, partAddress } from "./state.ts";

const MAX_ROWS = 20_000;
const KEPT_ROWS = 15_000;
const ROWS_PER_BLOCK = 500;
const WINDOW_LINES = 5000;
const LINES_BEFORE = 200;

export class LogRows {
  readonly #view: HTMLElement;
  readonly #state: LogState;
  readonly #box: HTMLElement;
  readonly #all: HTMLCollectionOf<Element>;
  /** Called when rows came or went. */
  onChange: () => void = () => {};
  /** The last rows are followed: earlier ones may go. */
  mayTrim: () => boolean = () => false;

  constructor(view: HTMLElement, state: LogState) {
    this.#view = view;
    this.#state = state;
    this.#box = view.querySelector<HTMLElement>("#log-rows") ?? view;
    this.#all = this.#box.getElementsByClassName("l");
    for (const id of ["log-earlier", "log-later"]) {
      view.querySelector(`#${id}`)?.addEventListener("click", (event) => void this.#load(event));
    }
    this.#drawEdges();
  }

  row(number: number): HTMLElement | null {
    return document.getElementById(`L${number}`);
  }

  all(): Iterable<Element> {
    return this.#all;
  }

  /** A row that was not in the page is fetched with those around it. Null where the log has no such line. */
  async reach(number: number): Promise<HTMLElement | null> {
    if (this.row(number) === null && (number < this.#state.first || number > this.#state.last)) {
      this.#replace(await fetchWindow(this.#state, { from: Math.max(1, number - LINES_BEFORE) }));
    }
    const row = this.row(number);
    for (let at = row?.closest("details"); at; at = at.parentElement?.closest("details")) at.open = true;
    return row;
  }

  async reachEnd(): Promise<void> {
    if (this.#state.last < this.#state.total) this.#replace(await fetchWindow(this.#state, {}));
  }

  patch({ from, reset, parts, next, ended }: LivePatch): void {
    const wasEmpty = this.#all.length === 0;
    if (reset) this.#clear();
    else this.#dropFrom(from);
    for (const part of parts) this.#append(part);
    const isNewStep = parts.some(({ first, step }) => step > 0 && first >= from && !this.#hasTitle(step));
    this.#state.cursor = ended ? null : next;
    this.#state.growing = !ended;
    if (isNewStep || ended) void this.#drawTitles();
    if (parts.some(({ errors }) => errors.length > 0))
      this.#view.querySelector("#log-error")?.removeAttribute("hidden");
    this.#count({ isAnew: reset || wasEmpty });
    this.onChange();
  }

  #count({ isAnew }: { isAnew: boolean }): void {
    this.#state.last = numberOf(this.#all[this.#all.length - 1]);
    this.#state.total = this.#state.last;
    if (isAnew) this.#state.first = numberOf(this.#all[0]);
    if (this.#all.length > MAX_ROWS && this.mayTrim()) this.#trim();
    this.#drawEdges();
  }

  #replace(window: LogWindow): void {
    this.#clear();
    for (const part of window.parts) this.#append(part);
    this.#take(window, window.first);
  }

  #take(window: LogWindow, first: number): void {
    this.#state.first = first;
    this.#state.last = numberOf(this.#all[this.#all.length - 1]);
    this.#state.total = window.total;
    this.#state.cursor = window.cursor;
    void this.#drawTitles();
    this.#drawEdges();
    this.onChange();
  }

  async #load(event: Event): Promise<void> {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null) return;
    event.preventDefault();
    const from = Number(new URL(link.href).searchParams.get("from"));
    const { first, last } = this.#state;
    if (from === last + 1) this.#extend(await fetchWindow(this.#state, { from }));
    else if (from < first && first - from <= WINDOW_LINES) {
      this.#prepend(await fetchWindow(this.#state, { from, count: first - from }));
    } else {
      this.#replace(await fetchWindow(this.#state, { from }));
      this.#box.scrollIntoView();
    }
  }

  #extend(window: LogWindow): void {
    for (const part of window.parts) this.#append(part);
    if (this.#all.length > MAX_ROWS) this.#hold(this.row(window.first), () => this.#trim());
    this.#take(window, this.#state.first);
  }

  /** What was seen stays where it is on the screen. */
  #hold(seen: Element | null, change: () => void): void {
    const top = seen?.getBoundingClientRect().top ?? 0;
    change();
    if (seen) scroller(this.#view).scrollBy(0, seen.getBoundingClientRect().top - top);
  }

  #prepend(window: LogWindow): void {
    this.#hold(this.#all[0] ?? null, () => this.#addBefore(window));
    this.#state.first = window.first || this.#state.first;
    if (this.#all.length > MAX_ROWS) this.#trimEnd();
    this.#drawEdges();
    this.onChange();
  }

  #addBefore(window: LogWindow): void {
    for (const part of window.parts.toReversed()) {
      const section = this.#section(part.step, "first");
      const title = section.querySelector(":scope > summary");
      if (title) title.insertAdjacentHTML("afterend", part.html);
      else section.insertAdjacentHTML("afterbegin", part.html);
    }
  }

  #append({ step, group, inside, html }: RowsPart): void {
    if (inside !== "") {
      const head = group === null ? null : this.row(group)?.closest("details");
      addRows(head ?? this.#section(step, "last"), inside);
    }
    if (html !== "") addRows(this.#section(step, "last"), html);
  }

  /** Where a step's rows stand; made where there is none. */
  #section(step: number, where: "first" | "last"): HTMLElement {
    const found = this.#box.querySelector<HTMLElement>(`[data-step="${step}"]`);
    if (found && !found.classList.contains("away")) return found;
    const section = makeSection(step, found);
    if (found) found.replaceWith(section);
    else if (where === "first") this.#box.prepend(section);
    else this.#box.append(section);
    return section;
  }

  #clear(): void {
    this.#box.replaceChildren();
  }

  #dropFrom(number: number): void {
    for (let row = this.#all[this.#all.length - 1]; row && numberOf(row) >= number;) {
      remove(row.parentElement?.tagName === "SUMMARY" ? row.closest(".gw") : row);
      row = this.#all[this.#all.length - 1];
    }
  }

  /** By whole blocks, from the start. */
  #trim(): void {
    while (this.#all.length > KEPT_ROWS) {
      const first = this.#all[0];
      const block = first?.closest(".gw") ?? first?.closest(".b") ?? first;
      if (!block) break;
      remove(block);
    }
    this.#state.first = numberOf(this.#all[0]);
  }

  /** The same at the end: from there on nothing is followed until somebody is back. */
  #trimEnd(): void {
    while (this.#all.length > KEPT_ROWS) {
      const last = this.#all[this.#all.length - 1];
      const block = last?.closest(".gw") ?? last?.closest(".b") ?? last;
      if (!block) break;
      remove(block);
    }
    this.#state.last = numberOf(this.#all[this.#all.length - 1]);
    this.#state.cursor = null;
  }

  #hasTitle(step: number): boolean {
    return this.#box.querySelector(`[data-step="${step}"] .step-title`) !== null;
  }

  async #drawTitles(): Promise<void> {
    const answer = await fetch(partAddress(this.#state, "titles"));
    if (!answer.ok) return;
    for (const [step, html] of Object.entries((await answer.json()) as Record<string, string>)) {
      const summary = this.#box.querySelector(`[data-step="${Number(step)}"] > summary`);
      const title = summary?.querySelector(".step-title");
      if (title) title.outerHTML = html;
      else if (summary) summary.innerHTML = html;
    }
  }

  /** The links to what lies before and behind. */
  #drawEdges(): void {
    const { first, last, total, page } = this.#state;
    const count = (number: number) => number.toLocaleString("en-US");
    const earlier = Math.max(1, first - WINDOW_LINES);
    drawEdge(this.#view.querySelector("#log-earlier"), first > 1 && page, [
      [1, "First lines"],
      [earlier, `Lines ${count(earlier)} to ${count(first - 1)}`],
    ]);
    drawEdge(this.#view.querySelector("#log-later"), last < total && page, [
      [last + 1, `Lines ${count(last + 1)} to ${count(Math.min(total, last + WINDOW_LINES))}`],
      [Math.max(1, total - WINDOW_LINES + 1), "Last lines"],
    ]);
  }
}

/** With the heading, and what else was known, of a step whose lines were not shown. */
function makeSection(step: number, away: HTMLElement | null): HTMLElement {
  const section = document.createElement(step === 0 ? "div" : "details");
  section.className = step === 0 ? "step own" : "step";
  Object.assign(section.dataset, away?.dataset, { step: String(step) });
  if (section instanceof HTMLDetailsElement) {
    section.open = true;
    section.id = `step-${step}`;
    const summary = section.appendChild(document.createElement("summary"));
    summary.append(away?.querySelector(".step-title") ?? `Step ${step}`);
  }
  return section;
}

function drawEdge(edge: Element | null, page: string | false, links: [from: number, text: string][]): void {
  if (!(edge instanceof HTMLElement)) return;
  edge.hidden = page === false;
  if (page === false) return edge.replaceChildren();
  const made = links.map(([from, text]) => {
    const query = new URLSearchParams(location.search);
    query.delete("q");
    query.set("from", String(from));
    return Object.assign(document.createElement("a"), { href: `${page}?${query.toString()}`, textContent: text });
  });
  const gap = edge.querySelector("span");
  edge.replaceChildren(...made, ...(gap ? [gap] : []));
}

export function numberOf(row: Element | undefined): number {
  return row ? Number(row.id.slice(1)) : 0;
}

/** The page itself, or the log where it fills the page. */
export function scroller(view: HTMLElement): HTMLElement {
  return getComputedStyle(view).position === "fixed" ? view : document.documentElement;
}

/** With it goes what held nothing else. */
function remove(element: Element | null): void {
  const parent = element?.parentElement;
  element?.remove();
  if (parent && parent.classList.contains("b") && parent.childElementCount === 0) parent.remove();
}

/** Few large blocks instead of many small ones: those are what a browser leaves out that are not on the screen. */
function addRows(to: Element, html: string): void {
  const made = document.createElement("template");
  made.innerHTML = html;
  const last = to.lastElementChild;
  const first = made.content.firstElementChild;
  if (last?.className === "b" && first?.classList.contains("b")) {
    last.append(...first.children);
    first.remove();
    if (last.childElementCount >= ROWS_PER_BLOCK) last.classList.add("whole");
  }
  to.append(made.content);
}
