/** The log as a part of a job's page: complete without a script, which only makes it quicker and live. */

import { raw } from "hono/html";
import type { RowsPart, SearchAnswer } from "../../logs/wire.ts";
import type { StepView } from "../../model/api.ts";
import { jobPagePath } from "../../model/urls.ts";
import { scriptPath } from "../pages/assets.ts";
import { A, StatusIcon, Took } from "../pages/parts.tsx";
import { size } from "../pages/words.ts";
import type { LogView } from "./open.ts";
import { logAddress } from "./query.ts";
import { around, WINDOW_LINES } from "./window.ts";

export function LogSection({ log }: { log: LogView }) {
  const { window, ended } = log;
  return (
    <div
      id="log-view"
      data-page={jobPagePath(log.build, log.job)}
      data-attempt={String(log.attempt)}
      data-first={String(window.first)}
      data-last={String(window.last)}
      data-total={String(window.total)}
      {...(window.cursor === null ? {} : { "data-cursor": JSON.stringify(window.cursor) })}
      {...(ended ? {} : { "data-growing": "" })}
    >
      <LogBar log={log} />
      <Found log={log} />
      <Earlier log={log} />
      <div id="log-rows">
        <Away log={log} where="before" />
        {window.parts.map((part) => (
          <PartRows part={part} placed={log.steps.find(({ step }) => step.number === part.step) ?? null} />
        ))}
        <Away log={log} where="after" />
      </div>
      {window.total > 0 ? null : <p class="muted">{ended ? "Nothing was printed." : "Nothing was printed yet."}</p>}
      <Later log={log} />
      <p id="log-told" class="unseen" role="status"></p>
      <script type="module" src={scriptPath("log")}></script>
    </div>
  );
}

function LogBar({ log }: { log: LogView }) {
  const { query } = log;
  const text = `${jobPagePath(log.build, log.job)}/log?attempt=${log.attempt}`;
  const error = log.window.parts.flatMap(({ errors }) => errors)[0];
  return (
    <form id="log-bar" method="get" action={jobPagePath(log.build, log.job)} role="search" aria-label="Log">
      {query.run_attempt === undefined ? null : <input type="hidden" name="run_attempt" value={query.run_attempt} />}
      <span class="log-search">
        <input
          type="search"
          name="q"
          value={query.q}
          placeholder="Search all lines"
          aria-label="Search the log"
          maxlength={1000}
        />
        <label title="Match case">
          <input type="checkbox" name="case" value="1" checked={query.case === "1"} /> Aa
        </label>
        <button>Search</button>
      </span>
      <span class="log-tools">
        <a
          id="log-error"
          class="button"
          href={error === undefined ? "#log-rows" : `#L${error}`}
          hidden={error === undefined}
        >
          Next error
        </a>
        <Buttons growing={!log.ended} />
        <label>
          <input type="checkbox" id="log-times" /> Times
        </label>
        <label>
          <input type="checkbox" id="log-wrap" checked /> Wrap
        </label>
        <label>
          <input type="checkbox" id="log-full" /> Full page
        </label>
        <A href={text}>Raw</A>
        <A href={`${text}&download=text`}>{`Download (${size(log.bytes)})`}</A>
        <A href={`${text}&download=gzip`} label="Download .gz">
          .gz
        </A>
      </span>
    </form>
  );
}

/** Only a script can do what these are for: it shows them. */
function Buttons({ growing }: { growing: boolean }) {
  return (
    <>
      {growing ? (
        <button type="button" id="log-follow" aria-pressed="false" hidden>
          Follow
        </button>
      ) : null}
      <button type="button" id="log-fold" hidden>
        Collapse all
      </button>
      <button type="button" id="log-copy" hidden>
        Copy
      </button>
    </>
  );
}

function Found({ log }: { log: LogView }) {
  const { found, query } = log;
  if (found === null) return <div id="log-found" hidden></div>;
  return (
    <div id="log-found">
      <p>
        <strong>{countOf(found)}</strong> with “{query.q}”.{" "}
        <A href={logAddress(log, {})}>Show the log without the search</A>
      </p>
      <ol>
        {found.lines.map(({ number, text }) => (
          <li value={number}>
            <A href={hitAddress(log, number)}>{text === "" ? " " : text}</A>
          </li>
        ))}
      </ol>
      {found.count > found.lines.length ? <p class="muted">{`The first ${found.lines.length} are shown.`}</p> : null}
    </div>
  );
}

function countOf({ count }: SearchAnswer): string {
  return count === 1 ? "1 line" : `${count.toLocaleString("en-US")} lines`;
}

function hitAddress(log: LogView, number: number): string {
  const { q, case: matchCase } = log.query;
  const wanted = around(number);
  const from = "from" in wanted ? wanted.from : number;
  return logAddress(log, { q, matchCase: matchCase === "1", from }, `#L${number}`);
}

function Earlier({ log }: { log: LogView }) {
  const { first } = log.window;
  if (first <= 1) return <nav id="log-earlier" hidden></nav>;
  const from = Math.max(1, first - WINDOW_LINES);
  return (
    <nav id="log-earlier" aria-label="Earlier lines">
      <A href={logAddress(log, { from: 1 })}>First lines</A>
      <A
        href={logAddress(log, { from })}
      >{`Lines ${from.toLocaleString("en-US")} to ${(first - 1).toLocaleString("en-US")}`}</A>
      {log.window.gap ? <span>{gapText(log.window.gap)}</span> : null}
    </nav>
  );
}

function gapText({ after, before }: { after: number; before: number }): string {
  return `The lines between ${after.toLocaleString("en-US")} and ${before.toLocaleString("en-US")} were cut: this log is longer than is kept.`;
}

function Later({ log }: { log: LogView }) {
  const { last, total } = log.window;
  if (last >= total) return <nav id="log-later" hidden></nav>;
  const to = Math.min(total, last + WINDOW_LINES);
  return (
    <nav id="log-later" aria-label="Later lines">
      <A
        href={logAddress(log, { from: last + 1 })}
      >{`Lines ${(last + 1).toLocaleString("en-US")} to ${to.toLocaleString("en-US")}`}</A>
      <A href={logAddress(log, { from: Math.max(1, total - WINDOW_LINES + 1) })}>Last lines</A>
    </nav>
  );
}

/** The steps whose lines are not among those that are shown. */
function Away({ log, where }: { log: LogView; where: "before" | "after" }) {
  const { first, parts } = log.window;
  const shown = new Set(parts.map(({ step }) => step));
  const lowest = Math.min(...shown, Infinity);
  const away = log.steps.filter(({ step, line }) => {
    if (shown.has(step.number)) return false;
    const isBefore = line === null ? step.number < lowest : line < first;
    return isBefore === (where === "before");
  });
  return (
    <>
      {away.map(({ step, line }) => (
        <p
          class="step away"
          id={`step-${step.number}`}
          data-step={String(step.number)}
          {...(line === null ? {} : { "data-line": String(line) })}
        >
          <StepTitle step={step} />
          {line === null ? null : (
            <A href={logAddress(log, { from: line }, `#L${line}`)}>{`from line ${line.toLocaleString("en-US")}`}</A>
          )}
        </p>
      ))}
    </>
  );
}

function PartRows({ part, placed }: { part: RowsPart; placed: LogView["steps"][number] | null }) {
  // The renderer of rows has escaped what it did not make.
  const rows = raw(part.inside + part.html);
  if (part.step === 0) return <div class="step own">{rows}</div>;
  return (
    <details
      class="step"
      open
      id={`step-${part.step}`}
      data-step={String(part.step)}
      {...(placed === null || placed.line === null ? {} : { "data-line": String(placed.line) })}
    >
      <summary>{placed === null ? `Step ${part.step}` : <StepTitle step={placed.step} />}</summary>
      {rows}
    </details>
  );
}

/** Also asked for by itself, when a step ends under the eyes of whoever follows. */
export function StepTitle({ step }: { step: StepView }) {
  const { status, outcome, conclusion, startedAt, completedAt } = step;
  return (
    <span class="step-title">
      <StatusIcon of={{ status, conclusion: outcome }} />
      <span>{step.name}</span>
      {outcome === "failure" && conclusion === "success" ? <small>failed, which it may</small> : null}
      <small>
        <Took from={startedAt} to={completedAt} ended={status === "completed"} />
      </small>
    </span>
  );
}
