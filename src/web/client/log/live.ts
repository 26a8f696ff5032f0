/** Follows a log that grows: over a WebSocket, or by asking again and again where there is none. */

import type { LiveCursor, LivePatch } from "../../../logs/wire.ts";
import type { LogRows } from "./rows.ts";
import { type LogState, partAddress } from "./state.ts";

const RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;
const PING_MS = 20_000;
const PONG_WITHIN_MS = 10_000;
/** So many connections in a row that brought nothing: then it is asked by requests for a while. */
const MAX_EMPTY_SOCKETS = 2;
const WITHOUT_SOCKET_MS = 60_000;
const FRAME_MS = 50;

const sleep = (ms: number) => new Promise<null>((resolve) => setTimeout(() => resolve(null), ms));

export async function follow(state: LogState, rows: LogRows): Promise<void> {
  const line = new Line(state);
  while (state.growing) {
    const asked = state.cursor;
    // Null while another part of the log is shown.
    const patch = asked === null ? await sleep(RETRY_MS) : await line.ask(asked);
    // Otherwise something else is shown by now.
    if (patch && state.cursor === asked) rows.patch(patch);
    await frame();
  }
  line.close();
}

/** The way to the server, made anew as often as it breaks. */
class Line {
  readonly #state: LogState;
  #socket: LogSocket | null = null;
  #failures = 0;
  #noSocketUntil = 0;

  constructor(state: LogState) {
    this.#state = state;
  }

  /** Null where there is no news, or no answer: then the same is asked again. */
  async ask(cursor: LiveCursor): Promise<LivePatch | null> {
    try {
      if (Date.now() >= this.#noSocketUntil) this.#socket ??= await LogSocket.open(this.#state);
      const patch = await (this.#socket ? this.#socket.ask(cursor) : poll(this.#state, cursor));
      this.#failures = 0;
      if (patch !== "gone") return patch;
      // The log is kept elsewhere by now.
      this.#noSocketUntil = Infinity;
      this.close();
    } catch {
      this.close();
      this.#failures += 1;
      if (this.#failures === MAX_EMPTY_SOCKETS) this.#noSocketUntil = Date.now() + WITHOUT_SOCKET_MS;
      await sleep(Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (this.#failures - 1)));
    }
    return null;
  }

  close(): void {
    this.#socket?.close();
    this.#socket = null;
  }
}

async function frame(): Promise<void> {
  await Promise.race([new Promise(requestAnimationFrame), sleep(FRAME_MS)]);
}

async function poll(state: LogState, cursor: LiveCursor): Promise<LivePatch | null> {
  const answer = await fetch(partAddress(state, "live", { cursor: JSON.stringify(cursor) }));
  if (!answer.ok) throw new Error(`The log answers ${answer.status}.`);
  return (await answer.json()) as LivePatch | null;
}

class LogSocket {
  readonly #socket: WebSocket;
  readonly #pings: ReturnType<typeof setInterval>;
  #late: ReturnType<typeof setTimeout> | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#pings = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send("ping");
      this.#late ??= setTimeout(() => this.close(), PONG_WITHIN_MS);
    }, PING_MS);
    socket.addEventListener("message", () => {
      clearTimeout(this.#late);
      this.#late = undefined;
    });
  }

  static async open(state: LogState): Promise<LogSocket> {
    const address = new URL(partAddress(state, "live"), location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("close", () => reject(new Error("The connection was refused.")));
    await promise;
    return new LogSocket(socket);
  }

  /** Throws where the connection ends first: then the same is asked over another one. */
  async ask(cursor: LiveCursor): Promise<LivePatch | "gone"> {
    const { promise, resolve, reject } = Promise.withResolvers<LivePatch | "gone">();
    const hear = ({ data }: MessageEvent) => {
      if (data !== "pong") resolve(JSON.parse(String(data)) as LivePatch | "gone");
    };
    const end = () => reject(new Error("The connection was lost."));
    this.#socket.addEventListener("message", hear);
    this.#socket.addEventListener("close", end);
    try {
      if (this.#socket.readyState !== WebSocket.OPEN) end();
      else this.#socket.send(JSON.stringify(cursor));
      return await promise;
    } finally {
      this.#socket.removeEventListener("message", hear);
      this.#socket.removeEventListener("close", end);
    }
  }

  close(): void {
    clearInterval(this.#pings);
    clearTimeout(this.#late);
    this.#socket.close();
  }
}
