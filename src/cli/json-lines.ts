/** Prints a run for programs: one event a line, as JSON. */

import type { Output, RunEvent } from "./events.ts";

export class JsonLines implements Output {
  readonly #stream: { write(text: string): unknown };

  constructor(stream: { write(text: string): unknown }) {
    this.#stream = stream;
  }

  show(event: RunEvent): void {
    // A program has the events themselves; this one only repeats how they stand.
    if (event.type === "progress") return;
    this.#stream.write(`${JSON.stringify(event)}\n`);
  }

  close(): void {}
}
