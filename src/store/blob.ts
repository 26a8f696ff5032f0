/** A blob that was sent in blocks: each an object of R2, never copied together, and a list that says in which order they are read. */

import { createHash } from "node:crypto";
import { MAX_BLOCKS } from "../model/limits.ts";

interface Block {
  /** Its part of the key. */
  name: string;
  bytes: number;
  etag: string;
}

export interface Blob {
  prefix: string;
  bytes: number;
  blocks: Block[];
}

/** For what is sent in one piece. */
export const WHOLE = "whole";

/** A block's id is up to 64 bytes in base64, all of one length within a blob; null for anything else. */
export function blockName(id: string): string | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(id) || id.length > 88) return null;
  return Buffer.from(id, "base64").toString("hex");
}

const blockKey = (prefix: string, name: string): string => `${prefix}/blocks/${name}`;
const listKey = (prefix: string, digest: string): string => `${prefix}/lists/${digest}.json`;
const blobKey = (prefix: string): string => `${prefix}/blob.json`;

/** The last of one name counts. `body` must be of known length: R2 takes no other. */
export async function putBlock(
  bucket: R2Bucket,
  prefix: string,
  name: string,
  body: ReadableStream<Uint8Array> | ArrayBuffer,
): Promise<void> {
  await bucket.put(blockKey(prefix, name), body);
}

/** Writes the list under its own digest, so that one that comes late changes none that was taken. Null where a block is missing. */
export async function putBlockList(
  bucket: R2Bucket,
  prefix: string,
  names: readonly string[],
): Promise<{ digest: string; bytes: number } | null> {
  const there = await readBlocks(bucket, prefix);
  const blocks: Block[] = [];
  for (const name of names) {
    const block = there.get(name);
    if (block === undefined) return null;
    blocks.push(block);
  }
  const bytes = blocks.reduce((sum, block) => sum + block.bytes, 0);
  const text = JSON.stringify({ bytes, blocks });
  const digest = createHash("sha256").update(text).digest("hex");
  await bucket.put(listKey(prefix, digest), text);
  return { digest, bytes };
}

async function readBlocks(bucket: R2Bucket, prefix: string): Promise<Map<string, Block>> {
  const folder = blockKey(prefix, "");
  const blocks = new Map<string, Block>();
  let cursor: string | undefined;
  do {
    const page: R2Objects = await bucket.list({ prefix: folder, ...(cursor !== undefined && { cursor }) });
    for (const { key, size, etag } of page.objects) {
      const name = key.slice(folder.length);
      blocks.set(name, { name, bytes: size, etag });
    }
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined && blocks.size <= MAX_BLOCKS);
  return blocks;
}

/** From here on the blob is what this list says. */
export async function sealBlob(bucket: R2Bucket, prefix: string, digest: string): Promise<Blob> {
  const list = await bucket.get(listKey(prefix, digest));
  if (list === null) throw new Error(`${prefix} lost its list of blocks`);
  const text = await list.text();
  await bucket.put(blobKey(prefix), text);
  return { prefix, ...(JSON.parse(text) as Omit<Blob, "prefix">) };
}

/** Null where there is none, or no longer. */
export async function readBlob(bucket: R2Bucket, prefix: string): Promise<Blob | null> {
  const object = await bucket.get(blobKey(prefix));
  return object && { prefix, ...(await object.json<Omit<Blob, "prefix">>()) };
}

/** A stretch of it, read block by block. Ends in an error where a block is gone or is not the one that was listed. */
export function streamBlob(bucket: R2Bucket, blob: Blob, offset: number, length: number): ReadableStream<Uint8Array> {
  const { readable, writable } = new FixedLengthStream(length);
  pour(bucket, blob, { from: offset, to: offset + length }, writable).catch((error: unknown) => {
    // Whoever reads gets the error, or has left.
    writable.abort(error).catch(() => {});
  });
  return readable;
}

async function pour(
  bucket: R2Bucket,
  blob: Blob,
  stretch: { from: number; to: number },
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  let start = 0;
  for (const { name, bytes, etag } of blob.blocks) {
    const from = Math.max(stretch.from, start);
    const to = Math.min(stretch.to, start + bytes);
    if (from < to) {
      const range = { offset: from - start, length: to - from };
      const object = await bucket.get(blockKey(blob.prefix, name), { range, onlyIf: { etagMatches: etag } });
      if (object === null || !("body" in object)) throw new Error(`${blob.prefix} lost its block ${name}`);
      await object.body.pipeTo(writable, { preventClose: true });
    }
    start += bytes;
  }
  await writable.close();
}

/** For what is small. Cut where the blob ends. */
export async function readBytes(bucket: R2Bucket, blob: Blob, offset: number, length: number): Promise<Uint8Array> {
  const there = Math.max(0, Math.min(length, blob.bytes - offset));
  return new Uint8Array(await new Response(streamBlob(bucket, blob, offset, there)).arrayBuffer());
}

/** R2 deletes a thousand at once. */
export async function removeBlob(bucket: R2Bucket, prefix: string): Promise<void> {
  for (;;) {
    const { objects } = await bucket.list({ prefix: `${prefix}/` });
    if (objects.length === 0) return;
    await bucket.delete(objects.map(({ key }) => key));
  }
}
