/** Log streams for tests, each new, and ways to fill and to read them. */

import { env } from "cloudflare:workers";
import { bytesOf, joinBytes, textOf } from "../../../src/logs/bytes.ts";
import type { ArchiveIndex, LogCarry } from "../../../src/logs/stream.ts";

let count = 0;
export const carryOf = (stopToken: string): LogCarry => ({
  midLine: false,
  swallow: false,
  stopToken,
  echo: false,
  annotated: { notice: 0, warning: 0, error: 0 },
});
export const makeStream = () => env.LOG_STREAM.get(env.LOG_STREAM.idFromName(`attempt-${count++}`));
type Stream = ReturnType<typeof makeStream>;

export const write = (stream: Stream, step: number, fromRaw: number, text: string, carry: LogCarry | null = null) =>
  stream.append({
    step,
    fromRaw,
    toRaw: fromRaw + bytesOf(text).length,
    text: bytesOf(text),
    carry,
    at: 1000 + fromRaw,
  });

/** All from an offset on, in pieces; a gap is shown as `<n>`. */
export async function readAll(stream: Stream, from = 0, maxBytes = 1 << 20): Promise<string> {
  const parts: Uint8Array[] = [];
  for (let at = from; ;) {
    const result = await stream.read(at, maxBytes, 0);
    if (result.cut > 0) parts.push(bytesOf(`<${result.cut}>`));
    if (result.bytes.length === 0) return textOf(joinBytes(parts));
    if (result.next !== result.from + result.bytes.length)
      throw new Error("A read does not end where the next begins.");
    parts.push(result.bytes);
    at = result.next;
  }
}

export async function archiveOf(stream: Stream): Promise<{ index: ArchiveIndex; text: string; bytes: Uint8Array }> {
  await stream.end(9000);
  const { index, body } = await stream.archive();
  const bytes = new Uint8Array(await new Response(body).arrayBuffer());
  return { index, text: textOf(bytes), bytes };
}
