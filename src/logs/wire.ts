/** What a log page is told by the Worker and by the LogStream: the shapes that both sides of the connection agree on. */

/** The rows of one step, or of Sandlot's own lines before the first (step 0). */
export interface RowsPart {
  step: number;
  /** Number of its first line. */
  first: number;
  /** Number of the group's row that `inside` belongs to. */
  group: number | null;
  /** HTML of rows that go on in that group. */
  inside: string;
  /** HTML of what follows it. */
  html: string;
  /** Numbers of its rows with an error. */
  errors: number[];
}

/** Where a page stands; it gives it back to be told more, to whoever answers. */
export interface LiveCursor {
  /** Stored-log offset of the first line that may still change. */
  offset: number;
  /** The rest of the line that starts before `offset` is not shown: it is too long. */
  midLine: boolean;
  /** How much of the log the page has seen. */
  seen: number;
  /** Number of the group that is open at `offset`. */
  group: number | null;
}

export interface LivePatch {
  /** Drop all rows from this number on, then add those of `parts`. A patch that comes twice changes nothing. */
  from: number;
  /** Drop every row: what lies between was cut, or the page was too far behind. */
  reset: boolean;
  parts: RowsPart[];
  next: LiveCursor;
  /** Nothing more will come. */
  ended: boolean;
}

/** Some lines in a row. */
export interface LogWindow {
  parts: RowsPart[];
  /** Numbers of its first and last line; 0 for none. */
  first: number;
  last: number;
  /** How many lines the log has by now. */
  total: number;
  /** Lines between these two numbers were cut from the log. */
  gap: { after: number; before: number } | null;
  /** To go on from; null where the window does not reach the end, or nothing more will come. */
  cursor: LiveCursor | null;
}

export interface SearchAnswer {
  /** How many lines hold the text. */
  count: number;
  /** Their numbers, ascending; the first ones where there are too many. */
  numbers: number[];
  /** Some of them as plain text. */
  lines: { number: number; text: string }[];
}
