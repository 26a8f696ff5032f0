/** `actions/download-artifact`: files of this build's artifacts back into a sandbox. */

import picomatch from "picomatch";
import type { UsesStep } from "../../model/workflow.ts";
import { openArtifact } from "../../store/artifact-content.ts";
import type { OpenFile } from "../../store/artifact-content.ts";
import { artifactsOfBuild, newestArtifacts } from "../../store/artifacts.ts";
import type { Artifact } from "../../store/artifacts.ts";
import type { Session } from "../session.ts";
import { askCancelled } from "../step/follow.ts";
import { absolute } from "../step/match-files.ts";
import { openLog, readBoolean, readInput } from "../step/work.ts";
import type { StepWork, WorkResult } from "../step/work.ts";

const DOWNLOADS_AT_ONCE = 4;

export async function downloadArtifact(work: StepWork, step: UsesStep): Promise<WorkResult> {
  const { session } = work;
  const name = readInput(step, work, "name", "");
  const pattern = readInput(step, work, "pattern", "");
  await openLog(work, [`##[group]Run ${step.uses}`, `name: ${name || pattern || "all"}`, "##[endgroup]"]);
  const { build, attempt } = session.facts;
  const all = newestArtifacts(await artifactsOfBuild(session.env.DB, build.id), attempt.runAttempt);
  const chosen = all.filter((one) => isWanted(one, name, pattern));
  if (name !== "" && chosen.length === 0) return missing(name, all);
  const target = absolute(session.workspace, session.booted.home, readInput(step, work, "path", "") || ".");
  const merge = name !== "" || readBoolean(readInput(step, work, "merge-multiple", "false")) === true;
  const files: WantedFile[] = [];
  const lines: string[] = [];
  for (const artifact of chosen) {
    const folder = merge ? target : `${target}/${artifact.name}`;
    const { files: own, open } = await openArtifact(session.env.STORE, artifact);
    files.push(...own.map((file) => ({ artifact, path: file.path, folder, open: () => open(file) })));
    lines.push(`${artifact.name}: ${own.length} files to ${folder}`);
  }
  const stopped = await downloadAll(work, files);
  return stopped ?? { state: "succeeded", exitCode: null, lines, outputs: { "download-path": target } };
}

interface WantedFile {
  artifact: Artifact;
  /** In the artifact. */
  path: string;
  /** In the sandbox. */
  folder: string;
  open: () => Promise<OpenFile | null>;
}

/** Null once all are there. What a slice before this one fetched is not fetched again. */
async function downloadAll(work: StepWork, files: readonly WantedFile[]): Promise<WorkResult | null> {
  const { session, follow } = work;
  let done = (work.memo as number | null) ?? 0;
  while (done < files.length) {
    const now = Date.now();
    const cancel = follow.cancelled === null ? await askCancelled(session, now) : null;
    if (cancel !== null) return { state: "cancelled", cancel };
    if (now >= follow.until) return { state: "running", memo: done, cancelled: null };
    const batch = files.slice(done, done + DOWNLOADS_AT_ONCE);
    await Promise.all(batch.map((file) => download(session, file)));
    done += batch.length;
  }
  return null;
}

function isWanted(artifact: Artifact, name: string, pattern: string): boolean {
  if (name !== "") return artifact.name === name;
  return pattern === "" || picomatch.isMatch(artifact.name, pattern);
}

function missing(name: string, all: readonly Artifact[]): WorkResult {
  const names = all.map((one) => one.name).join(", ") || "none";
  const detail = `This build has no artifact called ${name}; it has: ${names}`;
  return { state: "failed", exitCode: null, reason: "step_failed", detail };
}

/** A folder may be called `~`: the path is taken as it is. */
async function download(session: Session, { artifact, path, folder, open }: WantedFile): Promise<void> {
  if (path.split("/").includes("..")) throw new Error(`artifact ${artifact.name} names a file outside of itself`);
  const object = await open();
  if (object === null) throw new Error(`artifact ${artifact.name} lost its file ${path}`);
  await session.sandbox.writeFile(`${folder}/${path}`, object.body);
}
