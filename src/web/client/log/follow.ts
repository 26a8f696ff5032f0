/** Keeps the newest rows on the screen until somebody scrolls away from them, and again when they are back. */

import { scroller } from "./rows.ts";
import type { LogState } from "./state.ts";

/** This near to the end is at the end (px). */
const NEAR = 40;

export class Follower {
  readonly #view: HTMLElement;
  readonly #state: LogState;
  readonly #button: HTMLElement | null;
  #top = 0;
  isOn = false;

  constructor(view: HTMLElement, state: LogState) {
    this.#view = view;
    this.#state = state;
    this.#button = view.querySelector("#log-follow");
    for (const target of [document, view]) target.addEventListener("scroll", () => this.#scrolled(), { passive: true });
  }

  start({ atEnd }: { atEnd: boolean }): void {
    this.turn(atEnd && this.#state.growing);
  }

  turn(on: boolean): void {
    this.isOn = on && this.#state.growing;
    if (this.#button) this.#button.hidden = !this.#state.growing;
    this.#button?.setAttribute("aria-pressed", String(this.isOn));
    this.keepUp();
  }

  /** After rows came. */
  keepUp(): void {
    if (this.#button && !this.#state.growing) this.#button.hidden = true;
    if (!this.isOn) return;
    this.#top = this.#end();
    scroller(this.#view).scrollTop = this.#top;
  }

  /** Where the log's last row is at the bottom of the screen. */
  #end(): number {
    const box = scroller(this.#view);
    const { bottom } = this.#view.getBoundingClientRect();
    const isPage = box === document.documentElement;
    return isPage ? Math.max(0, box.scrollTop + bottom - innerHeight + NEAR / 2) : box.scrollHeight - box.clientHeight;
  }

  #scrolled(): void {
    const { scrollTop } = scroller(this.#view);
    const isUp = scrollTop < this.#top - 2;
    this.#top = scrollTop;
    if (!this.#state.growing || this.#state.cursor === null) return;
    const isAtEnd = scrollTop >= this.#end() - NEAR;
    if (this.isOn && isUp && !isAtEnd) this.turn(false);
    else if (!this.isOn && isAtEnd && !isUp) this.turn(true);
  }
}
