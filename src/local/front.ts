/** Stands before workerd, which drops idle connections whenever it is busy: each request gets a fresh one, and waits while it restarts. */

import { once } from "node:events";
import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { LOCAL_KEEP_ALIVE_MS } from "../model/limits.ts";

export interface Front {
  /** From now on workerd listens there. */
  lead(port: number): void;
  /** Where it listens itself. */
  port: number;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
/** How long a request waits for workerd to listen. */
const CONNECT_WITHIN_MS = 60_000;
const CONNECT_EVERY_MS = 25;
const BAD_GATEWAY = 502;
/** They are about one connection. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "upgrade"]);

/** Rejects where the port is taken; 0 for any. */
export async function openFront(port: number): Promise<Front> {
  let workerd = 0;
  const reach = () => connectTo(() => workerd);
  const server = createServer({ keepAliveTimeout: LOCAL_KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
    void pass(request, response, reach);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void tunnel(request, socket, { head, reach });
  });
  await listen(server, port);
  const address = server.address();
  return {
    lead: (to) => (workerd = to),
    port: typeof address === "object" && address !== null ? address.port : port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, resolve);
  });
}

/** Nothing of a request is sent before workerd listens: it waits while it starts, and starts again. */
async function connectTo(port: () => number): Promise<Socket> {
  for (const until = Date.now() + CONNECT_WITHIN_MS; ; await sleep(CONNECT_EVERY_MS)) {
    try {
      if (port() !== 0) return await connectOnce(port());
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    if (Date.now() > until) throw new Error("workerd does not listen");
  }
}

async function connectOnce(port: number): Promise<Socket> {
  const socket = connect(port, HOST);
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", resolve);
  });
  return socket.removeAllListeners("error");
}

function endToEnd(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

async function pass(request: IncomingMessage, response: ServerResponse, reach: () => Promise<Socket>): Promise<void> {
  const fail = (error: Error) => {
    request.resume();
    response.writeHead(BAD_GATEWAY, { "content-type": "text/plain" }).end(`The Worker: ${error.message}\n`);
  };
  let socket: Socket;
  try {
    socket = await reach();
  } catch (error) {
    fail(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  const onward = ask({
    createConnection: () => socket,
    method: request.method ?? "GET",
    path: request.url ?? "/",
    // Asked to close, workerd would not wait for the rest of a body that it answers before its end.
    headers: [...endToEnd(request.rawHeaders), "connection", "keep-alive"],
  });
  onward.on("error", (error) => {
    // Where an answer has begun, its own end counts: what was still to be sent need not arrive.
    if (!response.headersSent) fail(error);
  });
  onward.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? BAD_GATEWAY, answer.statusMessage ?? "", endToEnd(answer.rawHeaders));
    answer.on("error", () => response.destroy());
    answer.pipe(response);
    // A Worker may answer before it has read it all, and a client before it has sent it all reads no answer.
    answer.on("end", () => {
      request.unpipe(onward).resume();
      socket.destroy();
    });
  });
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

/** WebSockets: bytes, from the first line on. */
async function tunnel(
  request: IncomingMessage,
  socket: Duplex,
  { head, reach }: { head: Buffer; reach: () => Promise<Socket> },
): Promise<void> {
  socket.on("error", () => socket.destroy());
  let onward: Socket;
  try {
    onward = await reach();
  } catch {
    socket.destroy();
    return;
  }
  onward.on("error", () => socket.destroy());
  onward.on("close", () => socket.destroy());
  socket.on("close", () => onward.destroy());
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
  }
  onward.write(`${lines.join("\r\n")}\r\n\r\n`);
  onward.write(head);
  socket.pipe(onward).pipe(socket);
}
