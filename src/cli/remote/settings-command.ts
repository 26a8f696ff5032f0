/** `sandlot secrets` and `sandlot vars`: what workflows are given, set over the API. */

import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";

import type { Command } from "commander";

import { askValue, canAsk } from "../ask.ts";
import { readRemote, readRepositoryName, repositoryOfFolder } from "./remote.ts";
import { SettingsClient } from "./settings-client.ts";
import type { SettingKind, SettingScope } from "./settings-client.ts";
import { UsageError } from "../usage-error.ts";
import { countOf } from "../words.ts";

type Start = (work: () => Promise<number>) => Promise<void>;

const EXAMPLES = {
  secrets: `Examples:
  $ sandlot secrets set NPM_TOKEN                      asks for the value, unseen
  $ sandlot secrets set KEY -R ada/app < key.pem       or takes it from a pipe, never from the command line
  $ sandlot secrets set --env-file .env.production --environment production
  $ sandlot secrets list --owner ada
  $ sandlot secrets rm NPM_TOKEN
`,
  variables: `Examples:
  $ sandlot vars set REGION eu-west
  $ sandlot vars set REGION us-east --environment production
  $ sandlot vars set --env-file .env
  $ sandlot vars list --json
  $ sandlot vars rm REGION
`,
} as const satisfies Record<SettingKind, string>;

const WHERE = `
Environment: SANDLOT_URL says where your Sandlot is; sandlot login, or SANDLOT_TOKEN, lets you in.
Exit codes: 0 done, 1 refused, 2 usage.`;

interface GivenScope {
  repo?: string;
  owner?: string;
  environment?: string;
}

export function addSettings(program: Command, start: Start): void {
  const secrets = program.command("secrets").description("secrets of a repository, an owner or an environment");
  addKind(secrets, start, "secrets");
  secrets
    .command("reseal")
    .description("seal what was sealed under SANDLOT_MASTER_KEY_PREVIOUS under the master key of now")
    .action(() => start(reseal));
  const variables = program.command("vars").alias("variables").description("variables: what workflows read as vars");
  addKind(variables, start, "variables");
}

function addKind(group: Command, start: Start, kind: SettingKind): void {
  const noun = kind === "secrets" ? "secret" : "variable";
  group.addHelpText("before", EXAMPLES[kind]).addHelpText("after", WHERE);
  const set = withScope(group.command("set").argument("[name]", `name of the ${noun}`))
    .description(`set a ${noun}, or several from a file`)
    .addHelpText("before", EXAMPLES[kind])
    .option("--env-file <file>", "set every NAME=value of this file");
  if (kind === "variables") set.argument("[value]", "its value; asked for, or read from a pipe, where it is absent");
  // What is too much is refused here: commander would repeat it, and it may be the value.
  set.allowExcessArguments().action(() => {
    const [name, value, ...more] = set.args;
    if (more.length > 0 || (kind === "secrets" && value !== undefined)) throw tooMuch(name ?? "", kind);
    return start(() => setSettings(kind, { ...set.opts<GivenScope & { envFile?: string }>(), name, value }));
  });
  withScope(group.command("list"))
    .description(kind === "secrets" ? "list names; values are never shown" : "list names and values")
    .option("--json", "print JSON", false)
    .action((given: GivenScope & { json: boolean }) => start(() => list(kind, given)));
  withScope(group.command("rm").argument("<name>"))
    .description(`remove a ${noun}`)
    .action((name: string, given: GivenScope) => start(() => remove(kind, name, given)));
}

function withScope(command: Command): Command {
  return command
    .option("-R, --repo <owner/name>", "of this repository (default: the one that origin leads to)")
    .option("--owner <login>", "of all repositories of an account")
    .option("--environment <name>", "of an environment of the repository");
}

/** Throws `UsageError`. */
export function readSettingScope(given: GivenScope, folder: string): SettingScope {
  if (given.owner !== undefined) {
    if (given.repo === undefined && given.environment === undefined) return { owner: given.owner };
    throw new UsageError("--owner stands for all repositories of an account: it goes with no other scope.");
  }
  const repository = given.repo === undefined ? repositoryOfFolder(folder) : readRepositoryName(given.repo);
  return given.environment === undefined ? repository : { ...repository, environment: given.environment };
}

interface SetRequest extends GivenScope {
  name: string | undefined;
  value: string | undefined;
  envFile?: string;
}

function tooMuch(name: string, kind: SettingKind): UsageError {
  if (kind === "variables")
    return new UsageError("Give a name and one value.", [`sandlot vars set ${name} 'the value'`]);
  const why = "Give the name alone: every user of this machine can read a command line, and your shell remembers it.";
  return new UsageError(why, [`sandlot secrets set ${name}   # asks for the value, or reads it from a pipe`]);
}

async function setSettings(kind: SettingKind, request: SetRequest): Promise<number> {
  const client = new SettingsClient(readRemote(process.env));
  const scope = readSettingScope(request, process.cwd());
  const settings = await readSettings(kind, request);
  for (const setting of settings) {
    await client.put(scope, kind, setting);
    say(`Set ${setting.name.toUpperCase()} for ${labelOf(scope)}`);
  }
  return 0;
}

async function readSettings(
  kind: SettingKind,
  { name, value, envFile }: SetRequest,
): Promise<{ name: string; value: string }[]> {
  if (envFile !== undefined) {
    if (name !== undefined) throw new UsageError("--env-file names what is set: give no other name.");
    const text = await readFile(envFile, "utf8").catch(() => null);
    if (text === null) throw new UsageError(`There is no file ${envFile} that can be read.`);
    return Object.entries(parseEnv(text)).map(([key, given]) => ({ name: key, value: given ?? "" }));
  }
  if (name === undefined) throw new UsageError("What is to be set? Give a name, or --env-file.");
  if (name.includes("=")) {
    const [only = ""] = name.split("=", 1);
    throw tooMuch(only, kind);
  }
  return [{ name, value: value ?? (await readValue(name)) }];
}

/** From a pipe as it is, but for one line end; else typed in unseen. */
async function readValue(name: string): Promise<string> {
  if (canAsk()) return await askValue(`Value of ${name}: `, new AbortController().signal);
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

async function list(kind: SettingKind, given: GivenScope & { json: boolean }): Promise<number> {
  const client = new SettingsClient(readRemote(process.env));
  const scope = readSettingScope(given, process.cwd());
  const items = await client.list(scope, kind);
  if (given.json) say(JSON.stringify(items, null, 2));
  else if (items.length === 0) say(`None for ${labelOf(scope)}.`);
  else for (const item of items) say(lineOf(item));
  return 0;
}

function lineOf({ name, value, updatedAt }: { name: string; value?: string; updatedAt: number }): string {
  const when = new Date(updatedAt).toISOString().slice(0, 16).replace("T", " ");
  return value === undefined
    ? `${name}  set ${when}`
    : `${name}=${value.includes("\n") ? JSON.stringify(value) : value}`;
}

async function remove(kind: SettingKind, name: string, given: GivenScope): Promise<number> {
  const scope = readSettingScope(given, process.cwd());
  await new SettingsClient(readRemote(process.env)).remove(scope, kind, name);
  say(`Removed ${name.toUpperCase()} for ${labelOf(scope)}`);
  return 0;
}

async function reseal(): Promise<number> {
  const client = new SettingsClient(readRemote(process.env));
  let resealed = 0;
  for (;;) {
    const answer = await client.reseal();
    resealed += answer.resealed;
    if (answer.more) continue;
    say(`${countOf(resealed, "secret")} sealed anew.`);
    for (const lost of answer.lost) say(`Neither master key opens ${lost}: set it again.`);
    return answer.lost.length > 0 ? 1 : 0;
  }
}

function labelOf(scope: SettingScope): string {
  if (!("repo" in scope)) return `all repositories of ${scope.owner}`;
  const of = `${scope.owner}/${scope.repo}`;
  return scope.environment === undefined ? of : `environment ${scope.environment} of ${of}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
