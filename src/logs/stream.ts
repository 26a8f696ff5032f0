/** The contract of a LogStream, one per attempt: what writes to it (the attempt) and what reads (browser, CLI, archive) agree on here. */

import type { Annotation } from "../model/step.ts";

/** What is known between two stretches of one step's log. Small JSON, opaque to whoever keeps it; null before the first. */
export interface LogCarry {
  /** The next byte belongs to a line whose beginning was given out. */
  midLine: boolean;
  /** The rest of the line is a value to be masked that is too long to be read: it is not shown. */
  swallow: boolean;
  /** Set by `::stop-commands::token`: until `::token::` no line is a command. */
  stopToken: string | null;
  /** Set by `::echo::on`: command lines are shown too. */
  echo: boolean;
  /** How many annotations were kept, by level. */
  annotated: Record<Annotation["level"], number>;
  /** What the step noted so far: whoever writes keeps it here, so that each annotation is counted once, as its bytes are. */
  annotations?: Annotation[];
}

/** What one step has in the log so far. */
export interface SegmentState {
  /** Raw bytes of the step's own log that are stored; the next append starts here. */
  raw: number;
  carry: LogCarry | null;
  closed: boolean;
  /** Stored-log offset at which the step's part starts: `Step.logFrom`. */
  logFrom: number;
}

export interface AppendRequest {
  step: number;
  /** Raw offsets that `text` stands for. Refused unless `fromRaw` is what is stored. */
  fromRaw: number;
  toRaw: number;
  /** Masked UTF-8 bytes as shown, whole characters. May be empty while the offset moves on. */
  text: Uint8Array;
  carry: LogCarry | null;
  at: number;
}

export interface AppendResult {
  /** False where `fromRaw` is not what is stored, the step is closed or the log has ended: somebody else was faster. */
  accepted: boolean;
  /** What is stored now; go on from here. */
  raw: number;
  carry: LogCarry | null;
}

export interface ReadResult {
  /** Stored-log bytes from `from` on. */
  bytes: Uint8Array;
  /** Where they start: the asked offset, or the first one behind it that was not cut. */
  from: number;
  /** Where to read on. */
  next: number;
  /** Length of the whole stored log, what was cut included; less than the asked offset once the stream was emptied. */
  size: number;
  /** Nothing more will come after `size`. */
  ended: boolean;
  /** Bytes missing between the asked offset and `from`: cut from the middle of a log that is too long. */
  cut: number;
}

/** A place in the stored log, with its time (ms) and step; step 0 is Sandlot's own. */
export interface LogPlace {
  offset: number;
  at: number;
  step: number;
}

/** `line` counts the line ends before the place, those that were cut included: a line's number is its place's, plus one. */
export interface LinePlace extends LogPlace {
  line: number;
}

/** Where lines, steps and times are in the stored log, live or archived. */
export interface LogIndex {
  /** Length of the stored log, what was cut included. */
  size: number;
  /** Line ends in it, those that were cut included. */
  lines: number;
  /** The stretch of the stored log that is missing. */
  cut: { from: number; to: number } | null;
  /** Where each step's part starts, in order. */
  steps: LogPlace[];
  /** Where each stretch of bytes starts that came in at about one time, in order; a stretch is at most 512 KiB. */
  chunks: LinePlace[];
}

/** Lies beside the archived text. Offsets are those of the stored log, so that links to a live log hold. */
export interface ArchiveIndex extends LogIndex {
  version: 1;
  /** Length of the archived text. */
  bytes: number;
  /** The text has `notice` bytes in the place of what is missing, which say so. */
  cut: { from: number; to: number; notice: number } | null;
}

export interface Archive {
  index: ArchiveIndex;
  /** `index.bytes` bytes; R2 takes them through a `FixedLengthStream`. */
  body: ReadableStream<Uint8Array>;
}

/** The line that stands where the middle was cut; on a line of its own where the text before it ends in mid-line. */
export function cutNotice(bytes: number, options: { midLine: boolean }): string {
  const count = bytes.toLocaleString("en-US");
  return `${options.midLine ? "\n" : ""}##[warning]Sandlot cut ${count} bytes here: this log is longer than is kept.\n`;
}
