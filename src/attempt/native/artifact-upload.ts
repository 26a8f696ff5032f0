/** `actions/upload-artifact`: every file becomes an object of its own, streamed, with its sha256 checked by R2. */

import { DEFAULT_ARTIFACT_RETENTION_DAYS, MAX_ARTIFACT_FILES } from "../../model/limits.ts";
import type { UsesStep } from "../../model/workflow.ts";
import {
  artifactsOfBuild,
  madeBy,
  refusedArtifactName,
  saveArtifact,
  saveArtifactFiles,
} from "../../store/artifacts.ts";
import type { Artifact } from "../../store/artifacts.ts";
import { artifactFileKey, artifactPrefix, prefixNumber } from "../../store/keys.ts";
import type { Session } from "../session.ts";
import { openLog, readBoolean, readInput, readLines } from "../step/work.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import { chooseFiles } from "./artifact-files.ts";
import type { ChosenFile } from "./artifact-files.ts";

const UPLOADS_AT_ONCE = 4;
/** R2's limit of a key; ours are percent-encoded, so characters are bytes. */
const MAX_KEY_BYTES = 1024;
const DAY_MS = 24 * 60 * 60_000;

interface Inputs {
  name: string;
  patterns: string[];
  ifNoFilesFound: "warn" | "error" | "ignore";
  retentionDays: number;
  overwrite: boolean;
  hidden: boolean;
}

export async function uploadArtifact(work: StepWork, step: UsesStep): Promise<WorkResult> {
  const inputs = readInputs(work, step);
  if ("why" in inputs) return failure(inputs.why);
  await openLog(work, [`##[group]Run ${step.uses}`, `name: ${inputs.name}`, ...inputs.patterns, "##[endgroup]"]);
  const { session } = work;
  const choice = await chooseFiles(session, { ...inputs, maxFiles: MAX_ARTIFACT_FILES });
  if ("refused" in choice) return failure(choice.refused);
  const lines = choice.warnings.map((warning) => `##[warning]${warning}`);
  if (choice.files.length === 0) return nothingFound(inputs, lines);
  const artifact = describe(work, inputs, choice.files);
  const long = choice.files.find(({ path }) => artifactFileKey(artifact.prefix, path).length > MAX_KEY_BYTES);
  if (long) return failure(`R2 can't hold a file with so long a path: ${long.path.slice(0, 200)}`, lines);
  const taken = await takenBy(session, artifact, inputs);
  if (taken !== null) return failure(taken, lines);
  const done = await upload(session, artifact, choice.files, {
    from: (work.memo as number | null) ?? 0,
    until: work.follow.until,
  });
  if (done < choice.files.length) return { state: "running", memo: done, cancelled: null };
  await saveArtifactFiles(
    session.env.STORE,
    artifact.prefix,
    choice.files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
  );
  const saved = await saveArtifact(session.env.DB, artifact, inputs).run();
  if (saved.meta.changes === 0) return failure(nameTaken(inputs.name), lines);
  lines.push(
    `Artifact ${inputs.name}: ${artifact.files} files, ${artifact.bytes} bytes, kept ${inputs.retentionDays} days`,
  );
  return {
    state: "succeeded",
    exitCode: null,
    lines,
    outputs: {
      "artifact-id": String(prefixNumber(artifact.prefix)),
      "artifact-url": `${session.env.PUBLIC_URL}/api/builds/${artifact.buildId}/artifacts/${encodeURIComponent(inputs.name)}`,
    },
  };
}

function readInputs(work: StepWork, step: UsesStep): Inputs | { why: string } {
  const name = readInput(step, work, "name", "artifact") || "artifact";
  const patterns = readLines(readInput(step, work, "path", ""));
  const ifNoFilesFound = readInput(step, work, "if-no-files-found", "warn");
  const days = Number(readInput(step, work, "retention-days", "0"));
  const why = refusal(name, patterns, days);
  if (why !== null) return { why };
  if (ifNoFilesFound !== "warn" && ifNoFilesFound !== "error" && ifNoFilesFound !== "ignore")
    return { why: `if-no-files-found must be warn, error or ignore, got: ${ifNoFilesFound}` };
  return {
    name,
    patterns,
    ifNoFilesFound,
    retentionDays: days === 0 ? DEFAULT_ARTIFACT_RETENTION_DAYS : days,
    overwrite: readBoolean(readInput(step, work, "overwrite", "false")) === true,
    hidden: readBoolean(readInput(step, work, "include-hidden-files", "false")) === true,
  };
}

function refusal(name: string, patterns: readonly string[], days: number): string | null {
  const badName = refusedArtifactName(name);
  if (badName !== null) return badName;
  if (patterns.length === 0) return "path is empty: name at least one file, folder or pattern";
  const allowed = Number.isInteger(days) && days >= 0 && days <= DEFAULT_ARTIFACT_RETENTION_DAYS;
  return allowed ? null : `retention-days must be 1 to ${DEFAULT_ARTIFACT_RETENTION_DAYS}`;
}

function nothingFound({ ifNoFilesFound, patterns }: Inputs, lines: string[]): WorkResult {
  const why = `No files were found with the path: ${patterns.join(", ")}`;
  if (ifNoFilesFound === "error") return failure(why, lines);
  if (ifNoFilesFound === "warn") lines.push(`##[warning]${why}. Nothing is uploaded.`);
  return { state: "succeeded", exitCode: null, lines };
}

function describe({ session, id }: StepWork, inputs: Inputs, files: readonly ChosenFile[]): Artifact {
  const { attempt } = session.facts;
  const now = Date.now();
  return {
    ...madeBy(attempt),
    name: inputs.name,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    createdAt: now,
    expiresAt: now + inputs.retentionDays * DAY_MS,
    prefix: artifactPrefix(
      attempt.repositoryId,
      attempt.buildId,
      attempt.runAttempt,
      inputs.name,
      `${attempt.id}-${id}`,
    ),
  };
}

/** Known before anything is sent: another job took the name. */
async function takenBy(session: Session, artifact: Artifact, { name, overwrite }: Inputs): Promise<string | null> {
  if (overwrite) return null;
  const others = await artifactsOfBuild(session.env.DB, artifact.buildId);
  const taken = others.some(
    (other) => other.name === name && other.runAttempt === artifact.runAttempt && other.prefix !== artifact.prefix,
  );
  return taken ? nameTaken(name) : null;
}

function nameTaken(name: string): string {
  return `This build already has an artifact called ${name}: choose another name, or set overwrite`;
}

/** How many of the files are there; less than all where the slice was over. */
async function upload(
  session: Session,
  artifact: Artifact,
  files: readonly ChosenFile[],
  { from, until }: { from: number; until: number },
): Promise<number> {
  let done = from;
  while (done < files.length && Date.now() < until) {
    const batch = files.slice(done, done + UPLOADS_AT_ONCE);
    await Promise.all(batch.map((file) => uploadFile(session, artifact, file)));
    done += batch.length;
  }
  return done;
}

async function uploadFile({ env, sandbox }: Session, artifact: Artifact, file: ChosenFile): Promise<void> {
  const { size, body } = await sandbox.readFile(file.source);
  const fixed = new FixedLengthStream(size);
  // R2 refuses what does not have this hash: the file changed between the two looks.
  const [stored] = await Promise.all([
    env.STORE.put(artifactFileKey(artifact.prefix, file.path), fixed.readable, { sha256: file.sha256 }),
    body.pipeTo(fixed.writable),
  ]);
  if (stored === null) throw new Error(`R2 did not take ${file.path}`);
}

function failure(detail: string, lines: string[] = []): WorkResult {
  return { state: "failed", exitCode: null, reason: "step_failed", detail, lines };
}
