/** A way to a port of this machine that can be cut. */

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export interface Proxy {
  url: string;
  /** Breaks every connection that is open. */
  cut(): void;
  close(): void;
}

export async function openProxy(port: number): Promise<Proxy> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const onward = connect(port, "127.0.0.1");
    for (const one of [socket, onward]) {
      open.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        open.delete(one);
        socket.destroy();
        onward.destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}
