/** Log bytes as HTML, piece by piece: a log of any length takes the memory of one piece. */

import { toHtmlLines } from "../../logs/ansi.ts";

/** A browser lays out only those of these blocks that are on the screen. */
const LINES_PER_BLOCK = 500;

/** What the runner's own words become: a class for the line, and the line without its mark. */
const MARK = /^##\[(error|warning|notice|debug|group|endgroup)\]/;

export async function* logHtml(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let lines: string[] = [];
  for await (const chunk of bytes) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      lines.push(line);
      if (lines.length < LINES_PER_BLOCK) continue;
      yield linesHtml(lines);
      lines = [];
    }
  }
  rest += decoder.decode();
  if (rest !== "") lines.push(rest);
  if (lines.length > 0) yield linesHtml(lines);
}

/** Some lines as one `<pre>`. */
export function linesHtml(lines: string[]): string {
  const marks = lines.map((line) => MARK.exec(line)?.[1]);
  const texts = lines.map((line) => line.replace(MARK, ""));
  const shown = toHtmlLines(texts.join("\n")).map((line, n) => {
    const mark = marks[n];
    return mark === undefined ? line : `<span class="line-${mark}">${line}</span>`;
  });
  return `<pre>${shown.filter((_, n) => marks[n] !== "endgroup").join("\n")}\n</pre>\n`;
}
