/** A repository's builds: filtered by the address, live, page by page. */

import type { BuildSummary } from "../../model/api.ts";
import { buildFacets } from "../../store/build-lists.ts";
import type { BuildFacets } from "../../store/build-lists.ts";
import { listBuilds } from "../../store/builds.ts";
import { findRepository } from "../../store/repositories.ts";
import { summarize } from "../api/builds.ts";
import { nextPage, readBuildQuery, STATUSES } from "../http/query.ts";
import { safeUrl } from "../http/safe-url.ts";
import type { RepositoryName, Rooms } from "../rooms.ts";
import { BuildRows, Older } from "./build-rows.tsx";
import { showRefused } from "./closed.tsx";
import { frameFor, frameOf } from "./frame.tsx";
import type { FrameRooms } from "./frame.tsx";
import { html, Layout, Notice } from "./layout.tsx";
import { livePage } from "./live.ts";
import { A } from "./parts.tsx";
import { lookNamed, lookOf, spell } from "./words.ts";

type ListRooms = FrameRooms & Pick<Rooms, "publicUrl" | "githubUrl">;

export async function showRepository(rooms: ListRooms, name: RepositoryName, request: Request): Promise<Response> {
  const query = readBuildQuery(request.url);
  if (!query.ok) return await showRefused(query.answer, frameOf(request));
  const repository = await findRepository(rooms.db, name.owner, name.repo);
  if (!repository) return html(<Notice title="There is no such repository" frame={frameOf(request)} />, 404);
  const frame = await frameFor(rooms, request, repository.id);
  const [stored, facets] = await Promise.all([
    listBuilds(rooms.db, { ...query.value, repositoryId: repository.id }),
    buildFacets(rooms.db, repository.id),
  ]);
  const full = `${repository.owner}/${repository.name}`;
  const builds = await summarize(rooms, stored, [{ id: repository.id, full }]);
  const refresh = builds.some(({ status }) => status !== "completed");
  return livePage(request, frame, [builds, facets], () => (
    <Layout
      title={`Builds · ${full}`}
      frame={frame}
      refresh={refresh}
      crumbs={[{ text: full, href: `/repositories/${full}` }]}
    >
      <section id="heading" class="headline" aria-label="Repository">
        <h1>{full}</h1>
        <div class="acts">
          <A class="button" href={`${rooms.githubUrl}/${full}`}>
            On GitHub
          </A>
          {frame.mayAct ? (
            <A class="button" href={`/repositories/${full}/dispatch`}>
              Start a build…
            </A>
          ) : null}
        </div>
      </section>
      <Bars builds={builds} />
      <Filters facets={facets} url={request.url} />
      <section id="builds" aria-label="Builds">
        <BuildRows
          builds={builds}
          githubUrl={rooms.githubUrl}
          {...(isFiltered(request.url) ? { empty: "No build is like that: show all, or choose less." } : {})}
        />
        <Older next={nextPage(stored, query.value.limit)} url={request.url} />
      </section>
    </Layout>
  ));
}

function isFiltered(url: string): boolean {
  const { searchParams } = new URL(url);
  return ["workflow", "branch", "event", "status", "ref", "after"].some((name) => searchParams.get(name));
}

function Filters({ facets, url }: { facets: BuildFacets; url: string }) {
  const { pathname, searchParams } = new URL(url);
  const given = (name: string): string => searchParams.get(name) ?? "";
  return (
    <form id="filters" class="filters" method="get" action={pathname} aria-label="Filter">
      <Choice
        name="workflow"
        given={given("workflow")}
        options={facets.workflows.map(({ path, name }) => ({ value: path, text: name ?? path }))}
      />
      <Choice
        name="branch"
        given={given("branch")}
        options={facets.branches.map((one) => ({ value: one, text: one }))}
      />
      <Choice name="event" given={given("event")} options={facets.events.map((one) => ({ value: one, text: one }))} />
      <Choice
        name="status"
        given={given("status")}
        options={STATUSES.map((one) => ({ value: one, text: lookNamed(one)?.word ?? one }))}
      />
      <button>Show</button>
      {isFiltered(url) ? (
        <A class="button" href={pathname}>
          Show all
        </A>
      ) : null}
    </form>
  );
}

function Choice(props: { name: string; given: string; options: { value: string; text: string }[] }) {
  const { name, given, options } = props;
  const known = options.some(({ value }) => value === given);
  return (
    <label>
      {name}
      <select name={name}>
        <option value="">all</option>
        {given === "" || known ? null : (
          <option value={given} selected>
            {given}
          </option>
        )}
        {options.map(({ value, text }) => (
          <option value={value} selected={value === given}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Fewer say nothing. */
const FEWEST_BARS = 5;

/** A bar for each build that ended, oldest first: its height is how long it took. */
function Bars({ builds }: { builds: BuildSummary[] }) {
  const shown = builds
    .flatMap((build) =>
      build.startedAt !== null && build.completedAt !== null
        ? [{ build, ms: build.completedAt - build.startedAt }]
        : [],
    )
    .reverse();
  if (shown.length < FEWEST_BARS) return null;
  const most = Math.max(1, ...shown.map(({ ms }) => ms));
  const [width, gap, height] = [14, 4, 44];
  return (
    <section id="bars" class="card" aria-label="How long the shown builds took, oldest first">
      <svg class="bars" viewBox={`0 0 ${shown.length * (width + gap)} ${height}`} preserveAspectRatio="xMinYMid meet">
        {shown.map(({ build, ms }, n) => {
          const tall = Math.max(3, Math.round((ms / most) * height));
          const look = lookOf(build);
          return (
            <a href={safeUrl(`/builds/${build.id}`)} class={look.tone}>
              <title>{`#${build.number} ${look.word}, ${spell(ms)}`}</title>
              <rect class="base" x={n * (width + gap)} y="0" width={width} height={height} />
              <rect x={n * (width + gap)} y={height - tall} width={width} height={tall} rx="2" />
            </a>
          );
        })}
      </svg>
    </section>
  );
}
