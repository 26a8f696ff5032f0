/** What a step hands on by its command files: `GITHUB_ENV`, `GITHUB_OUTPUT`, `GITHUB_STATE` and `GITHUB_PATH`. */

import { bytesOf } from "./bytes.ts";

/** Linux starts no program with a longer `NAME=value`. */
export const MAX_VARIABLE_BYTES = 128 * 1024 - 1;
/** More than this in one file is no hand-over of values. */
const MAX_COMMAND_FILE_BYTES = 10 * 1024 * 1024;

/** Programs of the sandbox itself are run with the environment too: GitHub refuses the same one. */
const REFUSED_VARIABLES = ["NODE_OPTIONS"];

/** Why a line cannot be taken; `line` counts from 1. */
export interface FileProblem {
  line: number;
  message: string;
}

export type ParsedFile<T> = { ok: true; value: T } | { ok: false; problem: FileProblem };

/**
 * `GITHUB_OUTPUT` and `GITHUB_STATE`: `name=value` lines and `name<<DELIMITER` blocks; the last of a name counts. As on GitHub's Linux
 * runner, only LF ends a line, and any broken line makes the whole file count for nothing. A Map, since a name may be `__proto__`.
 */
export function readAssignments(text: string): ParsedFile<Map<string, string>> {
  const parsed = parse(text);
  return parsed.ok ? { ok: true, value: new Map(parsed.value.map(({ name, value }) => [name, value])) } : parsed;
}

/** `GITHUB_ENV`. Variables that nobody may set are left out and named in `refused`: GitHub leaves an error and goes on. */
export function readEnvironment(text: string): ParsedFile<{ variables: Map<string, string>; refused: FileProblem[] }> {
  const parsed = parse(text);
  if (!parsed.ok) return parsed;
  const variables = new Map<string, string>();
  const refused: FileProblem[] = [];
  for (const { name, value, line } of parsed.value) {
    const message = refusal(name, value);
    if (message === null) variables.set(name, value);
    else refused.push({ line, message });
  }
  return { ok: true, value: { variables, refused } };
}

/** `GITHUB_PATH`: a folder a line. The last line comes first in PATH; here they are in the order in which PATH is to have them. */
export function readPath(text: string): string[] {
  const folders = withoutMark(text)
    .split("\n")
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => line !== "");
  return [...new Set(folders.toReversed())];
}

function refusal(name: string, value: string): string | null {
  if (REFUSED_VARIABLES.includes(name.toUpperCase())) return `${name} cannot be set by $GITHUB_ENV.`;
  if (/[\0=]/.test(name) || value.includes("\0"))
    return `${JSON.stringify(name)} cannot be a variable: NUL or = in it.`;
  if (bytesOf(`${name}=${value}`).length <= MAX_VARIABLE_BYTES) return null;
  return `${name} is longer than ${MAX_VARIABLE_BYTES} bytes: no program would start with it.`;
}

interface Assignment {
  name: string;
  value: string;
  line: number;
}

function parse(text: string): ParsedFile<Assignment[]> {
  if (bytesOf(text).length > MAX_COMMAND_FILE_BYTES) {
    return { ok: false, problem: { line: 1, message: `The file is longer than ${MAX_COMMAND_FILE_BYTES} bytes.` } };
  }
  const value: Assignment[] = [];
  const lines = new Lines(text);
  for (let line = lines.next(); line !== null; line = lines.next()) {
    if (line === "") continue;
    const assignment = readAssignment(line, lines);
    if ("message" in assignment) return { ok: false, problem: assignment };
    value.push(assignment);
  }
  return { ok: true, value };
}

function readAssignment(line: string, lines: Lines): Assignment | FileProblem {
  const at = lines.count;
  const equals = line.indexOf("=");
  const block = line.indexOf("<<");
  if (block !== -1 && (equals === -1 || block < equals))
    return readBlock(line.slice(0, block), line.slice(block + 2), lines);
  if (equals === -1) return { line: at, message: `Neither name=value nor name<<DELIMITER: ${shorten(line)}` };
  if (equals === 0) return { line: at, message: `The name before = is missing: ${shorten(line)}` };
  return { name: line.slice(0, equals), value: line.slice(equals + 1), line: at };
}

function readBlock(name: string, delimiter: string, lines: Lines): Assignment | FileProblem {
  const at = lines.count;
  if (name === "" || delimiter === "") return { line: at, message: "name<<DELIMITER needs a name and a delimiter." };
  const value: string[] = [];
  for (let line = lines.next(); line !== null; line = lines.next()) {
    if (line === delimiter) return { name, value: value.join("\n"), line: at };
    value.push(line);
  }
  return { line: at, message: `The line ${shorten(delimiter)} that ends the value of ${shorten(name)} is missing.` };
}

/** The lines of a text, one after another; `count` of them were given. */
class Lines {
  readonly #text: string;
  #at = 0;
  count = 0;

  constructor(text: string) {
    this.#text = withoutMark(text);
  }

  next(): string | null {
    if (this.#at >= this.#text.length) return null;
    const found = this.#text.indexOf("\n", this.#at);
    const end = found === -1 ? this.#text.length : found;
    const line = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    this.count++;
    return line;
  }
}

function withoutMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** Part of a file that may hold secrets: enough to find the place, little to tell. Whoever shows it masks it. */
function shorten(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
