/** Tokens of machines: made, listed and revoked by whoever administers; each shown once, when it is made. */

import { z } from "zod";
import type { CreatedToken, Page, TokenRequest, TokenView } from "../../model/api.ts";
import { MAX_API_TOKENS } from "../../model/limits.ts";
import { RIGHTS } from "../../model/right.ts";
import { listApiTokens, removeApiToken, saveApiToken } from "../../store/api-tokens.ts";
import type { ApiToken } from "../../store/api-tokens.ts";
import { recordAct } from "../../store/audit.ts";
import { findRepository } from "../../store/repositories.ts";
import type { StoredRepository } from "../../store/repositories.ts";
import { drawSecret, findSignedIn, hashSecret, removeSessionsOf } from "../../store/sessions.ts";
import { json, notFound, problem } from "../http/answer.ts";
import { readJson } from "../http/body.ts";
import type { Rooms } from "../rooms.ts";
import { repositoryName } from "./build-view.ts";

type TokenRooms = Pick<Rooms, "db" | "actor">;

const DAY_MS = 86_400_000;
const MAX_DAYS = 3660;

const tokenRequest = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "is up to 64 letters, digits, `.`, `_` and `-`"),
  scope: z.enum(RIGHTS),
  repository: z
    .string()
    .regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, "is OWNER/NAME")
    .optional(),
  expiresInDays: z.number().int().min(1).max(MAX_DAYS).optional(),
} satisfies Record<keyof TokenRequest, z.ZodType>);

export async function createToken(rooms: TokenRooms, request: Request): Promise<Response> {
  const asked = await readJson(request, tokenRequest);
  if (!asked.ok) return asked.answer;
  const { name, scope, repository } = asked.value;
  const only = repository === undefined ? null : await findNamed(rooms.db, repository);
  if (repository !== undefined && only === null) return notFound("repository", repository);
  if ((await listApiTokens(rooms.db)).length >= MAX_API_TOKENS)
    return problem(409, `There are ${MAX_API_TOKENS} tokens.`);
  const secret = `sandlot_${drawSecret()}`;
  const token = makeToken(secret, asked.value, only?.id ?? null, rooms.actor);
  if (!(await saveApiToken(rooms.db, token))) return problem(409, `There is a token ${name} already: revoke it first.`);
  const detail = `${name}: ${scope}${repository === undefined ? "" : ` of ${repository}`}`;
  await record(rooms, "token.create", detail, token.repositoryId);
  return json({ ...(await view(rooms, token)), token: secret } satisfies CreatedToken, 201);
}

function makeToken(
  secret: string,
  { name, scope, expiresInDays }: z.infer<typeof tokenRequest>,
  repositoryId: number | null,
  createdBy: string,
): ApiToken {
  const createdAt = Date.now();
  const expiresAt = expiresInDays === undefined ? null : createdAt + expiresInDays * DAY_MS;
  return { id: hashSecret(secret), name, scope, repositoryId, createdAt, createdBy, expiresAt };
}

async function findNamed(db: D1Database, repository: string): Promise<StoredRepository | null> {
  const [owner = "", name = ""] = repository.split("/");
  return await findRepository(db, owner, name);
}

export async function getTokens(rooms: TokenRooms): Promise<Response> {
  const tokens = await listApiTokens(rooms.db);
  const items = await Promise.all(tokens.map((token) => view(rooms, token)));
  return json({ items, next: null } satisfies Page<TokenView>);
}

export async function deleteToken(rooms: TokenRooms, name: string): Promise<Response> {
  const { meta } = await removeApiToken(rooms.db, name).run();
  if (meta.changes === 0) return notFound("token", name);
  await record(rooms, "token.revoke", name, null);
  return new Response(null, { status: 204 });
}

/** Signs a person out everywhere. */
export async function deleteSessions(rooms: TokenRooms, login: string): Promise<Response> {
  const userId = await findSignedIn(rooms.db, login);
  if (userId === null) return notFound("session of", login);
  await rooms.db.batch(removeSessionsOf(rooms.db, userId));
  await record(rooms, "session.revoke", login, null);
  return new Response(null, { status: 204 });
}

async function view({ db }: TokenRooms, token: ApiToken): Promise<TokenView> {
  const { name, scope, repositoryId, createdAt, createdBy, expiresAt } = token;
  const repository = repositoryId === null ? null : await repositoryName(db, repositoryId);
  return { name, scope, repository, createdAt, createdBy, expiresAt };
}

async function record(
  { db, actor: who }: TokenRooms,
  what: "token.create" | "token.revoke" | "session.revoke",
  detail: string,
  repositoryId: number | null,
): Promise<void> {
  await recordAct(db, { at: Date.now(), who, what, repositoryId, detail }).run();
}
