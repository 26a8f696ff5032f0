/** What a step says by a line of its log: GitHub's workflow commands, `::error file=a.js,line=1::message`. */

import { MAX_ANNOTATIONS_PER_STEP } from "../model/limits.ts";
import type { Annotation } from "../model/step.ts";
import { isMaskable } from "./needles.ts";
import type { LogCarry } from "./stream.ts";

/** What is known between two lines of one step. */
export type CommandState = Pick<LogCarry, "stopToken" | "echo" | "annotated">;

/** What follows from one command. */
export interface Said {
  /** Shown in its place, still to be masked; null to show nothing, not even an empty line. */
  shown: string | null;
  state: CommandState;
  /** To be masked from the next line on. */
  masks: string[];
  /** Still to be masked. Null also when the step has left `MAX_ANNOTATIONS_PER_STEP` of its level. */
  annotation: Annotation | null;
}

interface Command {
  /** In lowercase. */
  name: string;
  properties: Map<string, string>;
  data: string;
}

type Outcome = Partial<Said> & { shown: string | null };
type Handler = (command: Command, line: string, state: CommandState) => Outcome;

/** D1 keeps annotations in a row; GitHub shows no more either. */
const MAX_ANNOTATION_CHARS = 4000;

/**
 * Carries out one line, given without its end. Null when the line is no command, or is one that Sandlot leaves as it stands
 * (`add-matcher` and others that only mean something inside GitHub's runner).
 * Like GitHub's runner it takes `::name::data` and the older `##[name]data`, after blanks, in any case.
 */
export function readCommand(line: string, state: CommandState, options: { debug: boolean }): Said | null {
  const command = parseCommand(line.trimStart());
  if (!command) return null;
  if (state.stopToken !== null) return resume(command, line, state);
  const outcome = HANDLERS.get(command.name)?.(command, line, state);
  if (!outcome) return null;
  const hidden = command.name === "debug" && !options.debug;
  const said = { state, masks: [], annotation: null, ...outcome, shown: hidden ? null : outcome.shown };
  return countAnnotation(state.echo && command.name !== "add-mask" ? withEcho(said, line) : said);
}

function resume(command: Command, line: string, state: CommandState): Said | null {
  if (command.name !== state.stopToken?.toLowerCase()) return null;
  return { shown: line, state: { ...state, stopToken: null }, masks: [], annotation: null };
}

function withEcho(said: Said, line: string): Said {
  if (said.shown === line) return said;
  return { ...said, shown: said.shown === null ? line : `${line}\n${said.shown}` };
}

function countAnnotation(said: Said): Said {
  if (!said.annotation) return said;
  const { level } = said.annotation;
  const { annotated } = said.state;
  if (annotated[level] >= MAX_ANNOTATIONS_PER_STEP) return { ...said, annotation: null };
  return { ...said, state: { ...said.state, annotated: { ...annotated, [level]: annotated[level] + 1 } } };
}

/** True for the beginning of a line that sets a mask, however long the line is: its value must not be shown. */
export function setsMask(beginning: string): boolean {
  return /^\s*(::add-mask\b|##\[add-mask\b)/i.test(beginning);
}

function parseCommand(line: string): Command | null {
  if (line.startsWith("::")) return splitCommand(line, "::", ",", ESCAPES);
  return line.startsWith("##[") ? splitCommand(line.slice(1), "]", ";", OLDER_ESCAPES) : null;
}

const ESCAPES = { data: /%(25|0D|0A)/g, property: /%(25|0D|0A|3A|2C)/g };
const OLDER_ESCAPES = { data: /%(0D|0A|5D|3B)/g, property: /%(0D|0A|5D|3B)/g };

/** `line` starts with two characters, then name, properties, `end` and data. */
function splitCommand(line: string, end: string, separator: string, escapes: typeof ESCAPES): Command | null {
  const close = line.indexOf(end, 2);
  if (close === -1) return null;
  const [name = "", ...rest] = line.slice(2, close).split(" ");
  const properties = new Map<string, string>();
  for (const pair of rest.join(" ").trim().split(separator)) {
    const equals = pair.indexOf("=");
    if (equals > 0) {
      properties.set(pair.slice(0, equals).trim().toLowerCase(), unescape(pair.slice(equals + 1), escapes.property));
    }
  }
  return { name: name.toLowerCase(), properties, data: unescape(line.slice(close + end.length), escapes.data) };
}

function unescape(text: string, codes: RegExp): string {
  return text.replace(codes, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["error", annotate("error")],
  ["warning", annotate("warning")],
  ["notice", annotate("notice")],
  ["debug", ({ data }) => ({ shown: `##[debug]${data}` })],
  ["group", ({ data }) => ({ shown: `##[group]${data}` })],
  ["endgroup", () => ({ shown: "##[endgroup]" })],
  ["add-mask", addMask],
  ["stop-commands", stopCommands],
  ["echo", setEcho],
  ["set-output", refuse("$GITHUB_OUTPUT")],
  ["save-state", refuse("$GITHUB_STATE")],
  ["set-env", refuse("$GITHUB_ENV")],
  ["add-path", refuse("$GITHUB_PATH")],
]);

function annotate(level: Annotation["level"]): Handler {
  return ({ properties, data }) => ({
    shown: `##[${level}]${data}`,
    annotation: {
      level,
      message: data.slice(0, MAX_ANNOTATION_CHARS),
      title: properties.get("title")?.slice(0, MAX_ANNOTATION_CHARS) || null,
      file: properties.get("file")?.slice(0, MAX_ANNOTATION_CHARS) || null,
      ...placeOf(properties),
    },
  });
}

/** As GitHub's runner: an end without a start is the start; columns only where both lines are one; no end before its start. */
function placeOf(properties: Map<string, string>): Pick<Annotation, "line" | "endLine" | "column" | "endColumn"> {
  const [line, endLine] = range(properties.get("line"), properties.get("endline"));
  const columns = range(properties.get("col"), properties.get("endcolumn"));
  const oneLine = line !== null && (endLine === null || endLine === line);
  const [column, endColumn] = oneLine ? columns : [null, null];
  return { line, endLine, column, endColumn };
}

function range(from: string | undefined, to: string | undefined): [number | null, number | null] {
  const end = wholeNumber(to);
  const start = wholeNumber(from) ?? end;
  return start !== null && end !== null && end < start ? [null, null] : [start, end];
}

function wholeNumber(text = ""): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function addMask({ data }: Command): Outcome {
  if (isMaskable(data)) return { shown: "::add-mask::***", masks: [data] };
  return warn(
    "::add-mask:: got a value that is too short to be masked: it would hide half the log.",
    "::add-mask::***\n",
  );
}

function stopCommands({ data }: Command, line: string, state: CommandState): Outcome {
  const token = data.trim();
  if (token === "" || token.toLowerCase() === "pause-logging" || HANDLERS.has(token.toLowerCase())) {
    return warn("::stop-commands:: needs a token that is no command: a random one, so that nobody else can resume.");
  }
  return { shown: line, state: { ...state, stopToken: token } };
}

function setEcho({ data }: Command, _line: string, state: CommandState): Outcome {
  const wanted = data.trim().toLowerCase();
  if (wanted === "on" || wanted === "off") return { shown: null, state: { ...state, echo: wanted === "on" } };
  return warn("::echo:: takes on or off.");
}

/** GitHub has switched these off, or is about to: whatever prints a line could otherwise set a variable. */
function refuse(file: string): Handler {
  return ({ name }) =>
    warn(
      `The \`${name}\` command is disabled and was not carried out. Write to the file ${file} instead: ` +
        "https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#environment-files",
    );
}

function warn(message: string, before = ""): Outcome {
  const nowhere = { title: null, file: null, line: null, endLine: null, column: null, endColumn: null };
  return { shown: `${before}##[warning]${message}`, annotation: { level: "warning", message, ...nowhere } };
}
