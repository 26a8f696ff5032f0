/** Searches the whole log on the server, says how many lines there are, and goes from one to the next. */

import type { SearchAnswer } from "../../../logs/wire.ts";
import { type LogRows, numberOf } from "./rows.ts";
import { type LogState, partAddress, tell } from "./state.ts";

export class Search {
  readonly #rows: LogRows;
  readonly #state: LogState;
  readonly #form: HTMLFormElement | null;
  readonly #found: HTMLElement | null;
  #answer: SearchAnswer | null = null;
  #asked = "";
  #at = -1;

  constructor(view: HTMLElement, rows: LogRows, state: LogState) {
    this.#rows = rows;
    this.#state = state;
    this.#form = view.querySelector("#log-bar");
    this.#found = view.querySelector("#log-found");
    this.#form?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#found?.addEventListener("click", (event) => this.#click(event));
    if (this.#text() !== "") void this.#search();
  }

  /** Line numbers that hold a text, as the server finds them. */
  async find(text: string, options: { matchCase: boolean }): Promise<SearchAnswer> {
    const query = { q: text, case: options.matchCase ? "1" : "0" };
    const answer = await fetch(partAddress(this.#state, "hits", query));
    if (!answer.ok) throw new Error(`The log answers ${answer.status}.`);
    return (await answer.json()) as SearchAnswer;
  }

  async step(by: 1 | -1): Promise<void> {
    const numbers = this.#answer?.numbers ?? [];
    if (numbers.length === 0) return;
    this.#at = (this.#at + by + numbers.length) % numbers.length;
    const row = await this.#rows.reach(numbers[this.#at] ?? 0);
    this.draw();
    row?.scrollIntoView({ block: "center" });
    tell(`${this.#at + 1} of ${this.#answer?.count ?? 0}`);
    this.#drawCount();
  }

  draw(): void {
    for (const row of document.querySelectorAll(".l.hit")) row.classList.remove("hit", "now");
    const { numbers = [] } = this.#answer ?? {};
    for (const number of numbers) this.#rows.row(number)?.classList.add("hit");
    this.#rows.row(numbers[this.#at] ?? 0)?.classList.add("now");
  }

  #text(): string {
    const text = new FormData(this.#form ?? undefined).get("q");
    return typeof text === "string" ? text : "";
  }

  async #submit(): Promise<void> {
    const matchCase = new FormData(this.#form ?? undefined).has("case");
    if (this.#text() !== "" && this.#asked === `${matchCase}${this.#text()}`) return await this.step(1);
    const query = new URLSearchParams(location.search);
    for (const name of ["q", "case", "from"]) query.delete(name);
    if (this.#text() !== "") query.set("q", this.#text());
    if (matchCase) query.set("case", "1");
    history.replaceState(null, "", `${location.pathname}?${query.toString()}${location.hash}`);
    await this.#search();
    await this.step(1);
  }

  async #search(): Promise<void> {
    const text = this.#text();
    const matchCase = new FormData(this.#form ?? undefined).has("case");
    this.#asked = `${matchCase}${text}`;
    this.#at = -1;
    this.#answer = text === "" ? null : await this.find(text, { matchCase });
    this.#drawFound();
    this.draw();
  }

  #click(event: Event): void {
    const link = event.target instanceof Element ? event.target.closest("li > a") : null;
    const item = link?.parentElement;
    if (!(item instanceof HTMLLIElement)) return;
    event.preventDefault();
    this.#at = (this.#answer?.numbers ?? []).indexOf(item.value) - 1;
    void this.step(1);
  }

  #drawFound(): void {
    if (this.#found === null) return;
    this.#found.hidden = this.#answer === null;
    const list = document.createElement("ol");
    for (const { number, text } of this.#answer?.lines ?? []) {
      const item = list.appendChild(document.createElement("li"));
      item.value = number;
      item.append(Object.assign(document.createElement("a"), { href: `#L${number}`, textContent: text || " " }));
    }
    const count = Object.assign(document.createElement("p"), { id: "log-count" });
    this.#found.replaceChildren(count, list);
    this.#drawCount();
    tell(count.textContent ?? "");
  }

  #drawCount(): void {
    const { count = 0, lines = [] } = this.#answer ?? {};
    const words = count === 1 ? "1 line" : `${count.toLocaleString("en-US")} lines`;
    const at = this.#at < 0 ? "" : `, this is ${(this.#at + 1).toLocaleString("en-US")}`;
    const shown = count > lines.length ? `; the first ${lines.length} are listed` : "";
    const place = document.getElementById("log-count");
    if (place) place.textContent = `${words} with “${this.#text()}”${at}${shown}. Enter or n: next, N: the one before.`;
  }
}

/** The number of the first row on the screen. */
export function firstOnScreen(rows: LogRows, below: number): number {
  for (const row of rows.all()) {
    if (row.getBoundingClientRect().bottom > below) return numberOf(row);
  }
  return 0;
}
