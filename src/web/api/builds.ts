/** Builds and jobs as JSON. */

import type { BuildSummary, BuildView, Page, RepositoryView } from "../../model/api.ts";
import { asBuildId } from "../../model/ids.ts";
import { MAX_LISTED_REPOSITORIES } from "../../model/limits.ts";
import { listBuilds, listNewestBuilds } from "../../store/builds.ts";
import type { StoredBuild } from "../../store/builds.ts";
import { findRepository, listRepositories } from "../../store/repositories.ts";
import { visibleTo } from "../auth/rights.ts";
import type { RightRooms } from "../auth/rights.ts";
import { json, notFound, problem } from "../http/answer.ts";
import type { Read } from "../http/body.ts";
import { nextPage, readBuildQuery, readCount } from "../http/query.ts";
import type { RepositoryName, Rooms } from "../rooms.ts";
import { readWholeBuild, repositoryName, viewWholeBuild } from "./build-view.ts";
import { viewBuild, viewRepository } from "./views.ts";

type ReadRooms = Pick<Rooms, "db" | "publicUrl">;
type ListRooms = ReadRooms & RightRooms & Pick<Rooms, "viewer">;

export async function getRepositories(rooms: ListRooms): Promise<Response> {
  const repositories = await listRepositories(rooms.db, MAX_LISTED_REPOSITORIES, await visibleTo(rooms));
  const page: Page<RepositoryView> = { items: repositories.map(viewRepository), next: null };
  return json(page);
}

export async function getRepositoryBuilds(rooms: ReadRooms, name: RepositoryName, url: string): Promise<Response> {
  const query = readBuildQuery(url);
  if (!query.ok) return query.answer;
  const repository = await findRepository(rooms.db, name.owner, name.repo);
  if (!repository) return notFound("repository", `${name.owner}/${name.repo}`);
  const builds = await listBuilds(rooms.db, { ...query.value, repositoryId: repository.id });
  return json(await viewPage(rooms, builds, query.value.limit));
}

export async function getBuilds(rooms: ListRooms, url: string): Promise<Response> {
  const query = readBuildQuery(url);
  if (!query.ok) return query.answer;
  const builds = await listNewestBuilds(rooms.db, query.value, await visibleTo(rooms));
  return json(await viewPage(rooms, builds, query.value.limit));
}

async function viewPage(rooms: ReadRooms, builds: StoredBuild[], limit: number): Promise<Page<BuildSummary>> {
  return { items: await summarize(rooms, builds), next: nextPage(builds, limit) };
}

/** `known` are names that need not be asked for again. */
export async function summarize(
  rooms: ReadRooms,
  builds: StoredBuild[],
  known: readonly { id: number; full: string }[] = [],
): Promise<BuildSummary[]> {
  const names = new Map(known.map(({ id, full }) => [id, full]));
  const missing = new Set(builds.map(({ repositoryId }) => repositoryId).filter((id) => !names.has(id)));
  for (const [id, full] of await Promise.all(
    [...missing].map(async (id) => [id, await repositoryName(rooms.db, id)] as const),
  ))
    names.set(id, full);
  return builds.map((build) => viewBuild(build, names.get(build.repositoryId) ?? "", rooms.publicUrl));
}

export async function getBuild(rooms: ReadRooms, id: string, runAttempt: string | undefined): Promise<Response> {
  const view = await readBuildView(rooms, id, runAttempt);
  return view.ok ? json(view.value) : view.answer;
}

export async function getJob(
  rooms: ReadRooms,
  id: string,
  job: string,
  runAttempt: string | undefined,
): Promise<Response> {
  const view = await readBuildView(rooms, id, runAttempt);
  if (!view.ok) return view.answer;
  const found = view.value.jobs.find((one) => one.id === job);
  return found ? json(found) : notFound("job", job);
}

/** `runAttempt` as the query gives it; the newest where it does not. */
export async function readBuildView(
  rooms: ReadRooms,
  id: string,
  runAttempt: string | undefined,
): Promise<Read<BuildView>> {
  const asked = readCount(runAttempt, "run_attempt");
  if (!asked.ok) return asked;
  const whole = await readWholeBuild(rooms.db, asBuildId(id));
  if (!whole) return { ok: false, answer: notFound("build", id) };
  const newest = whole.build.runAttempt;
  const shown = asked.value ?? newest;
  if (shown > newest) return { ok: false, answer: problem(404, `This build has ${newest} run attempts so far.`) };
  return { ok: true, value: viewWholeBuild(whole, shown, rooms) };
}
