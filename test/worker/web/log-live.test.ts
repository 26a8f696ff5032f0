import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LivePatch } from "../../../src/logs/wire.ts";
import {
  archiveLog,
  ask,
  numbered,
  read,
  rows,
  seedLog,
  type SeededLog,
  streamOf,
  visit,
  writeLog,
} from "./log-seed.ts";
import { migrate, seedRepository } from "./support.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
});
beforeEach(() => {
  env.PAGES = "open";
});

/** What a page does with patches, with rows as texts. */
class Screen {
  readonly #rows = new Map<number, string>();
  apply({ from, reset, parts }: LivePatch): void {
    for (const number of this.#rows.keys()) if (reset || number >= from) this.#rows.delete(number);
    for (const [number, html] of read(parts)) {
      if (this.#rows.has(number)) throw new Error(`Line ${number} came twice.`);
      this.#rows.set(number, html);
    }
  }
  get rows(): [number, string][] {
    return [...this.#rows];
  }
}

async function openSocket(
  log: SeededLog,
  headers: Record<string, string> = { origin: "http://127.0.0.1" },
): Promise<WebSocket> {
  const answer = await visit(`${log.path}/log/live?attempt=1`, { upgrade: "websocket", ...headers });
  if (!answer.webSocket) throw new Error(`It was answered with ${answer.status}.`);
  answer.webSocket.accept();
  return answer.webSocket;
}

async function hear(socket: WebSocket, cursor: unknown): Promise<LivePatch | "gone"> {
  const { promise, resolve } = Promise.withResolvers<LivePatch | "gone">();
  socket.addEventListener("message", ({ data }) => resolve(JSON.parse(String(data)) as LivePatch | "gone"), {
    once: true,
  });
  socket.send(JSON.stringify(cursor));
  return await promise;
}

const START = { offset: 0, midLine: false, seen: 0, group: null };

describe("a log that is followed", () => {
  it("has no gap and no line twice, wherever the connection breaks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom("a line\n", "half ", "x\r", "##[group]g\n", "##[endgroup]\n", "ü\n", "1\n2\n3\n"),
            fc.constantFrom("keep", "drop", "poll"),
          ),
          { minLength: 1, maxLength: 25 },
        ),
        async (turns) => {
          const log = await seedLog();
          const screen = new Screen();
          let socket = await openSocket(log);
          let cursor: unknown = START;
          for (const [text, then] of turns) {
            await writeLog(log, text);
            if (then === "poll") {
              const patch = await ask<LivePatch>(log, "live", { cursor: JSON.stringify(cursor) });
              screen.apply(patch);
              cursor = patch.next;
            } else {
              const patch = await hear(socket, cursor);
              if (patch === "gone") throw new Error("It is there.");
              screen.apply(patch);
              // The page did not hear it: what it asks again it is told again.
              if (then === "keep") cursor = patch.next;
              else {
                socket.close();
                socket = await openSocket(log);
              }
            }
          }
          await streamOf(log.attempt.id).end(log.at);
          for (let isOver = false; !isOver;) {
            const patch = await hear(socket, cursor);
            if (patch === "gone") throw new Error("It is there.");
            screen.apply(patch);
            cursor = patch.next;
            isOver = patch.ended;
          }
          socket.close();
          expect(screen.rows).toEqual(read((await rows(log)).parts));
        },
      ),
      { numRuns: 15 },
    );
  });

  it("tells a page that waits as soon as something comes", async () => {
    const log = await seedLog();
    const socket = await openSocket(log);
    const waiting = hear(socket, START);
    await writeLog(log, "news\n");
    expect(await waiting).toMatchObject({ from: 1, ended: false });
    socket.close();
  });

  it("goes on in the archive where the stream was emptied meanwhile", async () => {
    const log = await seedLog();
    await writeLog(log, numbered(10));
    const socket = await openSocket(log);
    const patch = await hear(socket, START);
    await writeLog(log, "last\n");
    await archiveLog(log);
    if (patch === "gone") throw new Error("It is there.");
    expect(await hear(socket, patch.next)).toBe("gone");
    const rest = await ask<LivePatch>(log, "live", { cursor: JSON.stringify(patch.next) });
    expect([read(rest.parts), rest.ended]).toEqual([[[11, "last"]], true]);
  });

  it("is taken up near its end by a page that is far behind", async () => {
    const log = await seedLog();
    for (let at = 0; at < 8; at++) await writeLog(log, `${"y".repeat(99)}\n`.repeat(5000));
    const patch = await ask<LivePatch>(log, "live", { cursor: JSON.stringify(START) });
    expect(patch.reset).toBe(true);
    expect(read(patch.parts)[0]?.[0]).toBe(patch.from);
    expect(read(patch.parts).at(-1)?.[0]).toBe(40_000);
  });

  it("shows a line without an end in part, and what follows it", async () => {
    const log = await seedLog();
    const screen = new Screen();
    let cursor: unknown = START;
    for (const text of ["z".repeat(600_000), "z".repeat(600_000), `z\nnext\n`]) {
      await writeLog(log, text);
      for (let before = ""; before !== JSON.stringify(cursor);) {
        before = JSON.stringify(cursor);
        const { seen } = cursor as { seen: number };
        if (seen === (await streamOf(log.attempt.id).size())) break;
        const patch = await ask<LivePatch>(log, "live", { cursor: before });
        screen.apply(patch);
        cursor = patch.next;
      }
    }
    expect(screen.rows.map(([number, text]) => [number, text.slice(0, 5)])).toEqual([
      [1, "zzzzz"],
      [2, "next"],
    ]);
  });

  it("is not told to a page of another site", async () => {
    const log = await seedLog();
    await expect(openSocket(log, { origin: "https://evil.example" })).rejects.toThrow("403");
    await expect(openSocket(log, {})).rejects.toThrow("403");
  });

  it("refuses what is no place in a log", async () => {
    const log = await seedLog();
    const socket = await openSocket(log);
    const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
    socket.send('{"offset":-1}');
    expect(await closed).toBe(1008);
    expect((await visit(`${log.path}/log/live?attempt=1&cursor=x`)).status).toBe(400);
  });
});
