/** The one place that says what a viewer may do with a repository. */

import { greaterRight, hasRight } from "../../model/right.ts";
import type { Right } from "../../model/right.ts";
import type { StoredRepository, Visible } from "../../store/repositories.ts";
import type { Rooms } from "../rooms.ts";
import { personsRepositories, personsRight } from "./people.ts";
import type { PeopleRooms } from "./people.ts";
import type { Viewer } from "./viewer.ts";

export type RightRooms = PeopleRooms & Pick<Rooms, "publicPages">;

/** What somebody may do with every repository, known or not; null where it depends on the repository. */
export function rightOnAll(viewer: Viewer): Right | null {
  switch (viewer.kind) {
    case "machine":
      return "admin";
    // Whom the owner lets through sees and acts everywhere; secrets and tokens take more (docs/decisions/0017).
    case "access":
      return "act";
    case "token":
      return viewer.repositoryId === null ? viewer.scope : null;
    case "anonymous":
    case "person":
      return null;
  }
}

/** `fresh` asks GitHub anew. Throws where GitHub would have to be asked and cannot be. */
export async function rightOn(
  rooms: RightRooms,
  viewer: Viewer,
  repository: StoredRepository,
  { fresh }: { fresh: boolean },
): Promise<Right | null> {
  const open: Right | null = rooms.publicPages && !repository.private ? "read" : null;
  const all = rightOnAll(viewer);
  if (all !== null) return all;
  if (viewer.kind === "token") return greaterRight(open, viewer.repositoryId === repository.id ? viewer.scope : null);
  if (viewer.kind !== "person") return open;
  return greaterRight(open, await personsRight(rooms, viewer.session, repository, { fresh }));
}

/** What a page asks to know whether to show its buttons. */
export async function mayAct(
  rooms: RightRooms & Pick<Rooms, "viewer">,
  repository: StoredRepository,
): Promise<boolean> {
  return hasRight(await rightOn(rooms, rooms.viewer, repository, { fresh: false }), "act");
}

/** Which repositories a list names. */
export async function visibleTo(rooms: RightRooms & Pick<Rooms, "viewer">): Promise<Visible> {
  const { viewer, publicPages: isPublicToo } = rooms;
  if (rightOnAll(viewer) !== null) return "all";
  if (viewer.kind === "person") return { ids: await personsRepositories(rooms, viewer.session), isPublicToo };
  const only = viewer.kind === "token" ? viewer.repositoryId : null;
  return { ids: only === null ? [] : [only], isPublicToo };
}
