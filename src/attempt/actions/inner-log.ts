/** The steps of an action write into the log of the step that uses it, one after another; what stands between them is one raw byte each. */

import type { LogCarry } from "../../logs/stream.ts";
import type { Session } from "../session.ts";

/** Behind the byte that stands for the header. */
export function logStart(base: number | null): number {
  return base === null ? 0 : base + 1;
}

/** Whoever reads a log takes this for the first line of a step of the job. */
const STEP = /^##\[group\]Run /;
const INNER_STEP = "##[group]› Run ";

/** Puts the header of an inner step where its part starts; a second time changes nothing. */
export async function openInnerLog(session: Session, segment: number, base: number, header: string): Promise<number> {
  const { raw, logFrom } = await insert(session, segment, header.replace(STEP, INNER_STEP), base);
  if (raw < base) throw new Error(`the log of step ${segment} is shorter than what was put into it`);
  return logFrom;
}

/** Ends an inner step's part with lines of ours. Where the next one starts. */
export async function closeInnerLog(session: Session, segment: number, footer: string): Promise<number> {
  return (await insert(session, segment, footer, null)).raw;
}

/** At `at` only, where that is given: what is behind it was inserted before. */
async function insert(
  { logs, vault }: Session,
  segment: number,
  text: string,
  at: number | null,
): Promise<{ raw: number; logFrom: number }> {
  const state = await logs.segment(segment);
  if (state === null) throw new Error(`step ${segment} has no log yet`);
  if (at !== null && state.raw !== at) return state;
  const shown = vault.mask.text(text);
  const { raw } = await logs.append({
    step: segment,
    fromRaw: state.raw,
    toRaw: state.raw + 1,
    text: new TextEncoder().encode(state.carry?.midLine && shown !== "" ? `\n${shown}` : shown),
    carry: nextCarry(state.carry, shown),
    at: Date.now(),
  });
  return { raw, logFrom: state.logFrom };
}

/** What one step set by commands ends with it; what it noted is the using step's. */
function nextCarry(carry: LogCarry | null, shown: string): LogCarry | null {
  const midLine = shown === "" && carry?.midLine === true;
  return carry && { ...carry, midLine, swallow: false, stopToken: null, echo: false };
}
