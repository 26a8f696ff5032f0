/** What the page knows of the log that it shows, as the Worker wrote it into its element. */

import type { LiveCursor, LogWindow } from "../../../logs/wire.ts";

export interface LogState {
  /** Path of the job's page. */
  page: string;
  attempt: string;
  /** Numbers of the first and the last line that are shown; 0 for none. */
  first: number;
  last: number;
  total: number;
  /** Where to go on; null where the last lines are not shown, or nothing more will come. */
  cursor: LiveCursor | null;
  /** More may come. */
  growing: boolean;
}

export function readState(view: HTMLElement): LogState {
  const { page = "", attempt = "", first, last, total, cursor, growing } = view.dataset;
  return {
    page,
    attempt,
    first: Number(first),
    last: Number(last),
    total: Number(total),
    cursor: cursor === undefined ? null : (JSON.parse(cursor) as LiveCursor),
    growing: growing !== undefined,
  };
}

/** The address of a part of the log. */
export function partAddress({ page, attempt }: LogState, part: string, query: Record<string, string> = {}): string {
  return `${page}/log/${part}?${new URLSearchParams({ attempt, ...query }).toString()}`;
}

/** From a line on, or the last lines. */
export async function fetchWindow(state: LogState, query: { from?: number; count?: number }): Promise<LogWindow> {
  const given = Object.entries(query).map(([name, value]) => [name, String(value)] as const);
  const answer = await fetch(partAddress(state, "rows", Object.fromEntries(given)));
  if (!answer.ok) throw new Error(`The log answers ${answer.status}.`);
  return (await answer.json()) as LogWindow;
}

/** Said to screen readers. */
export function tell(text: string): void {
  const told = document.getElementById("log-told");
  if (told) told.textContent = text;
}
