/** Artifacts as one zip, written while it is read: of any size, in the memory of one piece. */

import { makeZip } from "client-zip";
import { openArtifact } from "../../store/artifact-content.ts";
import type { Artifact } from "../../store/artifacts.ts";

/** `folder` is where in the zip its files lie; "" for its root. */
export function zipArtifacts(
  blobs: R2Bucket,
  artifacts: { artifact: Artifact; folder: string }[],
): ReadableStream<Uint8Array> {
  return makeZip(entries(blobs, artifacts));
}

async function* entries(blobs: R2Bucket, artifacts: { artifact: Artifact; folder: string }[]) {
  const taken = new Set<string>();
  for (const { artifact, folder } of artifacts) {
    const { files, open } = await openArtifact(blobs, artifact);
    for (const file of files) {
      const object = await open(file);
      // Ends the download with an error: a zip that silently lacks a file would be worse.
      if (!object) throw new Error(`${file.path} of artifact ${artifact.name} is gone.`);
      const name = freeName(safeName(`${folder}/${file.path}`), taken);
      yield { name, input: object.body, size: object.bytes, lastModified: new Date(artifact.createdAt) };
    }
  }
}

/** A relative path that stays below the folder it is unpacked in, on every system. */
export function safeName(path: string): string {
  const parts = path
    .split("/")
    .map((part) => part.replaceAll(/[\p{Cc}\\:*?"<>|]/gu, "_"))
    .filter((part) => part !== "" && part !== "." && part !== "..");
  return parts.join("/") || "_";
}

function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free.toLowerCase()); n += 1) free = `${name}-${n}`;
  taken.add(free.toLowerCase());
  return free;
}
