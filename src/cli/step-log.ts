/** Cuts a job's log into lines and gives each to its step: the log is one stretch of bytes, a step says at which it starts. */

import type { StepView } from "../model/api.ts";

/** Lines of one step, which is known by where it starts. */
export interface StepLines {
  logFrom: number;
  /** Null while only its first line is known: a step's row may come as late as its end. */
  step: StepView | null;
  lines: string[];
}

interface Part {
  logFrom: number;
  step: StepView | null;
  end: number;
}

/** Longer ones are shown in pieces, so that a line that never ends does not fill the memory. */
const MAX_LINE_BYTES = 64 * 1024;
const LINE_END = 10;
/** Every step's part starts with it. Its author's program may print it too, so it counts only where a step is due. */
const FIRST_LINE = /##\[group\](?:Run|Post) /g;

export class StepLog {
  #chunks: Uint8Array[] = [];
  /** Bytes that were not given out yet, the first of which is at `#at`. */
  #held: Buffer = Buffer.alloc(0);
  #at = 0;
  #size = 0;
  /** Where the step that has no row yet starts; -1 for none. */
  #unlisted = -1;

  /** Bytes that came so far. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that came and were not given out. */
  get waiting(): number {
    return this.#size - this.#at;
  }

  add(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  }

  /**
   * The whole lines before `until`, a value of `size`. `steps` has to be of a time after the byte before `until` came. `final`
   * gives out an unfinished last line too.
   */
  take(until: number, steps: readonly StepView[], { final }: { final: boolean }): StepLines[] {
    this.#held = Buffer.concat([this.#held, ...this.#chunks]);
    this.#chunks = [];
    const parts: StepLines[] = [];
    while (this.#at < until) {
      const part = this.#partAt(steps);
      const lines = this.#takeLines(Math.min(until, part.end), { final: final || until >= part.end });
      if (lines.length === 0) break;
      parts.push({ logFrom: part.logFrom, step: part.step, lines });
    }
    return parts;
  }

  /** Which step the next byte belongs to, and where that step's part ends as far as is known. */
  #partAt(steps: readonly StepView[]): Part {
    const next = steps.find((step) => step.logFrom > this.#at);
    const step = steps.findLast((one) => one.logFrom <= this.#at) ?? null;
    const logFrom = step?.logFrom ?? 0;
    if (next !== undefined) return { logFrom, step, end: next.logFrom };
    if (this.#unlisted > logFrom) {
      return this.#at < this.#unlisted
        ? { logFrom, step, end: this.#unlisted }
        : { logFrom: this.#unlisted, step: null, end: Infinity };
    }
    // Once the last step that is listed has ended, the next first line is that of another.
    if (step === null) return this.#partBefore({ logFrom, step }, -1);
    return step.status === "completed"
      ? this.#partBefore({ logFrom, step }, logFrom)
      : { logFrom, step, end: Infinity };
  }

  /** That part up to the next first line after an offset, or that line's own part where it is next. */
  #partBefore(part: Omit<Part, "end">, after: number): Part {
    const start = this.#findFirstLine(after);
    if (start === -1) return { ...part, end: Infinity };
    this.#unlisted = start;
    return start === this.#at ? { logFrom: start, step: null, end: Infinity } : { ...part, end: start };
  }

  /** Where such a line starts, after a log offset; -1 for none. */
  #findFirstLine(after: number): number {
    // One character a byte, whatever they are.
    const text = new TextDecoder("latin1").decode(this.#held);
    for (const { index: at } of text.matchAll(FIRST_LINE)) {
      const startsLine = at === 0 || this.#held[at - 1] === LINE_END;
      if (startsLine && this.#at + at > after) return this.#at + at;
    }
    return -1;
  }

  #takeLines(until: number, { final }: { final: boolean }): string[] {
    const stretch = this.#held.subarray(0, until - this.#at);
    const cut = stretch.lastIndexOf(LINE_END) + 1;
    const whole = final || stretch.length - cut > MAX_LINE_BYTES ? stretch.length : cut;
    if (whole === 0) return [];
    const text = new TextDecoder().decode(this.#held.subarray(0, whole));
    this.#held = this.#held.subarray(whole);
    this.#at += whole;
    return text.replace(/\n$/, "").split("\n");
  }
}
