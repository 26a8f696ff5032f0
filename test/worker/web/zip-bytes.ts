/** Writes zips as honest programs do, and as nobody should. */

import { crc32, deflateRawSync } from "node:zlib";

export interface Member {
  name: string;
  content?: string;
  /** Stored unless. */
  deflate?: boolean;
  /** A Unix mode: `0o120777` for a link. */
  mode?: number;
  method?: number;
  flags?: number;
  /** What the directory says instead of the truth. */
  size?: number;
  crc32?: number;
  offset?: number;
  /** Sizes and offset in the extra field of 64 bits. */
  zip64?: boolean;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export function zipOf(members: readonly Member[], options: { comment?: string; zip64?: boolean } = {}) {
  const parts: Uint8Array[] = [];
  let at = 0;
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    at += bytes.length;
  };
  const headers = members.map((member) => {
    const offset = at;
    const packed = pack(member);
    for (const bytes of [localHeader(member, packed), encode(member.name), packed]) add(bytes);
    return directoryEntry(member, packed, offset);
  });
  const directory = at;
  for (const header of headers) add(header);
  const size = at - directory;
  if (options.zip64) add(end64({ entries: members.length, size, directory, at }));
  const comment = encode(options.comment ?? "");
  const end = new DataView(new ArrayBuffer(22));
  const [entries, bytes, from] = options.zip64 ? [0xffff, 0xffffffff, 0xffffffff] : [members.length, size, directory];
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, entries, true);
  end.setUint16(10, entries, true);
  end.setUint32(12, bytes, true);
  end.setUint32(16, from, true);
  end.setUint16(20, comment.length, true);
  add(new Uint8Array(end.buffer));
  add(comment);
  return join(parts, at);
}

function pack({ content = "", deflate }: Member): Uint8Array {
  return deflate ? new Uint8Array(deflateRawSync(encode(content))) : encode(content);
}

const methodOf = ({ method, deflate }: Member): number => method ?? (deflate ? 8 : 0);

function localHeader(member: Member, packed: Uint8Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(30));
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(8, methodOf(member), true);
  view.setUint32(18, packed.length, true);
  view.setUint16(26, encode(member.name).length, true);
  return new Uint8Array(view.buffer);
}

function directoryEntry(member: Member, packed: Uint8Array, offset: number): Uint8Array {
  const name = encode(member.name);
  const plain = encode(member.content ?? "");
  const extra = member.zip64 ? 28 : 0;
  const view = new DataView(new ArrayBuffer(46 + extra));
  const sizes = [member.size ?? plain.length, packed.length, member.offset ?? offset];
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(4, 0x0314, true);
  view.setUint16(8, member.flags ?? 0x0800, true);
  view.setUint16(10, methodOf(member), true);
  view.setUint32(16, member.crc32 ?? crc32(plain), true);
  [24, 20, 42].forEach((field, nth) => view.setUint32(field, member.zip64 ? 0xffffffff : (sizes[nth] ?? 0), true));
  view.setUint16(28, name.length, true);
  view.setUint16(30, extra, true);
  view.setUint32(38, (member.mode ?? 0o100644) * 0x10000, true);
  if (member.zip64) {
    view.setUint16(46, 1, true);
    view.setUint16(48, 24, true);
    sizes.forEach((value, nth) => view.setBigUint64(50 + 8 * nth, BigInt(value), true));
  }
  const bytes = new Uint8Array(view.buffer);
  return join([bytes.subarray(0, 46), name, bytes.subarray(46)], 46 + name.length + extra);
}

function end64({ entries, size, directory, at }: { entries: number; size: number; directory: number; at: number }) {
  const view = new DataView(new ArrayBuffer(76));
  view.setUint32(0, 0x06064b50, true);
  view.setBigUint64(4, 44n, true);
  for (const field of [24, 32]) view.setBigUint64(field, BigInt(entries), true);
  view.setBigUint64(40, BigInt(size), true);
  view.setBigUint64(48, BigInt(directory), true);
  view.setUint32(56, 0x07064b50, true);
  view.setBigUint64(64, BigInt(at), true);
  view.setUint32(72, 1, true);
  return new Uint8Array(view.buffer);
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
