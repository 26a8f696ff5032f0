/** `sandlot login`, `logout` and `whoami`: who one is to a deployed Sandlot. */

import { setTimeout as sleep } from "node:timers/promises";

import type { Command } from "commander";

import type { DeviceLogin, LoginAnswer, WhoAmI } from "../../model/api.ts";
import { Api } from "../api-client.ts";
import { ApiError } from "../api-client.ts";
import { hostKey, hostsFile, readHosts, writeHosts } from "./hosts.ts";
import { readRemote, readUrl } from "./remote.ts";
import { say } from "../say.ts";
import { UsageError } from "../usage-error.ts";

type Start = (work: () => Promise<number>) => Promise<void>;

const EXAMPLES = `Examples:
  $ sandlot login https://sandlot.example.workers.dev     opens GitHub, where you type a code
  $ sandlot whoami
  $ sandlot logout
`;
const NOTE = `
A machine uses a token instead: "sandlot tokens create", then SANDLOT_URL and SANDLOT_TOKEN.`;

export function addLogin(program: Command, start: Start): void {
  program
    .command("login")
    .description("sign in at a deployed Sandlot with GitHub; what you may do there is what GitHub lets you")
    .argument("[url]", "where it is (default: SANDLOT_URL)")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", NOTE)
    .action((url?: string) => start(() => login(url)));
  program
    .command("logout")
    .description("end that sign-in, there and here")
    .addHelpText("before", EXAMPLES)
    .action(() => start(logout));
  program
    .command("whoami")
    .description("who you are there, and what lets you in")
    .addHelpText("before", EXAMPLES)
    .option("--json", "print JSON", false)
    .action((given: { json: boolean }) => start(() => whoAmI(given)));
}

async function login(given: string | undefined): Promise<number> {
  const url = readUrl({ ...process.env, ...(given === undefined ? {} : { SANDLOT_URL: given }) });
  const api = new Api(url, null);
  const device = await api.json<DeviceLogin>("/api/login/device", "POST", {});
  process.stderr.write(`Open ${device.verificationUri}\nand type in ${device.userCode}\n`);
  const { token, login, expiresAt } = await waitForPerson(api, device);
  const hosts = readHosts(process.env);
  const key = hostKey(url);
  writeHosts(process.env, { standard: key, byUrl: { ...hosts.byUrl, [key]: { token, login, expiresAt } } });
  say(`Signed in at ${key} as ${login}, until ${new Date(expiresAt).toISOString().slice(0, 10)}.`);
  return 0;
}

/** GitHub asks for that much more time where it is asked too often. */
const SLOWER_MS = 5000;

async function waitForPerson(api: Api, started: DeviceLogin): Promise<Extract<LoginAnswer, { status: "done" }>> {
  let pause = started.intervalMs;
  for (const until = Date.now() + started.expiresInMs; Date.now() < until;) {
    await sleep(pause);
    const answer = await api.json<LoginAnswer>("/api/login", "POST", { device: started.device });
    if (answer.status === "done") return answer;
    if (answer.status === "slow_down") pause += SLOWER_MS;
    if (answer.status === "denied") throw new UsageError("You said no at GitHub: nothing was changed.");
    if (answer.status === "expired") break;
  }
  throw new UsageError("Nobody typed the code in, and it has expired.", ["sandlot login"]);
}

async function logout(): Promise<number> {
  const key = hostKey(readUrl(process.env));
  const { standard, byUrl } = readHosts(process.env);
  const { [key]: host, ...others } = byUrl;
  if (host === undefined) throw new UsageError(`You are not signed in at ${key}.`);
  await endThere(key, host.token);
  writeHosts(process.env, { standard: standard === key ? (Object.keys(others)[0] ?? null) : standard, byUrl: others });
  say(`Signed out of ${key}.`);
  return 0;
}

/** One that has ended there already is what was wanted. */
async function endThere(url: string, token: string): Promise<void> {
  try {
    await (await new Api(url, token).ask("/api/login", { method: "DELETE" })).body?.cancel();
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
}

async function whoAmI({ json }: { json: boolean }): Promise<number> {
  const { url, token } = readRemote(process.env);
  const me = await new Api(url, token).json<WhoAmI>("/api/whoami");
  if (json) say(JSON.stringify({ url, ...me }, null, 2));
  else say(`${me.who} at ${hostKey(url)}${me.scope === null ? "" : `, scope ${me.scope}`}, by ${sourceOf()}`);
  return 0;
}

function sourceOf(): string {
  for (const name of ["SANDLOT_TOKEN", "SANDLOT_API_TOKEN"]) if (process.env[name]) return name;
  return hostsFile(process.env);
}
