/** `actions/download-artifact`: files of this build's artifacts back into a sandbox. */

import picomatch from "picomatch";
import type { UsesStep } from "../model/workflow.ts";
import { artifactsOfBuild, readArtifactFiles } from "../store/artifacts.ts";
import type { Artifact, ArtifactFile } from "../store/artifacts.ts";
import { artifactFileKey } from "../store/keys.ts";
import { absolute } from "./match-files.ts";
import type { Session } from "./session.ts";
import { openLog, readBoolean, readInput } from "./work.ts";
import type { StepWork, WorkResult } from "./work.ts";

export async function downloadArtifact(work: StepWork, step: UsesStep): Promise<WorkResult> {
  const { session } = work;
  const name = readInput(step, work, "name", "");
  const pattern = readInput(step, work, "pattern", "");
  await openLog(work, [`##[group]Run ${step.uses}`, `name: ${name || pattern || "all"}`, "##[endgroup]"]);
  const all = newest(await artifactsOfBuild(session.env.DB, session.facts.build.id), session.facts.attempt.runAttempt);
  const chosen = all.filter((one) => isWanted(one, name, pattern));
  if (name !== "" && chosen.length === 0) return missing(name, all);
  const target = absolute(session.workspace, session.booted.home, readInput(step, work, "path", "") || ".");
  const merge = name !== "" || readBoolean(readInput(step, work, "merge-multiple", "false")) === true;
  const lines: string[] = [];
  for (const artifact of chosen) {
    const folder = merge ? target : `${target}/${artifact.name}`;
    const files = await readArtifactFiles(session.env.STORE, artifact);
    for (const file of files) await download(session, artifact, file, folder);
    lines.push(`${artifact.name}: ${files.length} files to ${folder}`);
  }
  return { state: "succeeded", exitCode: null, lines, outputs: { "download-path": target } };
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

/** Of each name the one of the latest run attempt that is not after this one. */
function newest(artifacts: readonly Artifact[], runAttempt: number): Artifact[] {
  const byName = new Map<string, Artifact>();
  for (const artifact of artifacts) if (artifact.runAttempt <= runAttempt) byName.set(artifact.name, artifact);
  return [...byName.values()];
}

async function download(session: Session, artifact: Artifact, file: ArtifactFile, folder: string): Promise<void> {
  const object = await session.env.STORE.get(artifactFileKey(artifact.prefix, file.path));
  if (object === null) throw new Error(`artifact ${artifact.name} lost its file ${file.path}`);
  // Our own manifest: its paths were relative and normalised when they were written.
  await session.sandbox.writeFile(absolute(folder, session.booted.home, file.path), object.body);
}
