/** The contract of a LogStream, one per attempt: what writes to it (the attempt) and what reads (browser, CLI, archive) agree on here. */

/** What one step has in the log so far. */
export interface SegmentState {
  /** Raw bytes of the step's own log that are stored; the next append starts here. */
  raw: number;
  /** Carried from chunk to chunk by whoever writes: a stop-commands token, say. Small JSON. */
  carry: unknown;
  closed: boolean;
}

export interface AppendRequest {
  step: number;
  /** Raw offsets that `text` stands for. Refused unless `fromRaw` is what is stored. */
  fromRaw: number;
  toRaw: number;
  /** Masked UTF-8 bytes as shown. */
  text: Uint8Array;
  carry: unknown;
  at: number;
}

export interface ReadResult {
  /** Stored-log bytes from the asked offset. */
  bytes: Uint8Array;
  from: number;
  next: number;
  size: number;
  /** Nothing more will come. */
  ended: boolean;
  /** Bytes that were cut from the middle, all before `next`. */
  cut: number;
}
