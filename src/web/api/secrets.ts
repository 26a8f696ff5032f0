/** Secrets of an owner, a repository or an environment: written, listed by name, never read back. */

import { z } from "zod";
import type { Page } from "../../model/api.ts";
import { MAX_SECRET_BYTES, MAX_SETTINGS, MIN_SECRET_CHARS, RESEAL_AT_ONCE } from "../../model/limits.ts";
import type { Resealed, SecretView } from "../../model/settings-api.ts";
import { recordAct } from "../../store/audit.ts";
import { isSettingName } from "../../store/scopes.ts";
import { openSealed, readMasterKey, seal, SealError } from "../../store/seal.ts";
import type { MasterKey } from "../../store/seal.ts";
import {
  listSecrets,
  removeSecret,
  replaceSealed,
  saveSecret,
  secretContext,
  secretsUnderOtherKeys,
} from "../../store/secrets.ts";
import { json, notFound, problem } from "../http/answer.ts";
import { readJson } from "../http/body.ts";
import type { Read } from "../http/body.ts";
import type { Rooms } from "../rooms.ts";
import { readScope } from "./scope.ts";
import type { ScopeName } from "./scope.ts";

type SecretRooms = Pick<Rooms, "db" | "masterKey" | "previousMasterKey" | "actor">;

/** What is hidden in logs is compared without the space around it. */
const secretRequest = z.strictObject({
  value: z
    .string()
    .refine(
      (value) => value.trim().length >= MIN_SECRET_CHARS,
      `holds at least ${MIN_SECRET_CHARS} characters: a shorter one would mask half the log`,
    )
    .refine((value) => bytesOf(value) <= MAX_SECRET_BYTES, `holds at most ${MAX_SECRET_BYTES} bytes`),
});

export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

export async function getSecrets(rooms: Pick<SecretRooms, "db">, of: ScopeName): Promise<Response> {
  const found = await readScope(rooms.db, of);
  if (!found.ok) return found.answer;
  const page: Page<SecretView> = { items: await listSecrets(rooms.db, found.value.scope), next: null };
  return json(page);
}

export async function getSecret(rooms: Pick<SecretRooms, "db">, of: ScopeName, name: string): Promise<Response> {
  const found = await readScope(rooms.db, of);
  if (!found.ok) return found.answer;
  const secrets = await listSecrets(rooms.db, found.value.scope);
  const secret = secrets.find((one) => one.name === name.toUpperCase());
  return secret ? json(secret satisfies SecretView) : notFound("secret", name);
}

export async function putSecret(rooms: SecretRooms, of: ScopeName, name: string, request: Request): Promise<Response> {
  if (!isSettingName(name)) return badName("secret");
  const asked = await readJson(request, secretRequest);
  if (!asked.ok) return asked.answer;
  const found = await readScope(rooms.db, of);
  if (!found.ok) return found.answer;
  const { scope, repositoryId, label } = found.value;
  const key = await readKey(rooms);
  if (!key.ok) return key.answer;
  const sealed = await seal(key.value, asked.value.value, secretContext(scope, name));
  const at = Date.now();
  const max = MAX_SETTINGS[scope.kind].secrets;
  const saved = await saveSecret(rooms.db, scope, { name, sealed, at }, max).run();
  if (saved.meta.changes === 0) return problem(409, `There are ${max} secrets for ${label} already: remove one first.`);
  const detail = `${name.toUpperCase()} for ${label}`;
  await recordAct(rooms.db, { at, who: rooms.actor, what: "secret.set", repositoryId, detail }).run();
  return new Response(null, { status: 204 });
}

export function badName(noun: "secret" | "variable"): Response {
  return problem(
    400,
    `A ${noun}'s name is made of letters, digits and _, and starts with neither a digit nor GITHUB_.`,
  );
}

export async function deleteSecret(rooms: SecretRooms, of: ScopeName, name: string): Promise<Response> {
  const found = await readScope(rooms.db, of);
  if (!found.ok) return found.answer;
  const { scope, repositoryId, label } = found.value;
  const { meta } = await removeSecret(rooms.db, scope, name).run();
  if (meta.changes === 0) return notFound("secret", name);
  const detail = `${name.toUpperCase()} for ${label}`;
  await recordAct(rooms.db, { at: Date.now(), who: rooms.actor, what: "secret.remove", repositoryId, detail }).run();
  return new Response(null, { status: 204 });
}

/** Seals anew what was sealed under the key before; asked for again until nothing is left. */
export async function resealSecrets(rooms: SecretRooms): Promise<Response> {
  const read = await readKey(rooms);
  if (!read.ok) return read.answer;
  const key = read.value;
  const answer: Resealed = { resealed: 0, lost: [], more: false };
  const stored = await secretsUnderOtherKeys(rooms.db, key.id, RESEAL_AT_ONCE);
  for (const secret of stored) {
    const context = secretContext(secret.scope, secret.name);
    const value = await openOld(key, secret.sealed, context);
    if (value === null) {
      answer.lost.push(context.replace(/^secret\//, ""));
      continue;
    }
    await replaceSealed(rooms.db, secret, await seal(key, value, context)).run();
    answer.resealed += 1;
  }
  answer.more = stored.length === RESEAL_AT_ONCE && answer.resealed > 0;
  const detail = `${answer.resealed} sealed under the key that is set now, ${answer.lost.length} cannot be opened`;
  const act = { at: Date.now(), who: rooms.actor, what: "secrets.reseal", repositoryId: null, detail } as const;
  if (stored.length > 0) await recordAct(rooms.db, act).run();
  return json(answer);
}

/** Null where neither key opens it. */
async function openOld(key: MasterKey, sealed: string, context: string): Promise<string | null> {
  try {
    return await openSealed(key, sealed, context);
  } catch (error) {
    if (error instanceof SealError && error.reason !== "key") return null;
    throw error;
  }
}

/** Where the Worker has no usable master key, its owner is told how to make one. */
async function readKey({ masterKey, previousMasterKey }: SecretRooms): Promise<Read<MasterKey>> {
  try {
    return { ok: true, value: await readMasterKey(masterKey, previousMasterKey) };
  } catch (error) {
    if (error instanceof SealError && error.reason === "key") return { ok: false, answer: problem(503, error.message) };
    throw error;
  }
}
