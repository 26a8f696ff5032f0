/** `sandlot tokens`: what machines come in with, made and revoked by whoever administers. */

import type { Command } from "commander";

import type { CreatedToken, Page, TokenRequest, TokenView } from "../../model/api.ts";
import { type Right, RIGHTS } from "../../model/right.ts";
import { Api } from "../api-client.ts";
import { readRemote } from "./remote.ts";
import { day, say, sayTable } from "../say.ts";
import { UsageError } from "../usage-error.ts";

type Start = (work: () => Promise<number>) => Promise<void>;

const EXAMPLES = `Examples:
  $ sandlot tokens create ci-bot --scope act -R ada/app --days 90
  $ sandlot tokens create dashboard --scope read
  $ sandlot tokens list
  $ sandlot tokens revoke ci-bot
`;
const NOTE = `
Scopes: read sees builds and logs; act also reruns, cancels and dispatches; admin also sets secrets and makes tokens.
This takes the token of the Worker, SANDLOT_API_TOKEN, or another of scope admin.`;

interface Given {
  scope: string;
  repo?: string;
  days?: string;
  json: boolean;
}

export function addTokens(program: Command, start: Start): void {
  const group = program
    .command("tokens")
    .description("tokens for machines: named, with a scope and an end")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", NOTE);
  group
    .command("create")
    .argument("<name>", "how it is called in lists and in the audit log")
    .description("make one; it is shown this once")
    .addHelpText("before", EXAMPLES)
    .option("--scope <scope>", RIGHTS.join(", "), "read")
    .option("-R, --repo <owner/name>", "only for this repository (default: all)")
    .option("--days <n>", "until when (default: for ever)")
    .option("--json", "print JSON", false)
    .action((name: string, given: Given) => start(() => create(name, given)));
  group
    .command("list")
    .description("list them; what they are is not kept")
    .option("--json", "print JSON", false)
    .action((given: { json: boolean }) => start(() => list(given)));
  group
    .command("revoke")
    .argument("<name>")
    .description("end one at once")
    .action((name: string) => start(() => revoke(name)));
}

function connect(): Api {
  const { url, token } = readRemote(process.env);
  return new Api(url, token);
}

async function create(name: string, { scope, repo, days, json }: Given): Promise<number> {
  const asked: TokenRequest = {
    name,
    scope: readScope(scope),
    ...(repo === undefined ? {} : { repository: repo }),
    ...(days === undefined ? {} : { expiresInDays: readDays(days) }),
  };
  const made = await connect().json<CreatedToken>("/api/tokens", "POST", asked);
  if (json) say(JSON.stringify(made, null, 2));
  else {
    process.stderr.write(`Keep it now: it is not shown again. It ends: ${day(made.expiresAt)}.\n`);
    say(made.token);
  }
  return 0;
}

function readScope(text: string): Right {
  const scope = RIGHTS.find((one) => one === text);
  if (scope === undefined) throw new UsageError(`--scope ${text} is none.`, [`--scope ${RIGHTS.join(" | ")}`]);
  return scope;
}

function readDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days > 0) return days;
  throw new UsageError(`--days takes a whole number from 1, not ${text}.`);
}

async function list({ json }: { json: boolean }): Promise<number> {
  const { items } = await connect().json<Page<TokenView>>("/api/tokens");
  if (json) say(JSON.stringify(items, null, 2));
  else if (items.length === 0) say("There are none.");
  else
    sayTable([
      ["NAME", "SCOPE", "REPOSITORY", "MADE", "BY", "ENDS"],
      ...items.map((one) => [
        one.name,
        one.scope,
        one.repository ?? "all",
        day(one.createdAt),
        one.createdBy,
        day(one.expiresAt),
      ]),
    ]);
  return 0;
}

async function revoke(name: string): Promise<number> {
  await (await connect().ask(`/api/tokens/${encodeURIComponent(name)}`, { method: "DELETE" })).body?.cancel();
  say(`Revoked ${name}.`);
  return 0;
}
