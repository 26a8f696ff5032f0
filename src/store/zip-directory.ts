/** Reads what a zip holds from its central directory alone, and trusts nothing that stands there. */

import { MAX_ARTIFACT_FILES, MAX_UNPACKED_BYTES, MAX_ZIP_DIRECTORY_BYTES } from "../model/limits.ts";
import type { ArchiveEntry } from "./artifacts.ts";

interface ZipFile {
  path: string;
  bytes: number;
  entry: ArchiveEntry;
}

/** A stretch of the zip; shorter where it ends. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

export type ZipReading = { ok: true; files: ZipFile[] } | { ok: false; why: string };

class ZipError extends Error {
  override readonly name = "ZipError";
}

/** `size` in bytes. Folders are left out. Names lead nowhere but down, and no entry is a link. */
export async function readZipDirectory(read: ReadAt, size: number): Promise<ZipReading> {
  try {
    const end = await findEnd(read, size);
    if (end.entries > 2 * MAX_ARTIFACT_FILES || end.bytes > MAX_ZIP_DIRECTORY_BYTES)
      throw new ZipError(`an artifact holds at most ${MAX_ARTIFACT_FILES} files`);
    const entries = readEntries(await read(end.offset, end.bytes), end);
    const files = entries.filter(({ path }) => !path.endsWith("/")).map(({ file }) => file);
    checkAll(entries, files, end.offset);
    return { ok: true, files };
  } catch (error) {
    if (error instanceof ZipError) return { ok: false, why: error.message };
    throw error;
  }
}

interface End {
  entries: number;
  /** The central directory. */
  offset: number;
  bytes: number;
}

const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR_BYTES = 20;
const MAX_COMMENT_BYTES = 0xffff;

/** https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT §4.3.14 to §4.3.16 */
async function findEnd(read: ReadAt, size: number): Promise<End> {
  const from = Math.max(0, size - END_BYTES - MAX_COMMENT_BYTES - LOCATOR_BYTES);
  const tail = viewOf(await read(from, size - from));
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) !== 0x06054b50) continue;
    if (at + END_BYTES + tail.getUint16(at + 20, true) !== tail.byteLength) continue;
    const large = await readEnd64(read, tail, at - LOCATOR_BYTES);
    const end = large ?? {
      entries: tail.getUint16(at + 10, true),
      bytes: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
    if (end.offset + end.bytes > from + at) throw new ZipError("its directory lies outside of it");
    return end;
  }
  throw new ZipError("it is no zip");
}

async function readEnd64(read: ReadAt, tail: DataView, at: number): Promise<End | null> {
  if (at < 0 || tail.getUint32(at, true) !== 0x07064b50) return null;
  const end = viewOf(await read(readLong(tail, at + 8), END64_BYTES));
  if (end.byteLength < END64_BYTES || end.getUint32(0, true) !== 0x06064b50) throw new ZipError("its end is broken");
  return { entries: readLong(end, 32), bytes: readLong(end, 40), offset: readLong(end, 48) };
}

interface Entry {
  path: string;
  /** The least that it takes in the zip, from its offset on. */
  extent: number;
  file: ZipFile;
}

const HEADER_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;

function readEntries(bytes: Uint8Array, end: End): Entry[] {
  const view = viewOf(bytes);
  const entries: Entry[] = [];
  for (let at = 0; entries.length < end.entries;) {
    if (at + HEADER_BYTES > view.byteLength || view.getUint32(at, true) !== 0x02014b50)
      throw new ZipError("its directory is broken");
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const next = at + HEADER_BYTES + name + extra + comment;
    if (next > view.byteLength) throw new ZipError("its directory is broken");
    entries.push(readEntry(view, at, { name, extra }));
    at = next;
  }
  return entries;
}

function readEntry(view: DataView, at: number, length: { name: number; extra: number }): Entry {
  const path = readName(new Uint8Array(view.buffer, view.byteOffset + at + HEADER_BYTES, length.name));
  const method = view.getUint16(at + 10, true);
  if ((view.getUint16(at + 8, true) & 0x2001) !== 0) throw new ZipError(`${shown(path)} is encrypted`);
  if (method !== 0 && method !== 8) throw new ZipError(`${shown(path)} is packed by method ${method}`);
  checkType(path, view.getUint32(at + 38, true));
  const { bytes, compressed, offset } = readSizes(view, at, length);
  if (method === 0 && bytes !== compressed) throw new ZipError(`${shown(path)} has two sizes`);
  const entry = {
    offset,
    compressed,
    ...(method === 8 && { deflated: true as const }),
    crc32: view.getUint32(at + 16, true),
  };
  return { path, extent: LOCAL_HEADER_BYTES + length.name + compressed, file: { path, bytes, entry } };
}

/** The larger numbers stand in the extra field 1, each only where its 32 bits are full (§4.5.3). */
function readSizes(view: DataView, at: number, length: { name: number; extra: number }) {
  const plain = [24, 20, 42].map((field) => view.getUint32(at + field, true));
  let from = at + HEADER_BYTES + length.name;
  const until = from + length.extra;
  let large = { at: 0, until: 0 };
  while (from + 4 <= until) {
    const end = from + 4 + view.getUint16(from + 2, true);
    if (view.getUint16(from, true) === 1 && end <= until) large = { at: from + 4, until: end };
    from = end;
  }
  const [bytes = 0, compressed = 0, offset = 0] = plain.map((value) => {
    if (value !== 0xffffffff) return value;
    if (large.at + 8 > large.until) throw new ZipError("its directory is broken");
    large.at += 8;
    return readLong(view, large.at - 8);
  });
  return { bytes, compressed, offset };
}

/** The upper half holds a Unix mode, where there is one: a file, a folder, or nothing said. */
function checkType(path: string, attributes: number): void {
  const type = (attributes >>> 16) & 0xf000;
  if (type !== 0 && type !== 0x8000 && type !== 0x4000) throw new ZipError(`${shown(path)} is a link or a device`);
}

const MAX_PATH_BYTES = 1024;

function readName(bytes: Uint8Array): string {
  const path = decode(bytes);
  const parts = path.replace(/\/$/, "").split("/");
  const leads = parts.some((part) => part === "" || part === "." || part === "..");
  if (path === null || leads || /[\\\0]/.test(path) || /^[A-Za-z]:/.test(path))
    throw new ZipError(`it names a file ${shown(path)}`);
  if (bytes.length > MAX_PATH_BYTES) throw new ZipError(`the path of a file is too long: ${shown(path)}`);
  return path;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new ZipError("the name of a file is not UTF-8");
    throw error;
  }
}

/** What no entry shows alone: names that exclude each other, entries that share bytes, more than anybody should unpack. */
function checkAll(entries: readonly Entry[], files: readonly ZipFile[], directory: number): void {
  if (files.length > MAX_ARTIFACT_FILES) throw new ZipError(`an artifact holds at most ${MAX_ARTIFACT_FILES} files`);
  const paths = new Set(files.map(({ path }) => path));
  if (paths.size < files.length) throw new ZipError("two files have one name");
  for (const { path } of files) {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1))
      if (paths.has(path.slice(0, at))) throw new ZipError(`${shown(path)} lies in a file`);
  }
  const unpacked = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (unpacked > MAX_UNPACKED_BYTES) throw new ZipError(`it comes to more than ${MAX_UNPACKED_BYTES} bytes`);
  let taken = 0;
  for (const { file, extent } of entries.toSorted((a, b) => a.file.entry.offset - b.file.entry.offset)) {
    if (file.entry.offset < taken) throw new ZipError("its files overlap");
    taken = file.entry.offset + extent;
  }
  if (taken > directory) throw new ZipError("its files lie outside of it");
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Of 64 bits; what JavaScript cannot hold is larger than any zip here. */
function readLong(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw new ZipError("it names a place outside of it");
  return value;
}

const shown = (path: string): string => JSON.stringify(path.slice(0, 100));
