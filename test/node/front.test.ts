/** What stands before workerd on one machine gives every request a connection of its own and outlasts what is behind it. */

import { once } from "node:events";
import { createServer, request, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, it } from "vitest";

import { type Front, openFront } from "../../src/local/front.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function front(): Promise<{ front: Front; url: string }> {
  const opened = await openFront(0);
  closers.push(() => opened.close());
  return { front: opened, url: `http://127.0.0.1:${opened.port}` };
}

async function behind(serve: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  return { server, port: (server.address() as AddressInfo).port };
}

it("a request that comes early waits until workerd listens", async () => {
  const { front: door, url } = await front();
  const asked = fetch(`${url}/early`, { method: "POST", body: "kept" });
  const { port } = await behind((request, response) => void request.pipe(response));
  door.lead(port);
  expect(await (await asked).text()).toBe("kept");
});

it("a request finds the workerd that was started again", async () => {
  const { front: door, url } = await front();
  const first = await behind((_request, response) => void response.end("first"));
  door.lead(first.port);
  expect(await (await fetch(url)).text()).toBe("first");
  first.server.closeAllConnections();
  await new Promise((resolve) => first.server.close(resolve));
  const asked = fetch(url);
  const second = await behind((_request, response) => void response.end("second"));
  door.lead(second.port);
  expect(await (await asked).text()).toBe("second");
});

it("what is behind sees one request for each connection, and it as it was sent", async () => {
  const { front: door, url } = await front();
  const sockets = new Set<unknown>();
  const { port } = await behind((request, response) => {
    sockets.add(request.socket);
    const { host, "content-length": length } = request.headers;
    response.setHeader("set-cookie", ["a=1", "b=2"]);
    response.writeHead(418, { "x-saw": `${request.method} ${request.url} ${host} ${length}` }).end();
  });
  door.lead(port);
  for (let nth = 1; nth <= 3; nth += 1) {
    const answer = await fetch(`${url}/a%20b?c`, { method: "PUT", body: "four" });
    expect(answer.status).toBe(418);
    expect(answer.headers.get("x-saw")).toBe(`PUT /a%20b?c ${new URL(url).host} 4`);
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(sockets.size).toBe(nth);
  }
});

it("where one request is dropped, that one fails and the next is served", async () => {
  const { front: door, url } = await front();
  const { port } = await behind((request, response) => {
    if (request.url === "/drop") request.socket.destroy();
    else if (request.url === "/cut") response.writeHead(200).write("half", () => request.socket.destroy());
    else response.end("served");
  });
  door.lead(port);
  expect((await fetch(`${url}/drop`, { method: "POST", body: "x" })).status).toBe(502);
  await expect(fetch(`${url}/cut`).then((answer) => answer.text())).rejects.toThrow(TypeError);
  expect(await (await fetch(url)).text()).toBe("served");
});

it("a WebSocket's bytes go both ways", async () => {
  const { front: door, url } = await front();
  const { server, port } = await behind((_request, response) => void response.writeHead(404).end());
  server.on("upgrade", ({ headers }, socket) => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\n\r\n`);
    socket.pipe(socket);
  });
  door.lead(port);
  const asked = request(url, { headers: { connection: "Upgrade", upgrade: "echo" } });
  asked.end();
  const [answer, socket] = (await once(asked, "upgrade")) as [unknown, Socket];
  expect(answer).toMatchObject({ statusCode: 101, headers: { upgrade: "echo" } });
  socket.write("ping");
  const [bytes] = (await once(socket, "data")) as [Buffer];
  expect(bytes.toString()).toBe("ping");
  socket.destroy();
});
