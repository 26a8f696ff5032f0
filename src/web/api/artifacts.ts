/** Artifacts: listed, opened file by file, or sent as one zip; never shown as if they were our own pages. */

import type { ArtifactFileView, ArtifactView, Page } from "../../model/api.ts";
import { asBuildId } from "../../model/ids.ts";
import { openArtifact } from "../../store/artifact-content.ts";
import { readArtifactFiles } from "../../store/artifacts.ts";
import type { Artifact } from "../../store/artifacts.ts";
import { readBuild } from "../../store/builds.ts";
import { artifactFileKey } from "../../store/keys.ts";
import { json, notFound, problem } from "../http/answer.ts";
import type { Read } from "../http/body.ts";
import { serveObject } from "../http/object.ts";
import { readCount } from "../http/query.ts";
import { zipArtifacts } from "../http/zip.ts";
import type { Rooms } from "../rooms.ts";
import { readShownArtifacts } from "./build-view.ts";
import { viewArtifact, viewArtifactFile } from "./views.ts";

type ArtifactRooms = Pick<Rooms, "db" | "blobs" | "publicUrl">;

export async function getArtifacts(rooms: ArtifactRooms, build: string, request: Request): Promise<Response> {
  const artifacts = await readArtifacts(rooms.db, build, request);
  if (!artifacts.ok) return artifacts.answer;
  const items = artifacts.value.map((artifact) => viewArtifact(artifact, rooms.publicUrl));
  return json({ items, next: null } satisfies Page<ArtifactView>);
}

/** The list of its files. */
export async function getArtifact(
  rooms: ArtifactRooms,
  build: string,
  name: string,
  request: Request,
): Promise<Response> {
  const artifact = await findArtifact(rooms.db, build, name, request);
  if (!artifact.ok) return artifact.answer;
  const files = await readArtifactFiles(rooms.blobs, artifact.value);
  const items = files.map((file) => viewArtifactFile(artifact.value, file, rooms.publicUrl));
  return json({ items, next: null } satisfies Page<ArtifactFileView>);
}

/** Keys of R2 are no paths: `..` in one leads nowhere. */
export async function getArtifactFile(
  rooms: ArtifactRooms,
  build: string,
  name: string,
  request: Request,
): Promise<Response> {
  const artifact = await findArtifact(rooms.db, build, name, request);
  if (!artifact.ok) return artifact.answer;
  const path = readPath(request.url);
  if (path === null) return problem(400, "The file's path is not percent-encoded UTF-8.");
  if (artifact.value.archive !== undefined) return await sendMember(rooms.blobs, artifact.value, path, request);
  const answer = await serveObject(rooms.blobs, artifactFileKey(artifact.value.prefix, path), request, {
    "content-type": "application/octet-stream",
    ...download(path.slice(path.lastIndexOf("/") + 1)),
  });
  return answer ?? notFound("file", path);
}

/** A file within the archive that an action sent: unpacked while it is read, hence always whole. */
async function sendMember(blobs: R2Bucket, artifact: Artifact, path: string, request: Request): Promise<Response> {
  const { files, open } = await openArtifact(blobs, artifact);
  const file = files.find((one) => one.path === path);
  if (!file) return notFound("file", path);
  const headers = {
    "content-type": "application/octet-stream",
    "content-length": String(file.bytes),
    "cache-control": "private, no-cache",
    ...download(path.slice(path.lastIndexOf("/") + 1)),
  };
  if (request.method === "HEAD") return new Response(null, { headers });
  const opened = await open(file);
  return opened ? new Response(opened.body, { headers }) : notFound("file", path);
}

export async function getArtifactZip(
  rooms: ArtifactRooms,
  build: string,
  name: string,
  request: Request,
): Promise<Response> {
  const artifact = await findArtifact(rooms.db, build, name, request);
  if (!artifact.ok) return artifact.answer;
  const zip = zipArtifacts(rooms.blobs, [{ artifact: artifact.value, folder: "" }]);
  return sendZip(zip, `${name}.zip`);
}

/** All artifacts of a build, each in a folder of its name. */
export async function getArtifactsZip(rooms: ArtifactRooms, build: string, request: Request): Promise<Response> {
  const artifacts = await readArtifacts(rooms.db, build, request);
  if (!artifacts.ok) return artifacts.answer;
  const kept = artifacts.value.filter((artifact) => !isExpired(artifact));
  const zip = zipArtifacts(
    rooms.blobs,
    kept.map((artifact) => ({ artifact, folder: artifact.name })),
  );
  return sendZip(zip, `artifacts-${build}.zip`);
}

function sendZip(zip: ReadableStream<Uint8Array>, name: string): Response {
  const headers = { "content-type": "application/zip", "cache-control": "private, no-cache", ...download(name) };
  return new Response(zip, { headers });
}

/** What a build made is somebody else's: it is saved, and a browser that opens it nevertheless gives it nothing of ours. */
export function download(name: string): Record<string, string> {
  const shown = name
    .replaceAll(/[\p{Cc}\p{Cf}\\/]/gu, "_")
    .slice(0, 200)
    .toWellFormed();
  const plain = shown.replaceAll(/[^\w.-]/g, "_");
  const encoded = encodeURIComponent(shown).replaceAll(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return {
    "content-disposition": `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
    "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
  };
}

/** What stands behind `files/`, decoded once. */
function readPath(url: string): string | null {
  const path = new URL(url).pathname.replace(/^.*?\/artifacts\/[^/]+\/files\//, "");
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

async function readArtifacts(db: D1Database, id: string, request: Request): Promise<Read<Artifact[]>> {
  const asked = readCount(new URL(request.url).searchParams.get("run_attempt") ?? undefined, "run_attempt");
  if (!asked.ok) return asked;
  const build = await readBuild(db, asBuildId(id));
  if (!build) return { ok: false, answer: notFound("build", id) };
  return { ok: true, value: await readShownArtifacts(db, build.id, asked.value ?? build.runAttempt) };
}

/** By name, among those of the run attempt that is asked for. */
export async function findArtifact(
  db: D1Database,
  build: string,
  name: string,
  request: Request,
): Promise<Read<Artifact>> {
  const artifacts = await readArtifacts(db, build, request);
  if (!artifacts.ok) return artifacts;
  const found = artifacts.value.find((artifact) => artifact.name === name);
  if (!found) return { ok: false, answer: notFound("artifact", name) };
  if (!isExpired(found)) return { ok: true, value: found };
  return { ok: false, answer: problem(410, `It was kept until ${new Date(found.expiresAt).toISOString()}.`) };
}

function isExpired(artifact: Artifact): boolean {
  return artifact.expiresAt <= Date.now();
}
