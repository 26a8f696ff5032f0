/** The files of an artifact, however they are kept: objects of their own, or members of the archive that an action sent. */

import { crc32 } from "node:zlib";
import { readArtifactFiles } from "./artifacts.ts";
import type { ArchiveEntry, Artifact, ArtifactFile } from "./artifacts.ts";
import { readBlob, readBytes, streamBlob } from "./blob.ts";
import type { Blob } from "./blob.ts";
import { artifactFileKey } from "./keys.ts";

export interface OpenFile {
  bytes: number;
  body: ReadableStream<Uint8Array>;
}

export interface OpenArtifact {
  files: ArtifactFile[];
  /** Null where its bytes are gone. What an archive holds is checked while it is read. */
  open: (file: ArtifactFile) => Promise<OpenFile | null>;
}

type Kept = Pick<Artifact, "prefix" | "archive">;

export async function openArtifact(bucket: R2Bucket, artifact: Kept): Promise<OpenArtifact> {
  const files = await readArtifactFiles(bucket, artifact);
  const blob = artifact.archive === undefined ? null : await readBlob(bucket, artifact.prefix);
  return {
    files,
    open: async (file) => {
      if (file.entry === undefined) return await openObject(bucket, artifactFileKey(artifact.prefix, file.path));
      return blob && { bytes: file.bytes, body: await readEntry(bucket, blob, file.bytes, file.entry) };
    },
  };
}

async function openObject(bucket: R2Bucket, key: string): Promise<OpenFile | null> {
  const object = await bucket.get(key);
  return object && { bytes: object.size, body: object.body };
}

const LOCAL_HEADER_BYTES = 30;

async function readEntry(
  bucket: R2Bucket,
  blob: Blob,
  bytes: number,
  entry: ArchiveEntry,
): Promise<ReadableStream<Uint8Array>> {
  if (entry.offset < 0) return streamBlob(bucket, blob, 0, blob.bytes);
  const header = await readBytes(bucket, blob, entry.offset, LOCAL_HEADER_BYTES);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (header.length < LOCAL_HEADER_BYTES || view.getUint32(0, true) !== 0x04034b50)
    throw new Error(`${blob.prefix} has no file at ${entry.offset}`);
  const from = entry.offset + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (from + entry.compressed > blob.bytes) throw new Error(`${blob.prefix} ends within a file`);
  const packed = streamBlob(bucket, blob, from, entry.compressed);
  const plain = entry.deflated ? packed.pipeThrough(new DecompressionStream("deflate-raw")) : packed;
  return plain.pipeThrough(checking(bytes, entry.crc32)).pipeThrough(new FixedLengthStream(bytes));
}

/** Lets through what was announced, and ends in an error where it is not that. */
function checking(bytes: number, sum: number): TransformStream<Uint8Array, Uint8Array> {
  let [size, found] = [0, 0];
  return new TransformStream({
    transform(chunk, controller) {
      size += chunk.length;
      if (size > bytes) throw new Error("a file of an archive is larger than it says");
      found = crc32(chunk, found);
      controller.enqueue(chunk);
    },
    flush() {
      if (size !== bytes || found !== sum) throw new Error("a file of an archive is not what it says");
    },
  });
}
