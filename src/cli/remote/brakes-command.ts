/** `sandlot environments`, `pause`, `resume`, `usage` and `audit`: what is set for a whole Sandlot, over the API. */

import type { Command } from "commander";

import { formatDuration } from "../../model/duration.ts";
import { readRemote, readRepositoryName, repositoryOfFolder } from "./remote.ts";
import type { RepositoryName } from "./remote.ts";
import { SettingsClient } from "./settings-client.ts";
import { UsageError } from "../usage-error.ts";

type Start = (work: () => Promise<number>) => Promise<void>;

const ENVIRONMENT_EXAMPLES = `Examples:
  $ sandlot environments create production      jobs with "environment: production" may run from now on
  $ sandlot environments list -R ada/app
  $ sandlot environments rm production          with its secrets and variables
`;

const PAUSE_EXAMPLES = `Examples:
  $ sandlot pause              no job of any repository starts; what runs goes on
  $ sandlot pause ada/app      of one repository
  $ sandlot resume ada/app
`;

export function addBrakes(program: Command, start: Start): void {
  addEnvironments(program, start);
  program
    .command("pause")
    .description("let no more jobs start: builds stay queued and say so")
    .argument("[repo]", "owner/name (default: all)")
    .addHelpText("before", PAUSE_EXAMPLES)
    .action((repo?: string) => start(() => turn("pause", repo)));
  program
    .command("resume")
    .description("let them start again")
    .argument("[repo]", "owner/name (default: all)")
    .addHelpText("before", PAUSE_EXAMPLES)
    .action((repo?: string) => start(() => turn("resume", repo)));
  program
    .command("usage")
    .description("sandbox minutes of this month, and what is paused")
    .addHelpText("before", "Examples:\n  $ sandlot usage\n  $ sandlot usage --json\n")
    .option("--json", "print JSON", false)
    .action((given: { json: boolean }) => start(() => showUsage(given)));
  program
    .command("audit")
    .description("who reran, cancelled, dispatched, paused, or changed a setting; newest first")
    .addHelpText("before", "Examples:\n  $ sandlot audit\n  $ sandlot audit -R ada/app --limit 100 --json\n")
    .option("-R, --repo <owner/name>", "only what is about this repository")
    .option("--limit <n>", "how many, at most 100", "30")
    .option("--json", "print JSON", false)
    .action((given: { repo?: string; limit: string; json: boolean }) => start(() => showAudit(given)));
}

function addEnvironments(program: Command, start: Start): void {
  const group = program
    .command("environments")
    .description("environments of a repository: a job that names one runs only where it was created here")
    .addHelpText("before", ENVIRONMENT_EXAMPLES);
  const repo = ["-R, --repo <owner/name>", "of this repository (default: the one that origin leads to)"] as const;
  group
    .command("create")
    .description("create one")
    .argument("<name>")
    .option(...repo)
    .action((name: string, given: { repo?: string }) => start(() => changeEnvironment("create", name, given)));
  group
    .command("list")
    .description("list them")
    .option(...repo)
    .option("--json", "print JSON", false)
    .action((given: { repo?: string; json: boolean }) => start(() => listEnvironments(given)));
  group
    .command("rm")
    .description("remove one with its secrets and variables")
    .argument("<name>")
    .option(...repo)
    .action((name: string, given: { repo?: string }) => start(() => changeEnvironment("rm", name, given)));
}

function repositoryOf({ repo }: { repo?: string }): RepositoryName {
  return repo === undefined ? repositoryOfFolder(process.cwd()) : readRepositoryName(repo);
}

async function changeEnvironment(what: "create" | "rm", name: string, given: { repo?: string }): Promise<number> {
  const client = new SettingsClient(readRemote(process.env));
  const of = repositoryOf(given);
  if (what === "create") await client.createEnvironment(of, name);
  else await client.removeEnvironment(of, name);
  say(`${what === "create" ? "Created" : "Removed"} the environment ${name} of ${of.owner}/${of.repo}`);
  return 0;
}

async function listEnvironments(given: { repo?: string; json: boolean }): Promise<number> {
  const of = repositoryOf(given);
  const items = await new SettingsClient(readRemote(process.env)).listEnvironments(of);
  if (given.json) say(JSON.stringify(items, null, 2));
  else if (items.length === 0) process.stderr.write(`${of.owner}/${of.repo} has none.\n`);
  else for (const { name } of items) say(name);
  return 0;
}

async function turn(what: "pause" | "resume", repo: string | undefined): Promise<number> {
  const client = new SettingsClient(readRemote(process.env));
  await client[what](repo === undefined ? null : readRepositoryName(repo));
  say(`${what === "pause" ? "Paused" : "Resumed"} ${repo ?? "all repositories"}`);
  return 0;
}

async function showUsage({ json }: { json: boolean }): Promise<number> {
  const usage = await new SettingsClient(readRemote(process.env)).readUsage();
  if (json) {
    say(JSON.stringify(usage, null, 2));
    return 0;
  }
  const of = usage.budgetMs === null ? "no limit (MONTHLY_MINUTES)" : `of ${formatDuration(usage.budgetMs)}`;
  say(
    `${usage.month}: ${formatDuration(usage.usedMs)} of sandboxes, ${of}${usage.state === "open" ? "" : `: ${usage.state}`}`,
  );
  for (const { repository, pausedBy } of usage.paused)
    say(`Paused: ${repository ?? "all repositories"}, by ${pausedBy}`);
  return 0;
}

async function showAudit(given: { repo?: string; limit: string; json: boolean }): Promise<number> {
  const limit = Number(given.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw new UsageError("--limit takes 1 to 100.");
  const repository = given.repo ?? null;
  const acts = await new SettingsClient(readRemote(process.env)).listAudit({ limit, repository });
  if (given.json) say(JSON.stringify(acts, null, 2));
  else for (const { at, who, what, detail } of acts) say(`${new Date(at).toISOString()}  ${who}  ${what}  ${detail}`);
  return 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
