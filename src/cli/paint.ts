/** Colours of the terminal, where it has any and the user wants them, and log lines made safe to show. */

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
export type Colour = keyof typeof CODES;
export type Paint = (colour: Colour, text: string) => string;

/** https://no-color.org and https://force-color.org; else colours for a terminal alone. */
export function wantsColour(stream: { isTTY?: boolean }, env: Record<string, string | undefined>): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

export function createPaint({ colour }: { colour: boolean }): Paint {
  return (name, text) => (colour ? `\u001B[${CODES[name]}m${text}\u001B[0m` : text);
}

/** Everything that a terminal obeys: CSI, OSC and the other strings, lone escapes, control characters but the tab. */
const CONTROL =
  /\u001B\[[0-?]*[ -/]*[@-~]|\u001B[\]PX^_][^\u0007\u001B]*(?:\u0007|\u001B\\|$)|\u001B[ -/]*[0-~]?|[\u0000-\u0008\u000A-\u001A\u001C-\u001F\u007F-\u009F]/g;
const SGR = /^\u001B\[[\d;:]*m$/;

/**
 * A log line that can only write its own text, in colours where they are wanted. Of a line that was written over
 * itself (a progress bar) what stood at last.
 */
export function showLine(line: string, { colour }: { colour: boolean }): string {
  const last = line.replace(/\r+$/, "").split("\r").at(-1) ?? "";
  let coloured = false;
  const text = last.replace(CONTROL, (control) => {
    if (!colour || !SGR.test(control)) return "";
    coloured = true;
    return control;
  });
  return coloured ? `${text}\u001B[0m` : text;
}

const MARKS = new Map<string, { colour: Colour; before: string }>([
  ["group", { colour: "dim", before: "▾ " }],
  ["error", { colour: "red", before: "Error: " }],
  ["warning", { colour: "yellow", before: "Warning: " }],
  ["notice", { colour: "blue", before: "Notice: " }],
  ["debug", { colour: "dim", before: "Debug: " }],
]);

/** A line of the log with GitHub's marks (`##[group]`) drawn; null for one that shows nothing. */
export function drawLine(line: string, paint: Paint, options: { colour: boolean }): string | null {
  if (line.startsWith("##[endgroup]")) return null;
  const [whole = "", name = ""] = /^##\[(\w+)\]/.exec(line) ?? [];
  const mark = MARKS.get(name);
  if (mark === undefined) return showLine(line, options);
  return paint(mark.colour, `${mark.before}${showLine(line.slice(whole.length), options)}`);
}
