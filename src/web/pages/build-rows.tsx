/** Builds as rows: how each ended, what it was, where, when and how long. */

import type { BuildSummary } from "../../model/api.ts";
import { BuildLink, Commit, Person, StatusIcon, Time, Took, Where, workflowName } from "./parts.tsx";
import { A } from "./parts.tsx";
import { lookOf } from "./words.ts";

interface RowsProps {
  builds: BuildSummary[];
  githubUrl: string;
  /** Says of each which repository it is of. */
  repositories?: boolean;
  /** Said where there are none. */
  empty?: string;
}

const EMPTY = "No builds here yet: a push starts one.";

export function BuildRows({ builds, githubUrl, repositories = false, empty = EMPTY }: RowsProps) {
  if (builds.length === 0) return <p class="card empty">{empty}</p>;
  return (
    <ol class="rows">
      {builds.map((build) => (
        <li>
          <Row build={build} githubUrl={githubUrl} named={repositories} />
        </li>
      ))}
    </ol>
  );
}

function Row({ build, githubUrl, named }: { build: BuildSummary; githubUrl: string; named: boolean }) {
  return (
    <div class="row">
      <StatusIcon of={build} />
      <div class="what">
        <a href={`/builds/${build.id}`} data-row="">
          {build.title || workflowName(build)}
        </a>
        <div class="about">
          {named ? <A href={`/repositories/${build.repository}`}>{build.repository}</A> : null}
          <BuildLink id={build.id}>{`${workflowName(build)} #${build.number}`}</BuildLink>
          <Commit build={build} githubUrl={githubUrl} />
          <span>
            {build.event} by <Person login={build.actor} id={build.actorId} githubUrl={githubUrl} />
          </span>
        </div>
        <Because build={build} />
      </div>
      <div class="where">
        <Where build={build} githubUrl={githubUrl} />
      </div>
      <div class="when">
        <Time at={build.createdAt} />
        <Took from={build.startedAt} to={build.completedAt} ended={build.status === "completed"} />
      </div>
    </div>
  );
}

/** What is wrong with it, or what it waits for: a good end needs no word. */
function Because({ build }: { build: BuildSummary }) {
  if (build.conclusion === "success" || build.detail === null) return null;
  return <div class={`because ${lookOf(build).tone}`}>{build.detail}</div>;
}

/** The next page of the same list. */
export function Older({ next, url }: { next: string | null; url: string }) {
  const { pathname, searchParams } = new URL(url);
  const isFirst = !searchParams.has("after");
  if (next === null && isFirst) return null;
  const older = new URLSearchParams(searchParams);
  older.set("after", next ?? "");
  const newest = new URLSearchParams(searchParams);
  newest.delete("after");
  return (
    <nav class="pages" aria-label="Pages">
      {isFirst ? <span /> : <A href={`${pathname}?${newest.toString()}`}>Newest builds</A>}
      {next === null ? null : <A href={`${pathname}?${older.toString()}`}>Older builds</A>}
    </nav>
  );
}
