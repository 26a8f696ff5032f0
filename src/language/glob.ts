/** GitHub's filter patterns for branches, tags and paths, matched in time that grows with pattern × name, whatever is written. */

/** One place in the pattern: takes a character and goes on, or stays when it may repeat. */
type State =
  | { kind: "take"; accepts: (char: string) => boolean; repeats: boolean }
  /** May be left out: goes on at `to` as well as here. */
  | { kind: "fork"; to: number };

export type Glob = (name: string) => boolean;

const ANY = (): boolean => true;
const NOT_SLASH = (char: string): boolean => char !== "/";
const CLASS = /^\[((?:[^\]\\]|\\.)+)\]/s;

/**
 * `*` stays within a folder, `**` does not, `?` makes the character before it optional, `+` repeats it, `[]` lists
 * characters and ranges, `\` takes the next one as it is.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
 */
export function compileGlob(pattern: string): Glob {
  const states: State[] = [];
  for (let at = 0; at < pattern.length;) {
    at += addPart(states, pattern, at);
  }
  return (name) => run(states, name);
}

/** Patterns in order: a later one that matches decides, and one with `!` before it excludes. */
export function matchesPatterns(patterns: readonly string[], name: string): boolean {
  let included = false;
  for (const pattern of patterns) {
    const negative = pattern.startsWith("!");
    if (included === negative && compileGlob(negative ? pattern.slice(1) : pattern)(name)) {
      included = !negative;
    }
  }
  return included;
}

/** Appends the states of what stands at `at`; returns how many characters it took. */
function addPart(states: State[], pattern: string, at: number): number {
  const rest = pattern.slice(at);
  if (rest.startsWith("**/") && (at === 0 || pattern[at - 1] === "/")) {
    // Any folders, or none: `**/docs` is also `docs`.
    states.push({ kind: "fork", to: states.length + 3 }, take(ANY, true), take(is("/"), false));
    return 3;
  }
  if (rest.startsWith("**")) {
    addRepeated(states, ANY);
    return 2;
  }
  if (rest.startsWith("*")) {
    addRepeated(states, NOT_SLASH);
    return 1;
  }
  const [accepts, length] = readCharacter(rest);
  const mark = rest[length];
  if (mark === "?") {
    states.push({ kind: "fork", to: states.length + 2 }, take(accepts, false));
  } else if (mark === "+") {
    states.push(take(accepts, false));
    addRepeated(states, accepts);
  } else {
    states.push(take(accepts, false));
    return length;
  }
  return length + 1;
}

/** Zero or more. */
function addRepeated(states: State[], accepts: (char: string) => boolean): void {
  states.push({ kind: "fork", to: states.length + 2 }, take(accepts, true));
}

function take(accepts: (char: string) => boolean, repeats: boolean): State {
  return { kind: "take", accepts, repeats };
}

function is(wanted: string): (char: string) => boolean {
  return (char) => char === wanted;
}

function readCharacter(rest: string): [accepts: (char: string) => boolean, length: number] {
  if (rest.startsWith("\\") && rest.length > 1) {
    return [is(rest.charAt(1)), 2];
  }
  const listed = CLASS.exec(rest);
  if (listed?.[1] !== undefined) {
    return [oneOf(listed[1]), listed[0].length];
  }
  return [is(rest.charAt(0)), 1];
}

function oneOf(list: string): (char: string) => boolean {
  const characters = new Set<string>();
  const ranges: [string, string][] = [];
  for (let at = 0; at < list.length; at += 1) {
    const from = list.charAt(at);
    const to = list.charAt(at + 2);
    if (list[at + 1] === "-" && to !== "") {
      ranges.push([from, to]);
      at += 2;
    } else if (from !== "\\" || at === list.length - 1) {
      characters.add(from);
    }
  }
  return (char) => characters.has(char) || ranges.some(([from, to]) => from <= char && char <= to);
}

/** Keeps every place that the pattern may be at, so that no name makes it go back. */
function run(states: readonly State[], name: string): boolean {
  let places = new Set<number>();
  reach(states, places, 0);
  for (const char of name.split("")) {
    const next = new Set<number>();
    for (const place of places) {
      const state = states[place];
      if (state?.kind === "take" && state.accepts(char)) {
        if (state.repeats) {
          next.add(place);
        }
        reach(states, next, place + 1);
      }
    }
    places = next;
  }
  return places.has(states.length);
}

function reach(states: readonly State[], places: Set<number>, place: number): void {
  for (let at = place; !places.has(at); at += 1) {
    places.add(at);
    const state = states[at];
    if (state?.kind !== "fork") {
      return;
    }
    reach(states, places, state.to);
  }
}
