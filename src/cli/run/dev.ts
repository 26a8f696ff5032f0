/** `sandlot dev`: keeps all of Sandlot running for one repository, and delivers its event whenever it is asked to. */

import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";

import { followBuilds } from "../follow-builds.ts";
import { aborted, openSession, type Session, type SessionRequest } from "./session.ts";

/** Returns 0 when the user quits; throws the signal's reason when stopped by one. */
export async function dev(request: SessionRequest): Promise<number> {
  const session = await openSession(request);
  const quit = Promise.withResolvers<number>();
  const pushes = new Pushes(request, session);
  const door = await openDoor(session.sandlot.apiToken, () => pushes.push());
  const keys = listenToKeys({ push: () => pushes.push(), quit: () => quit.resolve(0) });
  try {
    await explain(request, session, door);
    return await Promise.race([quit.promise, session.sandlot.failed, aborted(request.signal)]);
  } finally {
    keys.close();
    door.close();
    door.closeAllConnections();
    await session.close();
  }
}

/** One after the other: each makes a commit, delivers it and shows its builds. */
class Pushes {
  readonly #request: SessionRequest;
  readonly #session: Session;
  #last: Promise<void> = Promise.resolve();

  constructor(request: SessionRequest, session: Session) {
    this.#request = request;
    this.#session = session;
  }

  push(): void {
    this.#last = this.#last.then(() => this.#carryOut()).catch((error: unknown) => this.#report(error));
  }

  async #carryOut(): Promise<void> {
    const { output, signal } = this.#request;
    const { workflows, summary } = await this.#session.deliver();
    const builds = workflows.flatMap(({ buildId }) => buildId ?? []);
    if (builds.length === 0) {
      const reasons = workflows.map(({ path, why }) => `\n  ${path}: ${why}`).join("");
      output.show({ type: "notice", message: `Nothing starts: ${summary ?? "no reason is known"}.${reasons}` });
      return;
    }
    await followBuilds({ api: this.#session.sandlot.api, builds, show: (event) => output.show(event), signal });
  }

  /** A push that fails (a repository in the middle of something, say) ends that push, not the rest. */
  #report(error: unknown): void {
    if (this.#request.signal.aborted) return;
    this.#request.output.show({ type: "notice", message: error instanceof Error ? error.message : String(error) });
  }
}

async function explain({ output }: SessionRequest, { sandlot, source, state }: Session, door: Server): Promise<void> {
  const tokenFile = join(state.folder, "api-token");
  await writeFile(tokenFile, sandlot.apiToken, { mode: 0o600 });
  const auth = `-H "Authorization: Bearer $(cat ${quote(tokenFile)})"`;
  const port = portOf(door);
  const lines = [
    `Pages   ${sandlot.url}`,
    ...(process.stdin.isTTY ? ["Push    press r, or"] : []),
    `${process.stdin.isTTY ? "       " : "Push   "} curl -X POST ${auth} http://127.0.0.1:${port}/push`,
    `Ask it  export SANDLOT_URL=${sandlot.url} SANDLOT_TOKEN="$(cat ${quote(tokenFile)})"`,
    `        sandlot builds list|view|watch|rerun|cancel -R ${source.owner}/${source.name}, sandlot logs …`,
    `Quit    ${process.stdin.isTTY ? "q or " : ""}Ctrl-C`,
  ];
  output.show({ type: "notice", message: `\n${lines.join("\n")}\n` });
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The door has no port.");
  return address.port;
}

/** `POST /push` with the API's token, which no page of another site has. */
async function openDoor(token: string, push: () => void): Promise<Server> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    const answer = answerOf(request, token);
    if (answer.status === 202) push();
    response.writeHead(answer.status, { "content-type": "text/plain" }).end(`${answer.text}\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function answerOf({ method, url, headers }: IncomingMessage, token: string): { status: number; text: string } {
  if (url !== "/push") return { status: 404, text: "There is POST /push." };
  if (method !== "POST") return { status: 405, text: "Send it with POST." };
  const [given, wanted] = [Buffer.from(headers.authorization ?? ""), Buffer.from(`Bearer ${token}`)];
  const isRight = given.length === wanted.length && timingSafeEqual(given, wanted);
  return isRight ? { status: 202, text: "Pushed." } : { status: 401, text: "The token is missing or wrong." };
}

const CTRL_C = "\u0003";

function listenToKeys(does: { push: () => void; quit: () => void }): { close(): void } {
  const { stdin } = process;
  if (!stdin.isTTY) return { close: () => {} };
  const onKey = (key: Buffer) => {
    const text = String(key);
    if (text === "r") does.push();
    if (text === "q") does.quit();
    // In raw mode the terminal sends no signal.
    if (text === CTRL_C) process.kill(process.pid, "SIGINT");
  };
  stdin.setRawMode(true);
  stdin.on("data", onKey);
  return {
    close: () => {
      stdin.off("data", onKey);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
