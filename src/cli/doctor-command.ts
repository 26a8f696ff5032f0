/** `sandlot doctor`: says what is wrong with a set-up, and how to mend it. */

import type { Command } from "commander";

import type { Check } from "../model/health.ts";
import { checkMachine, checkRemote } from "./doctor.ts";
import { createPaint, type Paint, wantsColour } from "./paint.ts";
import { say } from "./say.ts";

type Start = (work: () => Promise<number>) => Promise<void>;

const EXAMPLES = `Examples:
  $ sandlot doctor                                     this machine and this folder
  $ SANDLOT_URL=https://… SANDLOT_TOKEN=… sandlot doctor    and a deployed Sandlot with its GitHub App
`;

const EXIT_CODES = `
Exit codes: 0 nothing is wrong, 1 something does not work, 2 it could not be looked at.`;

export function addDoctor(program: Command, start: Start): void {
  program
    .command("doctor")
    .description("say what is wrong with a set-up, and how to mend it")
    .argument("[path]", "the repository", ".")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", EXIT_CODES)
    .option("--json", "print JSON", false)
    .action((path: string, given: { json: boolean }) => start(() => doctor(path, given)));
}

/** Returns the exit code. */
async function doctor(path: string, { json }: { json: boolean }): Promise<number> {
  const here = await checkMachine(path);
  const there = await checkRemote(process.env);
  const checks = [...here, ...there.checks];
  if (json) say(JSON.stringify({ checks }, null, 2));
  else print(checks, createPaint({ colour: wantsColour(process.stdout, process.env) }));
  if (!there.wasSeen) return 2;
  return checks.some(({ state }) => state === "bad") ? 1 : 0;
}

function print(checks: readonly Check[], paint: Paint): void {
  const signs = { good: paint("green", "✓"), warning: paint("yellow", "!"), bad: paint("red", "✗") };
  for (const { name, state, says, mend } of checks) {
    say(`${signs[state]} ${name}: ${says}`);
    if (mend !== null) say(`    ${mend}`);
  }
}
