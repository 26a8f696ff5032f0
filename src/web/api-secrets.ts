/** Secrets of a repository: written, listed by name, never read back. */

import { z } from "zod";
import type { Page, SecretView } from "../model/api.ts";
import { MAX_SECRET_CHARS, MIN_SECRET_CHARS } from "../model/limits.ts";
import { findRepository } from "../store/repositories.ts";
import type { StoredRepository } from "../store/repositories.ts";
import { readMasterKey, seal, SealError } from "../store/seal.ts";
import { isSecretName, listSecrets, removeSecret, saveSecret, secretContext } from "../store/secrets.ts";
import { json, notFound, problem } from "./answer.ts";
import { readJson } from "./body.ts";
import type { Read } from "./body.ts";
import type { RepositoryName, Rooms } from "./rooms.ts";

type SecretRooms = Pick<Rooms, "db" | "masterKey">;

const secretRequest = z.strictObject({
  value: z
    .string()
    .min(MIN_SECRET_CHARS, `holds at least ${MIN_SECRET_CHARS} characters: a shorter one would mask half the log`)
    .max(MAX_SECRET_CHARS, `holds at most ${MAX_SECRET_CHARS} characters`),
});

export async function getSecrets(rooms: SecretRooms, of: RepositoryName): Promise<Response> {
  const repository = await readRepository(rooms, of);
  if (!repository.ok) return repository.answer;
  const page: Page<SecretView> = { items: await listSecrets(rooms.db, repository.value.id), next: null };
  return json(page);
}

export async function getSecret(rooms: SecretRooms, of: RepositoryName, name: string): Promise<Response> {
  const repository = await readRepository(rooms, of);
  if (!repository.ok) return repository.answer;
  const secrets = await listSecrets(rooms.db, repository.value.id);
  const found = secrets.find((secret) => secret.name === name.toUpperCase());
  return found ? json(found satisfies SecretView) : notFound("secret", name);
}

export async function putSecret(
  rooms: SecretRooms,
  of: RepositoryName,
  name: string,
  request: Request,
): Promise<Response> {
  if (!isSecretName(name)) {
    return problem(
      400,
      "A secret's name is made of letters, digits and _, and starts with neither a digit nor GITHUB_.",
    );
  }
  const asked = await readJson(request, secretRequest);
  if (!asked.ok) return asked.answer;
  const repository = await readRepository(rooms, of);
  if (!repository.ok) return repository.answer;
  const { id } = repository.value;
  const sealed = await sealSecret(rooms.masterKey, asked.value.value, secretContext(id, name));
  if (!sealed.ok) return sealed.answer;
  await saveSecret(rooms.db, id, name, sealed.value, Date.now()).run();
  return new Response(null, { status: 204 });
}

export async function deleteSecret(rooms: SecretRooms, of: RepositoryName, name: string): Promise<Response> {
  const repository = await readRepository(rooms, of);
  if (!repository.ok) return repository.answer;
  const { meta } = await removeSecret(rooms.db, repository.value.id, name).run();
  return meta.changes > 0 ? new Response(null, { status: 204 }) : notFound("secret", name);
}

/** Where the Worker has no usable master key, its owner is told how to make one. */
async function sealSecret(masterKey: string, value: string, context: string): Promise<Read<string>> {
  try {
    return { ok: true, value: await seal(await readMasterKey(masterKey), value, context) };
  } catch (error) {
    if (error instanceof SealError && error.reason === "key") return { ok: false, answer: problem(503, error.message) };
    throw error;
  }
}

async function readRepository(rooms: SecretRooms, { owner, repo }: RepositoryName): Promise<Read<StoredRepository>> {
  const repository = await findRepository(rooms.db, owner, repo);
  if (repository) return { ok: true, value: repository };
  const detail = `Sandlot has not heard of ${owner}/${repo} yet: it does with the first webhook that GitHub sends.`;
  return { ok: false, answer: problem(404, detail) };
}
