/** The first page: the repositories, each with its newest build, and the newest builds of all. */

import type { BuildSummary } from "../../model/api.ts";
import { MAX_LISTED_REPOSITORIES } from "../../model/limits.ts";
import { newestBuildOfEach } from "../../store/build-lists.ts";
import { listNewestBuilds } from "../../store/builds.ts";
import { listRepositories } from "../../store/repositories.ts";
import type { StoredRepository } from "../../store/repositories.ts";
import { summarize } from "../api/builds.ts";
import { visibleTo } from "../auth/rights.ts";
import { nextPage, readBuildQuery } from "../http/query.ts";
import type { Rooms } from "../rooms.ts";
import { BuildRows, Older } from "./build-rows.tsx";
import { showRefused } from "./closed.tsx";
import { frameFor } from "./frame.tsx";
import type { FrameRooms } from "./frame.tsx";
import { Layout } from "./layout.tsx";
import { livePage } from "./live.ts";
import { A, BuildLink, StatusIcon, Time, workflowName } from "./parts.tsx";

type HomeRooms = FrameRooms & Pick<Rooms, "publicUrl" | "githubUrl">;

export async function showHome(rooms: HomeRooms, request: Request): Promise<Response> {
  const frame = await frameFor(rooms, request);
  const query = readBuildQuery(request.url);
  if (!query.ok) return await showRefused(query.answer, frame);
  const visible = await visibleTo(rooms);
  const [repositories, stored, newest] = await Promise.all([
    listRepositories(rooms.db, MAX_LISTED_REPOSITORIES, visible),
    listNewestBuilds(rooms.db, query.value, visible),
    newestBuildOfEach(rooms.db, MAX_LISTED_REPOSITORIES, visible),
  ]);
  const names = repositories.map(({ id, owner, name }) => ({ id, full: `${owner}/${name}` }));
  const builds = await summarize(rooms, stored, names);
  const last = new Map((await summarize(rooms, newest, names)).map((build) => [build.repositoryId, build]));
  const refresh = [...builds, ...last.values()].some(({ status }) => status !== "completed");
  return livePage(request, frame, [repositories, builds, [...last.values()]], () => (
    <Layout title="Sandlot" frame={frame} refresh={refresh}>
      <section id="repositories" aria-labelledby="repositories-title">
        <h1 id="repositories-title">Repositories</h1>
        {repositories.length === 0 ? <NoRepositories /> : <Repositories repositories={repositories} last={last} />}
      </section>
      {repositories.length === 0 ? null : (
        <section id="builds" aria-labelledby="builds-title">
          <h2 id="builds-title">Newest builds</h2>
          <BuildRows builds={builds} githubUrl={rooms.githubUrl} repositories />
          <Older next={nextPage(stored, query.value.limit)} url={request.url} />
        </section>
      )}
    </Layout>
  ));
}

/** The last built first, those that never were at the end. */
function Repositories(props: { repositories: StoredRepository[]; last: ReadonlyMap<number, BuildSummary> }) {
  const { repositories, last } = props;
  const ordered = repositories.toSorted((a, b) => (last.get(b.id)?.createdAt ?? 0) - (last.get(a.id)?.createdAt ?? 0));
  return (
    <ul class="repositories">
      {ordered.map(({ id, owner, name, private: hidden }) => (
        <li class="card">
          <span>
            <A class="name" href={`/repositories/${owner}/${name}`}>{`${owner}/${name}`}</A>{" "}
            {hidden ? <small>private</small> : null}
          </span>
          <Last build={last.get(id)} />
        </li>
      ))}
    </ul>
  );
}

function Last({ build }: { build: BuildSummary | undefined }) {
  if (!build) return <small>No builds yet</small>;
  return (
    <small>
      <StatusIcon of={build} /> <BuildLink id={build.id}>{`${workflowName(build)} #${build.number}`}</BuildLink>,{" "}
      <Time at={build.createdAt} />
    </small>
  );
}

function NoRepositories() {
  return (
    <div class="card empty">
      <p>No repository has sent anything yet.</p>
      <p>Install the GitHub App in a repository, put a workflow in it, and push:</p>
      <pre>{"sandlot init\ngit add .sandlot && git commit -m 'Build with Sandlot' && git push"}</pre>
    </div>
  );
}
