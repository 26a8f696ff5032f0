/** Puts lines of the log into the clipboard: what was picked, what is shown, or a step from its first line to its last. */

import { type LogRows, numberOf } from "./rows.ts";
import { fetchWindow, type LogState, tell } from "./state.ts";

/** So many lines at most go to the clipboard. */
const MAX_COPIED_LINES = 20_000;

interface Range {
  from: number;
  to: number;
}

/** True where it succeeded. A browser lets a click write for a few seconds only, so it is promised the text at once. */
export async function copy(rows: LogRows, { from, to }: Range, state: LogState): Promise<boolean> {
  const isHere = from >= state.first && to <= state.last;
  const texts = isHere ? Promise.resolve(textsOf(rows.all(), from, to)) : fetchTexts(state, from, to);
  const blob = texts.then((lines) => new Blob([`${lines.join("\n")}\n`], { type: "text/plain" }));
  try {
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } catch {
    tell("Nothing was copied: the browser or the connection did not allow it.");
    return false;
  }
  const { length } = await texts;
  const count = length === 1 ? "1 line copied" : `${length} lines copied`;
  tell(length <= to - from ? `${count}: the first of them` : count);
  return true;
}

/** A button in each step's heading; again after rows came, which bring steps. */
export function offerCopies(view: HTMLElement, rows: LogRows, state: LogState): void {
  const offer = () => {
    // Behind the summary, which may hold no other control, and in front of all rows, whatever came first.
    for (const summary of view.querySelectorAll("#log-rows .step > summary:not(:has(+ .copy-step))"))
      summary.after(summary.parentElement?.querySelector(".copy-step") ?? makeButton());
  };
  view.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>(".copy-step") : null;
    const step = button?.closest<HTMLElement>(".step");
    if (!button || !step) return;
    void copy(rows, rangeOf(step, state), state).then((done) => {
      button.textContent = done ? "Copied" : "Not copied";
      setTimeout(() => (button.textContent = "Copy"), SHOWN_MS);
    });
  });
  new MutationObserver(offer).observe(view, { childList: true, subtree: true });
  offer();
}

const SHOWN_MS = 1500;

function makeButton(): HTMLElement {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" });
  button.className = "copy-step";
  button.title = "Copy this step's lines";
  return button;
}

/** A step's lines may go on before and behind those that are shown. */
function rangeOf(step: HTMLElement, { first, last, total }: LogState): Range {
  const from = firstLineOf(step) ?? first;
  for (let next = step.nextElementSibling; next; next = next.nextElementSibling) {
    const line = next instanceof HTMLElement ? firstLineOf(next) : null;
    if (line !== null) return { from, to: line - 1 };
  }
  return { from, to: Math.max(last, total) };
}

function firstLineOf(step: HTMLElement): number | null {
  const line = Number(step.dataset["line"] ?? numberOf(step.querySelector(".l") ?? undefined));
  return line > 0 ? line : null;
}

function textsOf(all: Iterable<Element>, from: number, to: number): string[] {
  return [...all].flatMap((row) => {
    const number = numberOf(row);
    return number >= from && number <= to ? [row.querySelector("code")?.textContent ?? ""] : [];
  });
}

async function fetchTexts(state: LogState, from: number, to: number): Promise<string[]> {
  const texts: string[] = [];
  const end = Math.min(to, from + MAX_COPIED_LINES - 1);
  for (let at = from; at <= end;) {
    const window = await fetchWindow(state, { from: at, count: end - at + 1 });
    if (window.last < at) break;
    const made = document.createElement("template");
    made.innerHTML = window.parts.map(({ inside, html }) => inside + html).join("");
    texts.push(...textsOf(made.content.querySelectorAll(".l"), at, end));
    at = window.last + 1;
  }
  return texts;
}
