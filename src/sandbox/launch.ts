/** Writes what the supervisor sources to start a step: nothing given is ever parsed as shell, since all of it is quoted. */

import { SandboxFault, type StepSpec } from "./port.ts";

/** Linux holds 128 KiB in one variable; some is left for the other. */
const MAX_INLINE_BYTES = 96 * 1024;

/** Shell text that sets `cwd`, `limit` (ms), `environment` and `command`. The wrapper knows `$script`. */
export function launchText(step: StepSpec): string {
  checkNames(step);
  const environment = Object.entries(step.env).map(([name, value]) => quote(`${name}=${value}`));
  const command = step.command.map((word) => word.split("{0}").map(quote).join('"$script"'));
  return [
    `cwd=${quote(step.cwd)}`,
    `limit=${Math.max(1, Math.ceil(step.timeoutMs))}`,
    `environment=(${environment.join(" ")})`,
    `command=(${command.join(" ")})`,
    "",
  ].join("\n");
}

function checkNames(step: StepSpec): void {
  if (!/^[a-z0-9-]{1,40}$/.test(step.id)) throw new SandboxFault("config", `not a step's id: ${step.id}`);
  if (!/^[A-Za-z0-9]{1,16}$/.test(step.extension))
    throw new SandboxFault("config", `not an extension: ${step.extension}`);
  const wrong = Object.keys(step.env).find((name) => name === "" || /[=\0]/.test(name));
  if (wrong !== undefined) throw new SandboxFault("config", `not a variable's name: ${JSON.stringify(wrong)}`);
  const [program] = step.command;
  // `env` would take such a word for one more variable.
  if (!program || program.includes("=")) throw new SandboxFault("config", `not a program: ${JSON.stringify(program)}`);
}

export function fitsInline(launch: string, script: string): boolean {
  const encoder = new TextEncoder();
  return (
    !script.includes("\0") &&
    encoder.encode(launch).length <= MAX_INLINE_BYTES &&
    encoder.encode(script).length <= MAX_INLINE_BYTES
  );
}

/** One word for the shell. Like the system itself, it ends at a NUL: no variable or argument can hold one. */
export function quote(text: string): string {
  const word = wellFormed(text).split("\0", 1)[0] ?? "";
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What is half a character becomes U+FFFD here rather than differently in each transport. */
export function wellFormed(text: string): string {
  return text.toWellFormed();
}
