/** The artifact service that `@actions/artifact` calls. What it sends is shown, listed and downloaded like a native artifact. */

import { z } from "zod";
import type { Attempt } from "../../model/job.ts";
import { DEFAULT_ARTIFACT_RETENTION_DAYS, DOWNLOAD_ADDRESS_MS } from "../../model/limits.ts";
import {
  artifactsOfBuild,
  newestArtifacts,
  refusedArtifactName,
  removeArtifact,
  saveArtifact,
  saveArtifactFiles,
  madeBy,
} from "../../store/artifacts.ts";
import type { Artifact, ArtifactFile } from "../../store/artifacts.ts";
import { readBytes, removeBlob } from "../../store/blob.ts";
import type { Blob } from "../../store/blob.ts";
import { artifactPrefix, prefixNumber } from "../../store/keys.ts";
import { forgetUpload, markSaved } from "../../store/uploads.ts";
import type { Upload } from "../../store/uploads.ts";
import { readZipDirectory } from "../../store/zip-directory.ts";
import { readCaller } from "./caller.ts";
import { TwirpError, answerTwirp, ids, long, readMessage } from "./twirp.ts";
import { finishUpload, reserveUpload } from "./uploads.ts";
import type { ResultsRooms } from "./uploads.ts";
import { signAddress } from "./urls.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Of R2's 1024 bytes of a key, what the blocks' names leave. */
const MAX_PREFIX_CHARS = 800;
const ZIP = "application/zip";

const name = z.string().superRefine((text, context) => {
  const message = refusedArtifactName(text);
  if (message !== null) context.addIssue({ code: "custom", message });
});

const Create = z.object({
  ...ids,
  name,
  expires_at: z.iso.datetime({ offset: true }).optional(),
  mime_type: z.string().max(255).optional(),
});
const Finalize = z.object({ ...ids, name, size: long.default(0), hash: z.string().max(255).optional() });
const List = z.object({ ...ids, name_filter: z.string().optional(), id_filter: long.optional() });
const Named = z.object({ ...ids, name });

/** The caller and its message; a message about another build than the token's is refused. */
async function receive<T extends { workflow_run_backend_id: string }>(
  rooms: ResultsRooms,
  request: Request,
  schema: z.ZodType<T>,
): Promise<{ attempt: Attempt; asked: T }> {
  const attempt = await readCaller(rooms, request);
  const asked = await readMessage(request, schema);
  if (asked.workflow_run_backend_id !== attempt.buildId)
    throw new TwirpError("permission_denied", "the token is for another run");
  return { attempt, asked };
}

export function createArtifact(rooms: ResultsRooms, request: Request): Promise<Response> {
  return answerTwirp(async () => {
    const { attempt, asked } = await receive(rooms, request, Create);
    const prefixOf = (unique: string) =>
      artifactPrefix(attempt.repositoryId, attempt.buildId, attempt.runAttempt, asked.name, unique);
    if (prefixOf(crypto.randomUUID()).length > MAX_PREFIX_CHARS)
      throw new TwirpError("invalid_argument", "the artifact's name is too long");
    const artifacts = await artifactsOfBuild(rooms.db, attempt.buildId);
    if (artifacts.some((one) => one.name === asked.name && one.runAttempt === attempt.runAttempt))
      throw new TwirpError("already_exists", "an artifact with this name already exists on the workflow run");
    const upload = {
      ...named(attempt, asked.name),
      mimeType: asked.mime_type ?? ZIP,
      expiresAt: expiry(asked.expires_at, Date.now()),
    };
    return { ok: true, signed_upload_url: await reserveUpload(rooms, attempt, upload, prefixOf) };
  });
}

/** An artifact's name counts within one run attempt. */
function named({ buildId, runAttempt }: Attempt, artifact: string) {
  return { kind: "artifact", name: artifact, version: "", scope: `${buildId}/${runAttempt}` } as const;
}

function expiry(asked: string | undefined, now: number): number {
  const latest = now + DEFAULT_ARTIFACT_RETENTION_DAYS * DAY_MS;
  if (asked === undefined) return latest;
  const at = Date.parse(asked);
  if (at <= now) throw new TwirpError("invalid_argument", "expires_at is over");
  return Math.min(at, latest);
}

export function finalizeArtifact(rooms: ResultsRooms, request: Request): Promise<Response> {
  return answerTwirp(async () => {
    const { attempt, asked } = await receive(rooms, request, Finalize);
    const { upload, blob } = await finishUpload(rooms, attempt, named(attempt, asked.name), asked.size);
    const files = await readFiles(rooms.blobs, upload, blob);
    await saveArtifactFiles(rooms.blobs, upload.prefix, files);
    const artifact = describe(attempt, upload, { files, bytes: blob.bytes, digest: asked.hash ?? null });
    const [saved] = await rooms.db.batch([
      saveArtifact(rooms.db, artifact, { overwrite: false }),
      markSaved(rooms.db, upload),
    ]);
    if (saved?.meta.changes === 0)
      throw new TwirpError("already_exists", "an artifact with this name already exists on the workflow run");
    return { ok: true, artifact_id: String(prefixNumber(upload.prefix)) };
  });
}

/** What is no zip is an artifact of one file that has the artifact's name. */
async function readFiles(bucket: R2Bucket, upload: Upload, blob: Blob): Promise<ArtifactFile[]> {
  if (upload.mimeType !== ZIP) {
    const entry = { offset: -1, compressed: blob.bytes, crc32: 0 };
    return [{ path: upload.name, bytes: blob.bytes, sha256: null, entry }];
  }
  const read = await readZipDirectory((offset, length) => readBytes(bucket, blob, offset, length), blob.bytes);
  if (!read.ok) throw new TwirpError("invalid_argument", `the artifact's zip is refused: ${read.why}`);
  return read.files.map((file) => ({ ...file, sha256: null }));
}

function describe(
  attempt: Attempt,
  upload: Upload,
  sent: { files: readonly ArtifactFile[]; bytes: number; digest: string | null },
): Artifact {
  const now = Date.now();
  return {
    ...madeBy(attempt),
    name: upload.name,
    files: sent.files.length,
    bytes: sent.files.reduce((sum, file) => sum + file.bytes, 0),
    createdAt: now,
    expiresAt: upload.expiresAt ?? expiry(undefined, now),
    prefix: upload.prefix,
    archive: { bytes: sent.bytes, mimeType: upload.mimeType ?? ZIP, digest: sent.digest },
  };
}

export function listArtifacts(rooms: ResultsRooms, request: Request): Promise<Response> {
  return answerTwirp(async () => {
    const { attempt, asked } = await receive(rooms, request, List);
    const seen = await seenBy(rooms, attempt);
    const wanted = seen.filter(
      (one) =>
        (asked.name_filter === undefined || one.name === asked.name_filter) &&
        (asked.id_filter === undefined || prefixNumber(one.prefix) === asked.id_filter),
    );
    return { artifacts: wanted.map(viewOf) };
  });
}

/** As the native download sees them: of each name the newest of this run attempt and those before. */
async function seenBy(rooms: ResultsRooms, attempt: Attempt): Promise<Artifact[]> {
  const all = await artifactsOfBuild(rooms.db, attempt.buildId);
  return newestArtifacts(all, attempt.runAttempt).filter(({ expiresAt }) => expiresAt > Date.now());
}

function viewOf(artifact: Artifact): Record<string, unknown> {
  const { archive } = artifact;
  return {
    workflow_run_backend_id: artifact.buildId,
    workflow_job_run_backend_id: artifact.jobId,
    database_id: String(prefixNumber(artifact.prefix)),
    name: artifact.name,
    size: String(archive?.bytes ?? artifact.bytes),
    created_at: new Date(artifact.createdAt).toISOString(),
    ...(archive?.digest && { digest: archive.digest }),
  };
}

async function findNamed(rooms: ResultsRooms, attempt: Attempt, asked: string): Promise<Artifact> {
  const found = (await seenBy(rooms, attempt)).find((one) => one.name === asked);
  if (!found) throw new TwirpError("not_found", `this run has no artifact ${asked}`);
  return found;
}

export function getSignedArtifactUrl(rooms: ResultsRooms, request: Request): Promise<Response> {
  return answerTwirp(async () => {
    const { attempt, asked } = await receive(rooms, request, Named);
    const artifact = await findNamed(rooms, attempt, asked.name);
    const path = `/results/artifacts/${artifact.buildId}/${artifact.runAttempt}/${encodeURIComponent(artifact.name)}`;
    return { signed_url: await signAddress(rooms, "down", path, Date.now() + DOWNLOAD_ADDRESS_MS) };
  });
}

export function deleteArtifact(rooms: ResultsRooms, request: Request): Promise<Response> {
  return answerTwirp(async () => {
    const { attempt, asked } = await receive(rooms, request, Named);
    const artifact = await findNamed(rooms, attempt, asked.name);
    await rooms.db.batch([removeArtifact(rooms.db, artifact), forgetUpload(rooms.db, artifact)]);
    await removeBlob(rooms.blobs, artifact.prefix);
    return { ok: true, artifact_id: String(prefixNumber(artifact.prefix)) };
  });
}
