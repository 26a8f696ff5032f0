/** Artifacts: a row in D1, in R2 every file an object of its own (or one archive that an action sent), and a manifest beside them. */

import { asAttemptId, asBuildId, asJobId } from "../model/ids.ts";
import type { AttemptId, BuildId, JobId } from "../model/ids.ts";
import type { Attempt } from "../model/job.ts";
import { artifactManifestKey } from "./keys.ts";

export interface Artifact {
  buildId: BuildId;
  runAttempt: number;
  name: string;
  repositoryId: number;
  jobId: JobId;
  attemptId: AttemptId;
  files: number;
  bytes: number;
  createdAt: number;
  expiresAt: number;
  prefix: string;
  /** Only where an action sent it as one blob (blob.ts), under the prefix. */
  archive?: ArtifactArchive;
}

type Maker = Pick<Artifact, "buildId" | "runAttempt" | "repositoryId" | "jobId" | "attemptId">;

/** The part of an artifact that says which attempt made it. */
export function madeBy({ id, buildId, runAttempt, repositoryId, jobId }: Attempt): Maker {
  return { buildId, runAttempt, repositoryId, jobId, attemptId: id };
}

interface ArtifactArchive {
  bytes: number;
  mimeType: string;
  /** `sha256:…` as its sender says. */
  digest: string | null;
}

export interface ArtifactFile {
  /** Relative, with `/`, never leaving the artifact. */
  path: string;
  bytes: number;
  /** Lowercase hex; null for what lies in an archive, which has its own checksum. */
  sha256: string | null;
  /** Where it lies in the artifact's archive. */
  entry?: ArchiveEntry;
}

export interface ArchiveEntry {
  /** Of its local header; -1 where the archive is the file itself. */
  offset: number;
  compressed: number;
  /** Only where it is deflated, else stored. */
  deflated?: true;
  crc32: number;
}

interface ArtifactRow {
  build_id: string;
  run_attempt: number;
  name: string;
  repository_id: number;
  job_id: string;
  attempt_id: string;
  files: number;
  bytes: number;
  created_at: number;
  expires_at: number;
  prefix: string;
  archive: string | null;
}

function fromRow(row: ArtifactRow): Artifact {
  return {
    buildId: asBuildId(row.build_id),
    runAttempt: row.run_attempt,
    name: row.name,
    repositoryId: row.repository_id,
    jobId: asJobId(row.job_id),
    attemptId: asAttemptId(row.attempt_id),
    files: row.files,
    bytes: row.bytes,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    prefix: row.prefix,
    ...(row.archive !== null && { archive: JSON.parse(row.archive) as ArtifactArchive }),
  };
}

/** The first of a name stands unless `overwrite`; an attempt may write its own again. Changes no row where refused. */
export function saveArtifact(db: D1Database, artifact: Artifact, options: { overwrite: boolean }): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO artifacts (build_id, run_attempt, name, repository_id, job_id, attempt_id, files, bytes, created_at,
         expires_at, prefix, archive)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13)
       ON CONFLICT DO UPDATE SET job_id = ?5, attempt_id = ?6, files = ?7, bytes = ?8, created_at = ?9, expires_at = ?10,
         prefix = ?11, archive = ?13 WHERE ?12 OR prefix = ?11`,
    )
    .bind(
      artifact.buildId,
      artifact.runAttempt,
      artifact.name,
      artifact.repositoryId,
      artifact.jobId,
      artifact.attemptId,
      artifact.files,
      artifact.bytes,
      artifact.createdAt,
      artifact.expiresAt,
      artifact.prefix,
      options.overwrite ? 1 : 0,
      artifact.archive ? JSON.stringify(artifact.archive) : null,
    );
}

/** All of a build, every run attempt; the newest of a name last. */
export async function artifactsOfBuild(db: D1Database, build: BuildId): Promise<Artifact[]> {
  const rows = await db
    .prepare("SELECT * FROM artifacts WHERE build_id = ? ORDER BY name, run_attempt")
    .bind(build)
    .all<ArtifactRow>();
  return rows.results.map(fromRow);
}

/** Of each name the one of the latest run attempt that is not after `runAttempt`. */
export function newestArtifacts(artifacts: readonly Artifact[], runAttempt: number): Artifact[] {
  const byName = new Map<string, Artifact>();
  for (const artifact of artifacts) if (artifact.runAttempt <= runAttempt) byName.set(artifact.name, artifact);
  return [...byName.values()];
}

export function removeArtifact(db: D1Database, artifact: Artifact): D1PreparedStatement {
  return db
    .prepare("DELETE FROM artifacts WHERE build_id = ? AND run_attempt = ? AND name = ? AND prefix = ?")
    .bind(artifact.buildId, artifact.runAttempt, artifact.name, artifact.prefix);
}

/** As GitHub's upload-artifact refuses them. */
const BAD_NAME = /["<>:|*?\r\n\\/]/;

/** Null for a name that may be used. */
export function refusedArtifactName(name: string): string | null {
  const bad = name === "" || name.length > 255 || BAD_NAME.test(name);
  return bad ? `An artifact can't be called ${JSON.stringify(name)}` : null;
}

export async function readArtifactFiles(blobs: R2Bucket, artifact: Pick<Artifact, "prefix">): Promise<ArtifactFile[]> {
  const object = await blobs.get(artifactManifestKey(artifact.prefix));
  return object ? ((await object.json()) satisfies unknown as ArtifactFile[]) : [];
}

export async function saveArtifactFiles(blobs: R2Bucket, prefix: string, files: ArtifactFile[]): Promise<void> {
  await blobs.put(artifactManifestKey(prefix), JSON.stringify(files), {
    httpMetadata: { contentType: "application/json" },
  });
}
