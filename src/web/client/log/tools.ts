/** The buttons and keys of a log. */

import { copy, offerCopies } from "./copy.ts";
import type { Follower } from "./follow.ts";
import { type LogRows, numberOf, scroller } from "./rows.ts";
import { firstOnScreen, type Search } from "./search.ts";
import type { Selection } from "./selection.ts";
import { type LogState, tell } from "./state.ts";

interface Parts {
  rows: LogRows;
  follower: Follower;
  selection: Selection;
  search: Search;
  state: LogState;
}

/** As src/logs/commands.ts writes it in front of an error's line. */
const ERROR_MARK = "##[error]";
/** Height of what stands above the rows at most (px). */
const BAR = 120;

export function setUpTools(view: HTMLElement, parts: Parts): void {
  const { rows, follower, state } = parts;
  rows.mayTrim = () => follower.isOn;
  const actions = actionsOf(view, parts);
  for (const [id, action] of [
    ["log-follow", actions.follow],
    ["log-fold", actions.fold],
    ["log-copy", actions.copy],
    ["log-error", actions.error],
  ] as const) {
    const button = view.querySelector<HTMLElement>(`#${id}`);
    if (button && id !== "log-error" && (id !== "log-follow" || state.growing)) button.hidden = false;
    button?.addEventListener("click", (event) => {
      event.preventDefault();
      void action();
    });
  }
  const bar = view.querySelector<HTMLElement>("#log-bar");
  if (bar) new ResizeObserver(() => view.style.setProperty("--log-bar", `${bar.offsetHeight}px`)).observe(bar);
  offerCopies(view, rows, state);
  for (const id of ["log-times", "log-wrap"]) remember(view.querySelector(`#${id}`));
  addEventListener("keydown", (event) => press(event, actions));
}

type Action = () => void | Promise<void>;

function actionsOf(view: HTMLElement, { rows, follower, selection, search, state }: Parts) {
  const toggle = (id: string) => () => view.querySelector<HTMLInputElement>(`#${id}`)?.click();
  return {
    follow: async () => {
      await rows.reachEnd();
      follower.turn(!follower.isOn);
    },
    fold: () => fold(view),
    copy: async () => void (await copy(rows, selection.range ?? { from: state.first, to: state.last }, state)),
    error: async () => await nextError(rows, search),
    next: async () => await search.step(1),
    previous: async () => await search.step(-1),
    find: () => view.querySelector<HTMLElement>("input[type=search]")?.focus(),
    top: async () => {
      (await rows.reach(1))?.scrollIntoView({ block: "center" });
    },
    end: async () => {
      await rows.reachEnd();
      const box = scroller(view);
      box.scrollTop = box.scrollHeight;
    },
    times: toggle("log-times"),
    wrap: toggle("log-wrap"),
    full: toggle("log-full"),
    leave: () => {
      selection.clear();
      const full = view.querySelector<HTMLInputElement>("#log-full");
      if (full) full.checked = false;
    },
  } satisfies Record<string, Action>;
}

type Actions = ReturnType<typeof actionsOf>;

const KEYS: Record<string, keyof Actions> = {
  "/": "find",
  n: "next",
  N: "previous",
  e: "error",
  f: "follow",
  g: "top",
  G: "end",
  t: "times",
  w: "wrap",
  m: "full",
  c: "copy",
  Escape: "leave",
};

function press(event: KeyboardEvent, actions: Actions): void {
  const { target } = event;
  const isTyping = target instanceof HTMLElement && target.matches("input:not([type=checkbox]), select, textarea");
  const name = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : undefined;
  if (name === undefined || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (name === "copy" && String(getSelection()) !== "") return;
  event.preventDefault();
  void actions[name]();
}

/** A choice that holds for every log in this browser. */
function remember(box: HTMLInputElement | null): void {
  if (box === null) return;
  const kept = localStorage.getItem(box.id);
  if (kept !== null) box.checked = kept === "1";
  box.addEventListener("change", () => localStorage.setItem(box.id, box.checked ? "1" : "0"));
}

/** Closes all groups and steps, or opens them where all are closed. */
function fold(view: HTMLElement): void {
  const all = [...view.querySelectorAll<HTMLDetailsElement>("#log-rows details")];
  const open = all.every((one) => !one.open);
  for (const one of all) one.open = open;
  const button = view.querySelector("#log-fold");
  if (button) button.textContent = open ? "Collapse all" : "Expand all";
}

async function nextError(rows: LogRows, search: Search): Promise<void> {
  const { numbers } = await search.find(ERROR_MARK, { matchCase: true });
  const now = document.querySelector(".l.error.now");
  const from = now ? numberOf(now) + 1 : firstOnScreen(rows, BAR);
  const next = numbers.find((number) => number >= from) ?? numbers[0];
  if (next === undefined) return tell("No error is in this log.");
  const row = await rows.reach(next);
  for (const one of document.querySelectorAll(".l.error.now")) one.classList.remove("now");
  row?.classList.add("now");
  row?.scrollIntoView({ block: "center" });
  tell(`Error in line ${next}`);
}
