/** The pages that follow a live log over WebSockets, which outlive the memory of their Durable Object. */

import { z } from "zod";
import type { LiveCursor, LivePatch } from "./wire.ts";

/** More are told to ask by requests instead. */
const MAX_VIEWERS = 500;
const MAX_MESSAGE_CHARS = 500;

const cursorShape = z.object({
  offset: z.int().min(0),
  midLine: z.boolean(),
  seen: z.int().min(0),
  group: z.int().min(1).nullable(),
});

/** What a page says of where it stands; null where it makes no sense. */
export function readCursor(text: string): LiveCursor | null {
  if (text.length > MAX_MESSAGE_CHARS) return null;
  try {
    return cursorShape.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * A page asks by its cursor and is answered once, as soon as there is something: so a slow page is never sent more than it takes, and
 * one whose connection broke asks again from where it is, without a gap or a line twice.
 */
export class Viewers {
  readonly #ctx: DurableObjectState;
  /** Null where there is nothing new for that cursor as yet; "gone" where the log was emptied. */
  readonly #patchFor: (cursor: LiveCursor) => LivePatch | "gone" | null;
  #isTelling = false;

  constructor(ctx: DurableObjectState, patchFor: (cursor: LiveCursor) => LivePatch | "gone" | null) {
    this.#ctx = ctx;
    this.#patchFor = patchFor;
    // Tells a page that its connection lives, without waking anybody.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  accept(): Response {
    if (this.#ctx.getWebSockets().length >= MAX_VIEWERS)
      return new Response("Too many follow this log.", { status: 503 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  hear(socket: WebSocket, message: string | ArrayBuffer): void {
    const cursor = typeof message === "string" ? readCursor(message) : null;
    if (cursor === null) return socket.close(1008, "That is no place in a log.");
    if (!this.#answer(socket, cursor, new Map())) socket.serializeAttachment(cursor);
  }

  /** Answers those that wait, after whoever wrote has their answer. */
  tell(): void {
    if (this.#isTelling || this.#ctx.getWebSockets().length === 0) return;
    this.#isTelling = true;
    this.#ctx.waitUntil(
      scheduler.wait(0).then(() => {
        this.#isTelling = false;
        const made = new Map<string, string | null>();
        for (const socket of this.#ctx.getWebSockets()) {
          const cursor = socket.deserializeAttachment() as LiveCursor | null;
          if (cursor !== null && this.#answer(socket, cursor, made)) socket.serializeAttachment(null);
        }
      }),
    );
  }

  /** Most pages stand at the same place: its patch is made once. */
  #answer(socket: WebSocket, cursor: LiveCursor, made: Map<string, string | null>): boolean {
    const key = JSON.stringify(cursor);
    let text = made.get(key);
    if (text === undefined) {
      const patch = this.#patchFor(cursor);
      text = patch === null ? null : JSON.stringify(patch);
      made.set(key, text);
    }
    if (text === null) return false;
    try {
      socket.send(text);
    } catch {
      // It was closed meanwhile: the page asks again over another one.
      socket.close(1011);
    }
    return true;
  }
}
