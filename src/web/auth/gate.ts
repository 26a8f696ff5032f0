/**
 * Lets a request through, or answers in its place. What is not there and what is not for the one who asks get one and the same
 * answer, made here, so that nobody learns of a private repository that it exists.
 */

import { asBuildId, asDeliveryId } from "../../model/ids.ts";
import { hasRight } from "../../model/right.ts";
import type { Right } from "../../model/right.ts";
import { readBuild } from "../../store/builds.ts";
import { readDelivery } from "../../store/deliveries.ts";
import { findRepository, readRepository } from "../../store/repositories.ts";
import type { StoredRepository } from "../../store/repositories.ts";
import { problem } from "../http/answer.ts";
import { showClosed } from "../pages/closed.tsx";
import type { Rooms } from "../rooms.ts";
import { isSafe, refuseCrossSite } from "./cross-site.ts";
import { showForbidden, showHidden, showSignIn } from "./doors.tsx";
import { rightOn, rightOnAll } from "./rights.ts";
import type { RightRooms } from "./rights.ts";
import { askedOf } from "./subject.ts";
import type { Subject } from "./subject.ts";
import { isAmbient } from "./viewer.ts";

export type GateRooms = RightRooms & Pick<Rooms, "viewer" | "closed">;

/** `path` as the router reads it. Null lets the request through. */
export async function gateOf(request: Request, path: string, rooms: GateRooms): Promise<Response | null> {
  const { subject, needed } = askedOf(request.method, path);
  if (subject.kind === "open") return null;
  const answers = answersFor(rooms, request, path);
  const stopped = stopAtOnce(rooms, request, subject, answers);
  if (stopped !== null || subject.kind === "self") return stopped;
  const all = rightOnAll(rooms.viewer);
  if (all !== null) return hasRight(all, needed) ? null : answers.forbidden(needed);
  if (subject.kind === "instance") return answers.hidden();
  if (subject.kind !== "list") return await admitTo(rooms, request, { subject, needed }, answers);
  return rooms.viewer.kind === "anonymous" && !rooms.publicPages ? answers.unknown() : null;
}

/** What needs nothing to be looked up. */
function stopAtOnce(
  { viewer, closed }: GateRooms,
  request: Request,
  subject: Subject,
  answers: Answers,
): Response | null {
  if (viewer.kind === "anonymous") {
    if (closed !== null) return answers.closed();
    // Whoever says no word of who they are changes nothing, there or not.
    return isSafe(request.method) && subject.kind !== "self" ? null : answers.unknown();
  }
  const crossSite = isAmbient(request) ? refuseCrossSite(request) : null;
  return crossSite === null ? null : problem(403, crossSite);
}

type OneRepository = Exclude<Subject, { kind: "open" | "self" | "list" | "instance" }>;

async function admitTo(
  rooms: GateRooms,
  request: Request,
  { subject, needed }: { subject: OneRepository; needed: Right },
  answers: Answers,
): Promise<Response | null> {
  const repository = await findSubject(rooms.db, subject);
  // What cannot be taken back is asked of GitHub anew.
  const fresh = !isSafe(request.method);
  const right = repository && (await rightOn(rooms, rooms.viewer, repository, { fresh }));
  if (!hasRight(right, "read")) return answers.hidden();
  return hasRight(right, needed) ? null : answers.forbidden(needed);
}

async function findSubject(db: D1Database, subject: OneRepository): Promise<StoredRepository | null> {
  switch (subject.kind) {
    case "repository":
      return await findRepository(db, subject.name.owner, subject.name.repo);
    case "build": {
      const build = await readBuild(db, asBuildId(subject.id));
      return build && (await readRepository(db, build.repositoryId));
    }
    case "delivery": {
      const delivery = await readDelivery(db, asDeliveryId(subject.id));
      return delivery?.repositoryId == null ? null : await readRepository(db, delivery.repositoryId);
    }
  }
}

interface Answers {
  closed(): Response;
  /** To somebody who says not who they are. */
  unknown(): Response;
  hidden(): Response;
  forbidden(needed: Right): Response;
}

export const CHALLENGE = { "www-authenticate": 'Bearer realm="sandlot"' };

/** As problems where programs ask, as pages where people do. */
function answersFor(rooms: GateRooms, request: Request, path: string): Answers {
  if (!isForPrograms(request, path)) {
    const door = { viewer: rooms.viewer, canSignIn: rooms.signIn !== null, request };
    return {
      closed: () => showClosed(rooms.closed ?? ""),
      unknown: () => showSignIn(door, 401),
      hidden: () => showHidden(door),
      forbidden: (needed) => showForbidden(door, `This takes the right to ${WORDS[needed]} here.`),
    };
  }
  const unknown = () => problem(401, "Send Authorization: Bearer <token>: `sandlot login` gets one.", CHALLENGE);
  return {
    closed: unknown,
    unknown,
    hidden: () => (rooms.viewer.kind === "anonymous" ? unknown() : problem(404, "There is no such thing here.")),
    forbidden: (needed) => problem(403, `This takes the right to ${WORDS[needed]} here.`),
  };
}

const WORDS = {
  read: "see",
  act: "act (on GitHub: to push)",
  admin: "administer",
} as const satisfies Record<Right, string>;

function isForPrograms(request: Request, path: string): boolean {
  return path.startsWith("/api/") || /\bjson\b/.test(request.headers.get("accept") ?? "");
}
