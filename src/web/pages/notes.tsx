/** What jobs left to be read: annotations with their places, and summaries. */

import { raw } from "hono/html";
import type { BuildView, JobView } from "../../model/api.ts";
import type { Annotation } from "../../model/step.ts";
import { jobPagePath } from "../../model/urls.ts";
import { renderSummary } from "./markdown.ts";
import { A } from "./parts.tsx";
import { count } from "./words.ts";

const LEVELS = ["error", "warning", "notice"] as const satisfies readonly Annotation["level"][];
/** The others are in the logs. */
const MAX_SHOWN = 50;

interface Note extends Annotation {
  job: JobView;
  step: number;
}

/** Errors first; the same words at the same place from several jobs are one. */
export function Annotations({ build, blob }: { build: BuildView; blob: string }) {
  const all = build.jobs.flatMap((job) => job.annotations.map((one): Note => ({ ...one, job })));
  if (all.length === 0) return null;
  const told = LEVELS.flatMap((level) => {
    const n = all.filter((one) => one.level === level).length;
    return n === 0 ? [] : [count(n, level)];
  });
  const ordered = LEVELS.flatMap((level) => all.filter((one) => one.level === level));
  const groups = [...Map.groupBy(ordered, wordsOf).values()];
  return (
    <section id="annotations" class="card" aria-labelledby="annotations-title">
      <h2 id="annotations-title">
        Annotations <small>{told.join(", ")}</small>
      </h2>
      <ul class="notes">
        {groups.slice(0, MAX_SHOWN).map((notes) => (
          <NoteEntry notes={notes} build={build} blob={blob} />
        ))}
      </ul>
      {groups.length > MAX_SHOWN ? <p class="muted">{`${groups.length - MAX_SHOWN} more are in the logs.`}</p> : null}
    </section>
  );
}

function wordsOf({ level, message, title, file, line }: Note): string {
  return JSON.stringify([level, message, title, file, line]);
}

function NoteEntry({ notes, build, blob }: { notes: Note[]; build: BuildView; blob: string }) {
  const [first] = notes;
  if (!first) return null;
  const { level, message, title, file, line } = first;
  const place = line === null ? file : `${file}:${line}`;
  const jobs = [...new Map(notes.map((note) => [note.job.id, note])).values()];
  return (
    <li>
      <span class={`level ${level}`}>{level}</span>{" "}
      {file === null ? null : (
        <>
          <A href={`${blob}/${file.split("/").map(encodeURIComponent).join("/")}${line === null ? "" : `#L${line}`}`}>
            <code>{place}</code>
          </A>{" "}
        </>
      )}
      {title === null ? null : <strong>{title}</strong>} <span class="message">{message}</span>{" "}
      <small>
        {jobs.map(({ job, step }, n) => (
          <>
            {n === 0 ? "in " : ", "}
            <A href={`${jobPagePath(build.id, job.id)}#step-${step}`}>{job.name}</A>
          </>
        ))}
      </small>
    </li>
  );
}

export function Summaries({ build }: { build: BuildView }) {
  const told = build.jobs.flatMap((job) => {
    const texts = job.steps.flatMap(({ summary }) => summary ?? []);
    return texts.length === 0 ? [] : [{ job, text: texts.join("\n\n") }];
  });
  if (told.length === 0) return null;
  return (
    <section id="summaries" class="card" aria-labelledby="summaries-title">
      <h2 id="summaries-title">Summary</h2>
      {told.map(({ job, text }) => (
        <>
          {told.length > 1 ? <h3>{job.name}</h3> : null}
          {/* What it makes of Markdown has no HTML of its own and links to http, https and mailto alone. */}
          <div class="summary">{raw(renderSummary(text))}</div>
        </>
      ))}
    </section>
  );
}
