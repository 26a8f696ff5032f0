/** The words of `sandlot check` on the command line. */

import type { Command } from "commander";

import { check, type CheckOptions } from "./check.ts";
import { createPaint, wantsColour } from "../paint.ts";
import { UsageError } from "../usage-error.ts";

const EXAMPLES = `Examples:
  $ sandlot check                                what is wrong, and what a push would start
  $ sandlot check --event pull_request --changed src/app.ts
  $ sandlot check --event push --ref v1.2        as for a pushed tag
  $ sandlot check .github/workflows/ci.yml       one file
`;

const EXIT_CODES = `
Exit codes: 0 nothing wrong, 1 problems, 2 usage.`;

interface Given extends Omit<CheckOptions, "input"> {
  input: string[];
}

export function addCheck(program: Command, start: (work: () => Promise<number>) => Promise<void>): void {
  const collect = (value: string, values: string[]) => [...values, value];
  program
    .command("check")
    .description("say what is wrong in workflows, and what an event would start, without running anything")
    .argument("[path]", "a repository, a folder of it that has workflows, or one workflow file", ".")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", EXIT_CODES)
    .option("--event <name>", "push, pull_request, workflow_dispatch, schedule, merge_group or release", "push")
    .option("--ref <ref>", "the branch or tag that the event is about (default: the branch that is checked out)")
    .option("--input <name=value>", "an input of workflow_dispatch; may be repeated", collect, [])
    .option("--changed <path>", "a file that the event changes, for path filters; may be repeated", collect, [])
    .option("--actions <dir>", "actions of other repositories, as owner/repository in it")
    .option("--workflow <file>", "only this workflow file", "")
    .option("--json", "print problems and plan as JSON", false)
    .action((path: string, given: Given) => start(() => carryOut(path, given)));
}

async function carryOut(path: string, given: Given): Promise<number> {
  const paint = createPaint({ colour: !given.json && wantsColour(process.stdout, process.env) });
  const write = (text: string) => void process.stdout.write(text);
  return await check(path, { ...given, input: Object.fromEntries(given.input.map(readInput)) }, { write, paint });
}

function readInput(pair: string): [string, string] {
  const at = pair.indexOf("=");
  if (at < 1) throw new UsageError(`--input ${pair} is not NAME=VALUE.`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}
