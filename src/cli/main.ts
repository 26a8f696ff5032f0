/** The `sandlot` command: reads the arguments, starts what they ask for, and turns its end into an exit code. */

import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Command, CommanderError, Help } from "commander";
import type { Option } from "commander";

import { version } from "../../package.json";
import { Interrupted } from "./ask.ts";
import { ApiError } from "./api-client.ts";
import { addBrakes } from "./remote/brakes-command.ts";
import { addBuilds } from "./remote/builds-command.ts";
import { addCheck } from "./check/command.ts";
import { dev } from "./run/dev.ts";
import { addDoctor } from "./doctor-command.ts";
import type { Output } from "./events.ts";
import { init } from "./init.ts";
import { addArtifacts, addCaches, addDispatch } from "./remote/kept-command.ts";
import { JsonLines } from "./json-lines.ts";
import { addLogin } from "./remote/login-command.ts";
import { addLogs } from "./remote/logs-command.ts";
import { createPaint, wantsColour } from "./paint.ts";
import { run } from "./run/run.ts";
import { type GivenOptions, readRunOptions, type RunOptions } from "./run/options.ts";
import { addSettings } from "./remote/settings-command.ts";
import { Screen } from "./screen.ts";
import type { SessionRequest } from "./run/session.ts";
import { addTokens } from "./remote/tokens-command.ts";
import { UsageError } from "./usage-error.ts";

/** The bundle is dist/cli.mjs, beneath the folder where Sandlot is installed. */
const INSTALL = join(dirname(fileURLToPath(import.meta.url)), "..");
const USAGE_CODE = 2;
/** bin/sandlot.mjs passes on a signal that the terminal may have sent to both. */
const SAME_SIGNAL_MS = 300;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Returns the exit code: 0 passed, 1 failed, 2 usage or a problem in a workflow, 128 + n when stopped by signal n. */
export async function main(args: readonly string[]): Promise<number> {
  hideExperiments();
  process.stdout.on("error", endWithReader);
  let exitCode = 0;
  const program = createProgram(async (work) => {
    exitCode = await work();
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return explainEnd(error);
  }
}

/** Whoever read us has seen enough (`| head`): that is no fault. Node ignores the signal, so it is what a write says. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(exitCodeOf("SIGPIPE"));
}

/** Node's word on `node:sqlite` means nothing to who builds a repository. */
function hideExperiments(): void {
  process.removeAllListeners("warning");
  process.on("warning", (warning: Error) => {
    if (warning.name !== "ExperimentalWarning") process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
}

type Start = (work: () => Promise<number>) => Promise<void>;

const EXAMPLES = `Examples:
  $ sandlot run                          builds the folder you are in, as a push would
  $ sandlot run --event pull_request     as a pull request would
  $ sandlot run --job test               only this job and what it needs
  $ sandlot run --ref v1.2               a commit instead of the files as they are
  $ sandlot dev                          keeps it all running, with its pages
  $ sandlot init                         writes a first workflow
`;

export function createProgram(start: Start): Command {
  const program = new Command("sandlot")
    .description("CI for GitHub repositories, in your own Cloudflare account or on this machine.")
    .version(version)
    .addHelpText("before", EXAMPLES)
    .exitOverride()
    .configureHelp({ optionDescription: describeOption })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "sandlot: ")) })
    .showHelpAfterError('("sandlot --help" shows what there is)');
  program.commandsGroup("On this machine:").helpCommand("help [command]", "say more of one command");
  addRun(program, start);
  addDev(program, start);
  addInit(program, start);
  addCheck(program, start);
  addDoctor(program, start);
  program.commandsGroup("Builds of a Sandlot that runs (SANDLOT_URL, or where you signed in):");
  addBuilds(program, start);
  addLogs(program, start);
  addArtifacts(program, start);
  addCaches(program, start);
  addDispatch(program, start);
  program.commandsGroup("Its settings:");
  addSettings(program, start);
  addBrakes(program, start);
  program.commandsGroup("Who you are there:");
  addLogin(program, start);
  addTokens(program, start);
  return program;
}

/** Without defaults that say nothing: no, none, nothing. */
function describeOption(option: Option): string {
  const says = new Help().optionDescription(option);
  return says.replace(/ \(default: (?:false|""|\[\])\)$/, "");
}

const RUN_EXAMPLES = `Examples:
  $ sandlot run examples/node-app
  $ sandlot run --event workflow_dispatch --workflow release.yml --input level=minor
  $ NPM_TOKEN=… sandlot run --secret NPM_TOKEN --artifacts out
`;

const EXIT_CODES = `
Exit codes: 0 passed, 1 failed, 2 usage or a problem in a workflow, 130 interrupted.`;

function addRun(program: Command, start: Start): void {
  const command = program
    .command("run")
    .description("build a repository on this machine, from webhook to status")
    .argument("[path]", "the repository, or a folder of it that has workflows", ".")
    .addHelpText("before", RUN_EXAMPLES)
    .addHelpText("after", EXIT_CODES)
    .option("--artifacts <dir>", "save the artifacts there")
    .option("--json", "print one event a line, as JSON", false);
  addSharedOptions(command);
  command.action((path: string, given: GivenOptions) =>
    start(() => withEverything(path, readRunOptions(given), (request) => run(request))),
  );
}

const DEV_EXAMPLES = `Examples:
  $ sandlot dev                    then r pushes the files as they are, q quits
  $ sandlot dev --event pull_request examples/node-app
`;

function addDev(program: Command, start: Start): void {
  const command = program
    .command("dev")
    .description("keep Sandlot running for a repository, with its pages and its API")
    .argument("[path]", "the repository, or a folder of it that has workflows", ".")
    .addHelpText("before", DEV_EXAMPLES);
  addSharedOptions(command);
  command.action((path: string, given: Omit<GivenOptions, "json">) =>
    start(() => withEverything(path, readRunOptions({ ...given, json: false }), (request) => dev(request))),
  );
}

const INIT_EXAMPLES = `Examples:
  $ sandlot init          copies what can run of .github/workflows, or writes a first workflow
`;

function addInit(program: Command, start: Start): void {
  program
    .command("init")
    .description("write .sandlot/workflows")
    .argument("[path]", "the repository", ".")
    .addHelpText("before", INIT_EXAMPLES)
    .action((path: string) => start(() => init(path, (line) => process.stdout.write(`${line}\n`))));
}

function addSharedOptions(command: Command): void {
  const collect = (value: string, values: string[]) => [...values, value];
  command
    .option("--event <name>", "push, pull_request or workflow_dispatch (default: push)")
    .option("--input <name=value>", "an input of workflow_dispatch; may be repeated", collect, [])
    .option("--workflow <file>", "only this workflow file", "")
    .option("--job <id>", "only this job and what it needs", "")
    .option("--ref <rev>", "build this branch, tag or commit instead of the files as they are")
    .option("--secret <name>", "a secret, its value from the environment or typed in; may be repeated", collect, [])
    .option("--actions <dir>", "actions of other repositories, as owner/repository in it (default: github.com)")
    .option("--no-native", "run actions/checkout, cache and those of artifacts as they were published, too")
    .option("--max-sandboxes <n>", "jobs at once (default: as many as there are cores)")
    .option("--state <dir>", "where caches and builds are kept (default: in your cache folder)")
    .option("-y, --yes", "do not ask before a repository is run for the first time", false)
    .option("--verbose", "show what the machinery writes", false);
}

/** Stops on every signal and error with nothing left running. */
async function withEverything(
  path: string,
  options: RunOptions,
  work: (request: SessionRequest) => Promise<number>,
): Promise<number> {
  const output = createOutput(options);
  const controller = new AbortController();
  let stoppedAt = 0;
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      // Twice means now: what we started is killed when our end of its pipe closes.
      if (Date.now() - stoppedAt > SAME_SIGNAL_MS) process.exit(exitCodeOf(signal));
      return;
    }
    stoppedAt = Date.now();
    output.close();
    process.stderr.write(`\n${signal === "SIGINT" ? "Stopping" : `${signal}: stopping`} …\n`);
    controller.abort(new Interrupted(signal));
  };
  const fail = (error: unknown) => controller.abort(error);
  const stopWithReader = (error: NodeJS.ErrnoException) =>
    fail(error.code === "EPIPE" ? new Interrupted("SIGPIPE") : error);
  for (const signal of SIGNALS) process.on(signal, stop);
  process.on("uncaughtException", fail);
  process.stdout.off("error", endWithReader).on("error", stopWithReader);
  try {
    return await work({ path, options, output, install: INSTALL, signal: controller.signal });
  } finally {
    output.close();
    for (const signal of SIGNALS) process.off(signal, stop);
    process.off("uncaughtException", fail);
    process.stdout.off("error", stopWithReader).on("error", endWithReader);
  }
}

function createOutput({ json }: RunOptions): Output {
  if (json) return new JsonLines(process.stdout);
  const colour = wantsColour(process.stdout, process.env);
  return new Screen({ stream: process.stdout, colour, live: process.stdout.isTTY });
}

function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Says what went wrong, on standard error, and which exit code that is. */
function explainEnd(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_CODE;
  if (error instanceof Interrupted) return exitCodeOf(error.signal);
  const paint = createPaint({ colour: wantsColour(process.stderr, process.env) });
  if (error instanceof ApiError) {
    process.stderr.write(`${paint("red", "sandlot:")} ${error.message}\n`);
    return 1;
  }
  if (error instanceof UsageError) {
    const ways = error.ways.map((way) => `  ${way}\n`).join("");
    process.stderr.write(`${paint("red", "sandlot:")} ${error.message}\n${ways}`);
    return USAGE_CODE;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${paint("red", "sandlot: a fault of Sandlot's own, not of your build:")}\n${text}\n`);
  return 1;
}
