/** The first page: the repositories and the newest builds. */

import type { BuildSummary } from "../../model/api.ts";
import { refName } from "../../model/event.ts";
import { MAX_LISTED_REPOSITORIES } from "../../model/limits.ts";
import { listBuilds, listNewestBuilds } from "../../store/builds.ts";
import { findRepository, listRepositories } from "../../store/repositories.ts";
import { summarize } from "../api-builds.ts";
import { nextPage, readBuildQuery } from "../query.ts";
import type { RepositoryName, Rooms } from "../rooms.ts";
import { A, Badge, BuildLink, html, Layout, Notice, Time } from "./layout.tsx";
import { duration } from "./words.ts";

type HomeRooms = Pick<Rooms, "db" | "publicUrl">;

export async function showHome(rooms: HomeRooms, url: string): Promise<Response> {
  const query = readBuildQuery(url);
  if (!query.ok) return query.answer;
  const [repositories, stored] = await Promise.all([
    listRepositories(rooms.db, MAX_LISTED_REPOSITORIES),
    listNewestBuilds(rooms.db, query.value),
  ]);
  const builds = await summarize(rooms, stored);
  return html(
    <Layout title="Sandlot" refresh={builds.some(({ status }) => status !== "completed")}>
      <h1>Builds</h1>
      <BuildTable builds={builds} next={nextPage(stored, query.value.limit)} path="/" />
      <h2>Repositories</h2>
      <ul>
        {repositories.map(({ owner, name }) => (
          <li>
            <A href={`/repositories/${owner}/${name}`}>{`${owner}/${name}`}</A>
          </li>
        ))}
      </ul>
    </Layout>,
  );
}

export async function showRepository(rooms: HomeRooms, name: RepositoryName, url: string): Promise<Response> {
  const query = readBuildQuery(url);
  if (!query.ok) return query.answer;
  const repository = await findRepository(rooms.db, name.owner, name.repo);
  if (!repository) return html(<Notice title="No such repository" />, 404);
  const stored = await listBuilds(rooms.db, { ...query.value, repositoryId: repository.id });
  const builds = await summarize(rooms, stored);
  const full = `${repository.owner}/${repository.name}`;
  return html(
    <Layout title={full} refresh={builds.some(({ status }) => status !== "completed")}>
      <h1>{full}</h1>
      <BuildTable builds={builds} next={nextPage(stored, query.value.limit)} path={`/repositories/${full}`} />
    </Layout>,
  );
}

function BuildTable(props: { builds: BuildSummary[]; next: string | null; path: string }) {
  if (props.builds.length === 0) return <p>No builds yet: push to a repository in which the App is installed.</p>;
  return (
    <>
      <table>
        <thead>
          <tr>
            <th>Status</th>
            <th>Build</th>
            <th>Commit</th>
            <th>Ref</th>
            <th>Took</th>
            <th>Made</th>
          </tr>
        </thead>
        <tbody>
          {props.builds.map((build) => (
            <BuildRow build={build} />
          ))}
        </tbody>
      </table>
      {props.next === null ? null : (
        <p>
          <A href={`${props.path}?after=${encodeURIComponent(props.next)}`}>Older builds</A>
        </p>
      )}
    </>
  );
}

function BuildRow({ build }: { build: BuildSummary }) {
  return (
    <tr>
      <td>
        <Badge of={build} />
      </td>
      <td>
        <BuildLink id={build.id}>{`${build.workflow.name ?? build.workflow.path} #${build.number}`}</BuildLink>
        <br />
        <small>{`${build.repository}, ${build.event} by ${build.actor}`}</small>
      </td>
      <td>
        {build.title} <code>{build.sha.slice(0, 7)}</code>
      </td>
      <td>
        <code>{refName(build.ref)}</code>
      </td>
      <td>{duration(build.startedAt, build.completedAt, Date.now())}</td>
      <td>
        <Time at={build.createdAt} />
      </td>
    </tr>
  );
}
