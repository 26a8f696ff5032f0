/** Saves the artifacts of a build into a folder: one folder for each, every file checked against its hash. */

import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";

import type { ArtifactFileView, ArtifactView } from "../model/api.ts";
import type { ApiClient } from "./api-client.ts";

/** Returns the folder. Throws where a file does not arrive as it was stored. */
export async function saveArtifact(api: ApiClient, artifact: ArtifactView, into: string): Promise<string> {
  const folder = inside(resolve(into), artifact.name);
  await mkdir(folder, { recursive: true });
  for (const file of await api.listArtifactFiles(artifact.url)) await saveFile(api, file, folder);
  return folder;
}

async function saveFile(api: ApiClient, file: ArtifactFileView, folder: string): Promise<void> {
  const path = inside(folder, file.path);
  await mkdir(dirname(path), { recursive: true });
  const hash = createHash("sha256");
  let size = 0;
  const body = await api.readArtifactFile(file.url);
  await pipeline(
    body as unknown as AsyncIterable<Uint8Array>,
    async function* hashed(chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(path),
  );
  const differs = file.sha256 === null ? size !== file.bytes : hash.digest("hex") !== file.sha256;
  if (differs) throw new Error(`${file.path} did not arrive as it was stored.`);
}

/** A name that leads out of the folder is refused: it comes from what was built. */
function inside(folder: string, name: string): string {
  const path = resolve(join(folder, name));
  if (!path.startsWith(`${folder}${sep}`)) throw new Error(`${name} leads out of ${folder}.`);
  return path;
}
