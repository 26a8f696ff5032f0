/** How a terminal draws the next character: its colours and weight, as CSS classes (SGR, ECMA-48 8.3.117). */

export interface Pen {
  /** Space-separated, "" for plain text. */
  readonly classes: string;
  /** Target of the link that the text belongs to. */
  readonly href: string | null;
  readonly look: Look;
}

interface Look {
  readonly marks: readonly string[];
  readonly fg: number | null;
  readonly bg: number | null;
}

const PLAIN: Look = { marks: [], fg: null, bg: null };
export const FIRST_PEN: Pen = { classes: "", href: null, look: PLAIN };

const MARKS: Record<number, string> = {
  1: "bold",
  2: "dim",
  3: "italic",
  4: "underline",
  7: "inverse",
  8: "hidden",
  9: "strike",
};
const ENDS: Record<number, string[]> = {
  21: ["bold"],
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  28: ["hidden"],
  29: ["strike"],
};

/** A log uses few colours, very often. */
const known = new Map<string, Pen>();
const MAX_KNOWN = 1000;

/** The pen after `CSI parameters m`; what it does not know is left out. */
export function withColours(pen: Pen, parameters: string): Pen {
  if (pen.href !== null) return draw(pen, parameters);
  const key = `${pen.classes}|${parameters}`;
  const found = known.get(key);
  if (found) return found;
  const next = draw(pen, parameters);
  if (known.size < MAX_KNOWN && key.length < 100) known.set(key, next);
  return next;
}

function draw(pen: Pen, parameters: string): Pen {
  // `4:3` underlines with a wave, `4:0` not at all. `38:2::r:g:b` is the same as `38;2;r;g;b` with a colour space named.
  const codes = parameters
    .replaceAll(/(?<![0-9:])4:([0-9])/g, (_, kind: string) => (kind === "0" ? "24" : "4"))
    .replaceAll(/([34]8:2):[0-9]*:(?=[0-9]*:[0-9]*:)/g, "$1:")
    .split(/[;:]/)
    .map((code) => Number.parseInt(code, 10) || 0);
  let { look } = pen;
  for (let at = 0; at < codes.length;) {
    const code = codes[at] ?? 0;
    const { colour, length } = richColour(code, codes.slice(at + 1, at + 5));
    if (colour === null) look = withCode(look, code);
    else look = code === 38 ? { ...look, fg: colour } : { ...look, bg: colour };
    at += 1 + length;
  }
  return { ...pen, look, classes: classesOf(look) };
}

function withCode(look: Look, code: number): Look {
  if (code === 0) return PLAIN;
  const mark = MARKS[code];
  if (mark) return { ...look, marks: [...look.marks.filter((other) => other !== mark), mark] };
  const ends = ENDS[code];
  if (ends) return { ...look, marks: look.marks.filter((other) => !ends.includes(other)) };
  return withBasicColour(look, code);
}

/** 30 to 37 and 90 to 97 are foregrounds, ten more backgrounds; 39 and 49 the default. */
function withBasicColour(look: Look, code: number): Look {
  if (code === 39) return { ...look, fg: null };
  if (code === 49) return { ...look, bg: null };
  const first = [30, 40, 90, 100].findLast((base) => code >= base && code <= base + 7);
  if (first === undefined) return look;
  const colour = code - first + (first >= 90 ? 8 : 0);
  return first === 30 || first === 90 ? { ...look, fg: colour } : { ...look, bg: colour };
}

/** Codes 38 and 48 take a colour of 256 (`5;n`) or any (`2;r;g;b`) from what follows them. */
function richColour(code: number, next: number[]): { colour: number | null; length: number } {
  if (code !== 38 && code !== 48) return { colour: null, length: 0 };
  const [kind, first = 0, second = 0, third = 0] = next;
  if (kind === 5) return { colour: nearest(fromPalette(first)), length: Math.min(2, next.length) };
  if (kind === 2) return { colour: nearest([first, second, third]), length: Math.min(4, next.length) };
  return { colour: null, length: next.length };
}

type Colour = readonly [number, number, number];

/** xterm's first sixteen. */
const SIXTEEN: readonly Colour[] = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
];

/** Of 256: sixteen, a cube of six steps a side, and 24 greys. */
function fromPalette(index: number): Colour {
  const basic = SIXTEEN[index];
  if (basic) return basic;
  if (index >= 232) return [8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10];
  const side = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return [side(Math.floor(cube / 36)), side(Math.floor(cube / 6) % 6), side(cube % 6)];
}

function nearest(colour: Colour): number {
  const distances = SIXTEEN.map((other) => other.reduce((sum, part, i) => sum + (part - (colour[i] ?? 0)) ** 2, 0));
  return distances.indexOf(Math.min(...distances));
}

function classesOf({ marks, fg, bg }: Look): string {
  const names = marks.map((mark) => `ansi-${mark}`);
  if (fg !== null) names.push(`ansi-fg-${fg}`);
  if (bg !== null) names.push(`ansi-bg-${bg}`);
  return names.join(" ");
}
