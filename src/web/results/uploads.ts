/** Uploads of the cache and artifact services, from the reservation to the seal. */

import type { Attempt } from "../../model/job.ts";
import { UPLOAD_ADDRESS_MS } from "../../model/limits.ts";
import { sealBlob } from "../../store/blob.ts";
import type { Blob } from "../../store/blob.ts";
import { openUpload, sealUpload, uploadsNamed } from "../../store/uploads.ts";
import type { Upload, UploadAsked } from "../../store/uploads.ts";
import type { Rooms } from "../rooms.ts";
import { TwirpError } from "./twirp.ts";
import { signAddress } from "./urls.ts";

export type ResultsRooms = Pick<Rooms, "db" | "blobs" | "masterKey" | "publicUrl">;

/** What was asked for twice is given once. Throws `TwirpError` where another job reserved it. Answers with the address to send it to. */
export async function reserveUpload(
  rooms: ResultsRooms,
  attempt: Attempt,
  asked: Omit<UploadAsked, "id" | "attemptId" | "repositoryId" | "prefix">,
  prefixOf: (unique: string) => string,
): Promise<string> {
  const of = { ...asked, attemptId: attempt.id, repositoryId: attempt.repositoryId };
  const reserved = await uploadsNamed(rooms.db, of);
  if (reserved.some(({ attemptId, saved }) => attemptId !== attempt.id && !saved))
    throw new TwirpError("already_exists", `another job is uploading ${asked.kind} ${asked.name}`);
  const own = reserved.find(({ attemptId, sealedAt }) => attemptId === attempt.id && sealedAt === null);
  return await uploadAddress(rooms, own ?? (await open(rooms, of, prefixOf)));
}

async function open(
  rooms: ResultsRooms,
  of: Omit<UploadAsked, "id" | "prefix">,
  prefixOf: (unique: string) => string,
): Promise<Pick<Upload, "attemptId" | "id">> {
  const id = crypto.randomUUID();
  const opened = await openUpload(rooms.db, { ...of, id, prefix: prefixOf(id) }, Date.now()).run();
  if (opened.meta.changes === 0) throw new TwirpError("failed_precondition", "this job has made too many uploads");
  return { attemptId: of.attemptId, id };
}

/** Azure's client wants a container and a name in the path. */
async function uploadAddress(rooms: ResultsRooms, { attemptId, id }: Pick<Upload, "attemptId" | "id">) {
  return await signAddress(rooms, "up", `/results/uploads/${attemptId}/${id}`, Date.now() + UPLOAD_ADDRESS_MS);
}

/** From here on nothing more is taken. A second time gives the same. Throws `TwirpError` where it is not there as announced. */
export async function finishUpload(
  rooms: ResultsRooms,
  attempt: Attempt,
  named: Pick<Upload, "kind" | "name" | "version" | "scope">,
  bytes: number,
): Promise<{ upload: Upload; blob: Blob }> {
  const known = await uploadsNamed(rooms.db, { ...named, repositoryId: attempt.repositoryId });
  const own = known.find(({ attemptId }) => attemptId === attempt.id);
  const upload = own && (await sealUpload(rooms.db, own, Date.now()));
  if (!upload) throw new TwirpError("not_found", `no upload of ${named.kind} ${named.name} was begun`);
  if (upload.list === null) throw new TwirpError("failed_precondition", "nothing was uploaded");
  const blob = await sealBlob(rooms.blobs, upload.prefix, upload.list);
  if (blob.bytes !== bytes)
    throw new TwirpError("invalid_argument", `${bytes} bytes were announced, ${blob.bytes} bytes were uploaded`);
  return { upload, blob };
}
