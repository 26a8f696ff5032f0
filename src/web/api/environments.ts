/** Environments of a repository: made by hand, since on GitHub people may guard them. */

import type { Page } from "../../model/api.ts";
import { MAX_ENVIRONMENTS } from "../../model/limits.ts";
import type { EnvironmentView } from "../../model/settings-api.ts";
import { recordAct } from "../../store/audit.ts";
import { createEnvironment, hasEnvironment, listEnvironments, removeEnvironment } from "../../store/environments.ts";
import { isEnvironmentName } from "../../store/scopes.ts";
import { json, notFound, problem } from "../http/answer.ts";
import type { RepositoryName, Rooms } from "../rooms.ts";
import { readKnownRepository } from "./scope.ts";

type EnvironmentRooms = Pick<Rooms, "db" | "actor">;

export async function getEnvironments(rooms: EnvironmentRooms, of: RepositoryName): Promise<Response> {
  const repository = await readKnownRepository(rooms.db, of);
  if (!repository.ok) return repository.answer;
  const page: Page<EnvironmentView> = { items: await listEnvironments(rooms.db, repository.value.id), next: null };
  return json(page);
}

/** One that exists stays as it is. */
export async function putEnvironment(rooms: EnvironmentRooms, of: RepositoryName, name: string): Promise<Response> {
  if (!isEnvironmentName(name))
    return problem(400, "An environment's name has at most 255 characters, none of them a quote, comma, ; or \\.");
  const repository = await readKnownRepository(rooms.db, of);
  if (!repository.ok) return repository.answer;
  const { id } = repository.value;
  const at = Date.now();
  const made = await createEnvironment(rooms.db, id, { name, createdAt: at }, MAX_ENVIRONMENTS).run();
  if (made.meta.changes === 0 && !(await hasEnvironment(rooms.db, id, name)))
    return problem(409, `A repository has at most ${MAX_ENVIRONMENTS} environments.`);
  if (made.meta.changes > 0)
    await recordAct(rooms.db, {
      at,
      who: rooms.actor,
      what: "environment.create",
      repositoryId: id,
      detail: name.toLowerCase(),
    }).run();
  return new Response(null, { status: 204 });
}

/** With its secrets and variables. */
export async function deleteEnvironment(rooms: EnvironmentRooms, of: RepositoryName, name: string): Promise<Response> {
  const repository = await readKnownRepository(rooms.db, of);
  if (!repository.ok) return repository.answer;
  const { id } = repository.value;
  const [removed] = await rooms.db.batch(removeEnvironment(rooms.db, id, name));
  if (!removed || removed.meta.changes === 0) return notFound("environment", name);
  const act = { who: rooms.actor, what: "environment.remove", repositoryId: id, detail: name.toLowerCase() } as const;
  await recordAct(rooms.db, { at: Date.now(), ...act }).run();
  return new Response(null, { status: 204 });
}
