/** One `sandlot dev` on a repository made for it: what a person starts, started by tests and for screenshots. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const STARTS_WITHIN_MS = 110_000;

/** What tests are told of it: plain data. */
export interface DevAddress {
  url: string;
  /** Of the repository: `local/NAME`. */
  name: string;
  token: string;
  /** `POST` there makes a commit of the folder and delivers it as a push. */
  door: string;
  folder: string;
}

export interface Dev extends DevAddress {
  close(): Promise<void>;
}

/** `files` by their paths; all are committed under `title` to `branch`. */
export async function startDev(source: { files: Record<string, string>; branch: string; title: string }): Promise<Dev> {
  const home = mkdtempSync(join(tmpdir(), "sandlot-browser-"));
  const folder = join(home, "short-links");
  for (const [path, text] of Object.entries(source.files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  mkdirSync(join(home, "tmp"));
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, stdio: "pipe" });
  git("init", "-q", "-b", source.branch);
  git("add", "--all");
  git("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "commit", "-q", "-m", source.title);
  const state = join(home, "state");
  const command = [join(ROOT, "bin/sandlot.mjs"), "dev", folder, "--yes", "--state", state];
  const child = spawn(process.execPath, command, {
    env: { ...process.env, TMPDIR: join(home, "tmp"), XDG_CACHE_HOME: join(home, "cache"), NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const close = async () => {
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "close");
    }
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const said = await readUntil(child, /Quit {4}/);
    const url = /Pages {3}(\S+)/.exec(said)?.[1] ?? "";
    const door = /(http:\S+\/push)/.exec(said)?.[1] ?? "";
    const token = readFileSync(join(state, "api-token"), "utf8");
    return { url, door, token, folder, name: "local/short-links", close };
  } catch (error) {
    await close();
    throw error;
  }
}

function readUntil(child: ReturnType<typeof spawn>, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string) => reject(new Error(`sandlot dev ${why}:\n${said}`));
    const timer = setTimeout(() => fail("did not start in time"), STARTS_WITHIN_MS);
    const read = (chunk: Buffer) => {
      said += String(chunk);
      if (!wanted.test(said)) return;
      clearTimeout(timer);
      resolve(said);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("close", () => fail("ended"));
  });
}

export async function push(dev: DevAddress): Promise<void> {
  const answer = await fetch(dev.door, { method: "POST", headers: { authorization: `Bearer ${dev.token}` } });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

export async function api<T>(dev: DevAddress, path: string, init: RequestInit = {}): Promise<T> {
  const headers = { authorization: `Bearer ${dev.token}`, "content-type": "application/json" };
  const answer = await fetch(`${dev.url}/api${path}`, { ...init, headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Asks until it holds; an answer that fails (nothing is there yet, the machine is busy) is asked for again. */
export async function until<T>(ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (const end = Date.now() + 60_000; ;) {
    const value = await ask().catch((error: unknown) => ({ error }));
    const failed = typeof value === "object" && value !== null && "error" in value;
    if (!failed && holds(value)) return value;
    if (Date.now() > end) throw failed ? value.error : new Error(`Never: ${JSON.stringify(value).slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
