/** Turns raw bytes of a step's log into what is shown of them, and into what the step said by them. */

import { MAX_HELD_LINE_BYTES } from "../model/limits.ts";
import type { Annotation } from "../model/step.ts";
import { bytesOf, NEWLINE, RETURN, textOf } from "./bytes.ts";
import { readCommand, setsMask } from "./commands.ts";
import type { Mask } from "./mask.ts";
import type { LogCarry } from "./stream.ts";

const FIRST_CARRY: LogCarry = {
  midLine: false,
  swallow: false,
  stopToken: null,
  echo: false,
  annotated: { notice: 0, warning: 0, error: 0 },
};

export interface ProcessRequest {
  /** Raw log bytes that follow the last one consumed. */
  bytes: Uint8Array;
  /** Nothing follows: hold nothing back. */
  final: boolean;
  masks: Mask;
  /** As the stretch before returned it; null at the step's first byte. */
  carry: LogCarry | null;
  /** Show `::debug::` lines (`ACTIONS_STEP_DEBUG`). */
  debug?: boolean;
}

export interface ProcessResult {
  /** Masked UTF-8 as shown; no part of a larger buffer, so that sending it sends nothing else. */
  text: Uint8Array;
  /** Raw bytes that `text` stands for. The rest is to be given again, with what follows. */
  consumed: number;
  carry: LogCarry;
  /** Values that the step asked to have masked. To be stored before `text` is: a stretch that is read again starts after them. */
  newMasks: string[];
  /** `masks` with them. */
  masks: Mask;
  /** Masked. Each exactly once per consumed byte. */
  annotations: Annotation[];
}

/**
 * One stretch of a log; any cutting into stretches leads to the same whole.
 *
 * Commands are read from the raw line, since what is masked there (a file's name, the value of an `::add-mask::`) has to be known;
 * what they show, and every other byte, is masked afterwards with the masks as they are at that line. So a mask holds from the line
 * after its own on, and a secret that spans lines is hidden as one, unless a command stands between them.
 *
 * Held back are: an unfinished line that may become a command (up to `MAX_HELD_LINE_BYTES`; a longer one is passed on unread), what
 * may become a secret, and an unfinished character: together less than 128 KiB, so a longer stretch always moves on. Any other
 * unfinished line is shown at once.
 */
export function processLog(request: ProcessRequest): ProcessResult {
  const { bytes, final } = request;
  const stretch = new Stretch(request);
  let line = stretch.start();
  while ((line = commandLine(bytes, line)) < bytes.length) {
    const end = lineEnd(bytes, line, final);
    const length = end.content - line;
    if (length > MAX_HELD_LINE_BYTES) stretch.skip(line, end);
    else if (!end.complete) return stretch.finish(line, false);
    else stretch.read(line, end);
    line = end.next;
  }
  return stretch.finish(bytes.length, final);
}

interface LineEnd {
  /** Where the line's content ends. */
  content: number;
  /** Where the next line starts. */
  next: number;
  complete: boolean;
}

/** A line ends with LF, CR LF or a lone CR, as for GitHub's runner; a CR at the end of the bytes may be either of two. */
function lineEnd(bytes: Uint8Array, from: number, final: boolean): LineEnd {
  let content = from;
  while (content < bytes.length && !isLineEnd(bytes[content])) content++;
  if (content === bytes.length) return { content, next: content, complete: final };
  const open = bytes[content] === RETURN && content + 1 === bytes.length;
  const double = bytes[content] === RETURN && bytes[content + 1] === NEWLINE;
  return { content, next: content + (double ? 2 : 1), complete: final || !open };
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}

const [BLANK, TAB, COLON, HASH, BRACKET] = [32, 9, 58, 35, 91];
/** Looked at for every byte: a binding of this module, since one of another costs a call where modules are not bundled (the tests). */
const [LF, CR] = [NEWLINE, RETURN];

/** The first line, from the line that starts at `from` on, that may be a command by how it begins; the bytes' length if there is none. */
function commandLine(bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  let line = from;
  while (line < length) {
    let at = line;
    while (bytes[at] === BLANK || bytes[at] === TAB) at++;
    if (mayBeCommand(bytes, at)) return line;
    while (at < length && bytes[at] !== LF && bytes[at] !== CR) at++;
    line = at + 1;
  }
  return length;
}

const COMMAND = [COLON, COLON];
const OLDER_COMMAND = [HASH, HASH, BRACKET];

/** True for `::`, `##[`, and where the bytes end before that can be told. */
function mayBeCommand(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at];
  if (first !== COLON && first !== HASH) return at >= bytes.length;
  const wanted = first === HASH ? OLDER_COMMAND : COMMAND;
  return wanted.every((byte, i) => at + i >= bytes.length || bytes[at + i] === byte);
}

/** What one call gathers; lines are given to it in order. */
class Stretch {
  readonly #request: ProcessRequest;
  readonly #output: Output;
  readonly #annotations: Annotation[] = [];
  readonly #newMasks = new Set<string>();
  /** Those of `#newMasks` that `#masks` lacks as yet. */
  #unknown: string[] = [];
  #masks: Mask;
  #carry: LogCarry;
  /** Bytes before it are in `#output`, or not to be shown. */
  #from = 0;

  constructor(request: ProcessRequest) {
    this.#request = request;
    this.#output = new Output(request.bytes.length);
    this.#masks = request.masks;
    this.#carry = { ...FIRST_CARRY, ...request.carry };
  }

  /** Where the first whole line starts. */
  start(): number {
    const { bytes, final } = this.#request;
    if (!this.#carry.midLine) return 0;
    const end = lineEnd(bytes, 0, final);
    if (this.#carry.swallow) {
      this.#from = end.content;
      this.#carry.swallow = end.content === bytes.length;
    }
    return end.next;
  }

  /** A line that begins like a command. */
  read(line: number, end: LineEnd): void {
    const { bytes, debug = false } = this.#request;
    const said = readCommand(textOf(bytes.subarray(line, end.content)), this.#carry, { debug });
    if (!said) return;
    this.#showPlain(line);
    this.#from = end.next;
    if (said.shown !== null) {
      this.#output.add(bytesOf(this.#mask().text(said.shown)));
      this.#output.add(bytes.subarray(end.content, end.next));
    }
    this.#carry = { ...this.#carry, ...said.state };
    for (const value of said.masks) this.#learn(value);
    if (said.annotation) this.#annotations.push(masked(said.annotation, this.#mask()));
  }

  /** A line too long to be held: shown as it is, other than a value to be masked, which is not shown at all. */
  skip(line: number, end: LineEnd): void {
    if (!setsMask(textOf(this.#request.bytes.subarray(line, line + 200)))) return;
    if (this.#carry.stopToken !== null) return;
    this.#showPlain(line);
    this.#output.add(bytesOf("::add-mask::*** (too long to be masked in what follows)"));
    this.#from = end.content;
    this.#carry.swallow = end.content === this.#request.bytes.length;
  }

  finish(until: number, final: boolean): ProcessResult {
    const { bytes } = this.#request;
    const rest = this.#mask().apply(bytes.subarray(this.#from, until), { final });
    this.#output.add(rest.text);
    const consumed = this.#from + rest.consumed;
    if (consumed > 0) this.#carry.midLine = !isLineEnd(bytes[consumed - 1]);
    return {
      text: this.#output.bytes(),
      consumed,
      carry: this.#carry,
      newMasks: [...this.#newMasks],
      masks: this.#mask(),
      annotations: this.#annotations,
    };
  }

  #showPlain(until: number): void {
    if (until > this.#from)
      this.#output.add(this.#mask().apply(this.#request.bytes.subarray(this.#from, until), { final: true }).text);
  }

  #learn(value: string): void {
    if (this.#masks.values.has(value) || this.#newMasks.has(value)) return;
    this.#newMasks.add(value);
    this.#unknown.push(value);
  }

  /** Built anew only when text follows a new value. */
  #mask(): Mask {
    if (this.#unknown.length > 0) this.#masks = this.#masks.with(this.#unknown);
    this.#unknown = [];
    return this.#masks;
  }
}

/** Bytes in one buffer that grows: a log of many short commands makes no heap of short pieces. A single piece is not copied into it. */
class Output {
  #buffer: Uint8Array = new Uint8Array();
  #length = 0;
  readonly #expected: number;

  constructor(expected: number) {
    this.#expected = expected;
  }

  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const length = this.#length + bytes.length;
    if (this.#length === 0) this.#buffer = bytes;
    else {
      this.#grow(length);
      this.#buffer.set(bytes, this.#length);
    }
    this.#length = length;
  }

  #grow(length: number): void {
    const isOurs = this.#buffer.length > this.#length;
    if (isOurs && length <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(length * 2, this.#expected) + SPARE_BYTES);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }

  bytes(): Uint8Array {
    const isAlone = this.#buffer.buffer.byteLength === this.#length;
    return isAlone ? this.#buffer : this.#buffer.slice(0, this.#length);
  }
}

const SPARE_BYTES = 1024;

function masked(annotation: Annotation, mask: Mask): Annotation {
  const { message, title, file } = annotation;
  return {
    ...annotation,
    message: mask.text(message),
    title: title === null ? null : mask.text(title),
    file: file === null ? null : mask.text(file),
  };
}
