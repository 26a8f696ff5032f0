/** What GitHub lets the people do who signed in here: asked with their own token, remembered for minutes. */

import { GitHubFault } from "../../github/client.ts";
import { listPersonsRights, personOctokit, readPersonsRight } from "../../github/people.ts";
import { refreshTokens } from "../../github/sign-in.ts";
import type { UserTokens } from "../../github/sign-in.ts";
import { NO_RIGHT_TTL_MS, RIGHT_TTL_MS, TOKEN_RENEW_BEFORE_MS } from "../../model/limits.ts";
import { log } from "../../model/log.ts";
import type { Right } from "../../model/right.ts";
import {
  readGitHubRight,
  readListedRepositories,
  saveGitHubRight,
  saveListedRights,
} from "../../store/github-rights.ts";
import type { StoredRepository } from "../../store/repositories.ts";
import { openSealed, readMasterKey, seal, SealError } from "../../store/seal.ts";
import { readSealedTokens, removeSession, replaceSealedTokens, sessionContext } from "../../store/sessions.ts";
import type { Session } from "../../store/sessions.ts";
import type { Rooms } from "../rooms.ts";

const RENEWAL_LOOKS = 5;
const RENEWAL_LOOK_EVERY_MS = 300;

export type PeopleRooms = Pick<Rooms, "db" | "masterKey" | "previousMasterKey" | "signIn">;

/** `fresh` asks GitHub whatever is remembered: for what cannot be taken back. */
export async function personsRight(
  rooms: PeopleRooms,
  session: Session,
  repository: StoredRepository,
  { fresh }: { fresh: boolean },
): Promise<Right | null> {
  const now = Date.now();
  const known = fresh ? null : await readGitHubRight(rooms.db, session.userId, repository.id);
  // Who was just let in shall not wait long; who was shut out is, within the longer time.
  const ttl = known?.right === null ? NO_RIGHT_TTL_MS : RIGHT_TTL_MS;
  if (known && known.askedAt > now - ttl) return known.right;
  const right = await withToken(rooms, session, (octokit) => readPersonsRight(octokit, repository));
  await saveGitHubRight(rooms.db, session.userId, repository.id, { right, askedAt: now }).run();
  return right;
}

/** Ids of the repositories that lists show this person. */
export async function personsRepositories(rooms: PeopleRooms, session: Session): Promise<number[]> {
  const now = Date.now();
  const known = await readListedRepositories(rooms.db, session.userId, now - RIGHT_TTL_MS);
  if (known) return known;
  const rights = (await withToken(rooms, session, listPersonsRights)) ?? new Map<number, Right>();
  await saveListedRights(rooms.db, session.userId, rights, now);
  return [...rights.keys()];
}

/** Null, and the session ended, where GitHub takes the person's token no longer. Throws where GitHub cannot be asked. */
async function withToken<T>(
  rooms: PeopleRooms,
  session: Session,
  ask: (octokit: ReturnType<typeof personOctokit>) => Promise<T>,
): Promise<T | null> {
  const token = await readToken(rooms, session);
  if (token !== null && rooms.signIn) {
    try {
      return await ask(personOctokit(rooms.signIn, token));
    } catch (error) {
      if (!(error instanceof GitHubFault && error.reason === "unauthorized")) throw error;
    }
  }
  await removeSession(rooms.db, session.id).run();
  log("session.ended", { login: session.login, why: "GitHub takes its token no longer" });
  return null;
}

/** Null where it has ended and cannot be renewed. */
async function readToken(rooms: PeopleRooms, session: Session): Promise<string | null> {
  const tokens = await openTokens(rooms, session.id, session.sealed);
  if (tokens === null) return null;
  const now = Date.now();
  if (tokens.expiresAt === null || tokens.expiresAt - now > TOKEN_RENEW_BEFORE_MS) return tokens.accessToken;
  if (tokens.refreshToken === null || !rooms.signIn) return tokens.expiresAt > now ? tokens.accessToken : null;
  const renewed = await refreshTokens(rooms.signIn, tokens.refreshToken, now);
  if (!renewed.ok) return await readRenewed(rooms, session);
  const sealed = await sealTokens(rooms, session.id, renewed.tokens);
  await replaceSealedTokens(rooms.db, session.id, session.sealed, sealed).run();
  return renewed.tokens.accessToken;
}

/** A refresh token works once: where it does not, a request at the same time was the one, and is about to say what it got. */
async function readRenewed(rooms: PeopleRooms, session: Session): Promise<string | null> {
  for (let looks = 0; looks < RENEWAL_LOOKS; looks++) {
    const sealed = await readSealedTokens(rooms.db, session.id);
    if (sealed === null) return null;
    if (sealed !== session.sealed) return (await openTokens(rooms, session.id, sealed))?.accessToken ?? null;
    await new Promise((resolve) => setTimeout(resolve, RENEWAL_LOOK_EVERY_MS));
  }
  return null;
}

export async function sealTokens(
  rooms: Pick<Rooms, "masterKey" | "previousMasterKey">,
  id: string,
  tokens: UserTokens,
): Promise<string> {
  const key = await readMasterKey(rooms.masterKey, rooms.previousMasterKey);
  return await seal(key, JSON.stringify(tokens), sessionContext(id));
}

/** Null where they were sealed under a master key that is gone. */
async function openTokens(
  rooms: Pick<Rooms, "masterKey" | "previousMasterKey">,
  id: string,
  sealed: string,
): Promise<UserTokens | null> {
  const key = await readMasterKey(rooms.masterKey, rooms.previousMasterKey);
  try {
    return JSON.parse(await openSealed(key, sealed, sessionContext(id))) as UserTokens;
  } catch (error) {
    if (error instanceof SealError && error.reason === "other_key") return null;
    throw error;
  }
}
