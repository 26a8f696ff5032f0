import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOf, joinBytes, textOf } from "../../../src/logs/bytes.ts";
import { createMask } from "../../../src/logs/mask.ts";
import { processLog } from "../../../src/logs/process.ts";
import type { LogCarry } from "../../../src/logs/stream.ts";
import { MAX_ANNOTATIONS_PER_STEP, MAX_HELD_LINE_BYTES } from "../../../src/model/limits.ts";
import type { Annotation } from "../../../src/model/step.ts";

interface Outcome {
  text: string;
  annotations: Annotation[];
  newMasks: string[];
}

/** As the attempt does it: each stretch starts at the last byte consumed, and the carry goes through JSON. */
function run(
  input: Uint8Array | string,
  options: { secrets?: string[]; cuts?: number[]; debug?: boolean } = {},
): Outcome {
  const bytes = typeof input === "string" ? bytesOf(input) : input;
  let masks = createMask(options.secrets ?? []);
  let carry: LogCarry | null = null;
  let from = 0;
  const parts: Uint8Array[] = [];
  const outcome: Outcome = { text: "", annotations: [], newMasks: [] };
  const cuts = (options.cuts ?? []).toSorted((a, b) => a - b).map((to) => ({ to, final: false }));
  for (const { to, final } of [...cuts, { to: bytes.length, final: true }]) {
    if (to < from) continue;
    const { debug = false } = options;
    const result = processLog({ bytes: bytes.subarray(from, to), final, masks, carry, debug });
    parts.push(result.text);
    outcome.annotations.push(...result.annotations);
    outcome.newMasks.push(...result.newMasks);
    carry = JSON.parse(JSON.stringify(result.carry)) as LogCarry;
    masks = result.masks;
    from += result.consumed;
  }
  expect(from).toBe(bytes.length);
  outcome.text = textOf(joinBytes(parts), "latin1");
  return outcome;
}

const pieces = fc.constantFrom(
  "plain\n",
  "no end",
  "\n",
  "\r\n",
  "\r",
  " ",
  ":",
  "#",
  "secret-1",
  "secret-2",
  "sec",
  "two\nlines",
  "::error file=a.js,line=3::secret-1 é\r\n",
  "  ::warning::w\n",
  "::notice title=t::n\r",
  "::debug::d\r\n",
  "::group::g\n",
  "::endgroup::\n",
  "::add-mask::secret-2\n",
  "##[add-mask]other\n",
  "other",
  "::stop-commands::tok\n",
  "::tok::\n",
  "::echo::on\n",
  "::echo::off\n",
  "::set-env name=A::b\n",
  "::unknown::\n",
  "::error",
  "::add-mask::x\n",
  "\u2028é",
  "::",
);

describe("a log", () => {
  it("comes out the same however it is cut", () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 25 }), fc.array(fc.nat(400), { maxLength: 10 }), (parts, cuts) => {
        const input = bytesOf(parts.join(""));
        const secrets = ["secret-1", "two\nlines"];
        const at = cuts.map((cut) => cut % (input.length + 1));
        expect(run(input, { secrets, cuts: at })).toEqual(run(input, { secrets }));
      }),
      { numRuns: 2000 },
    );
  });

  it("comes out the same however it is cut when lines are longer than what is held", () => {
    const long = "x".repeat(MAX_HELD_LINE_BYTES - 12);
    // `::warning::` and one more letter, and `::add-mask::`, just fill what is held.
    const input = bytesOf(
      `a\n::warning::${long}y\n::warning::${long}yy\r\n::add-mask::${long}y\nz\n::add-mask::${long}\nok`,
    );
    const once = run(input);
    fc.assert(
      fc.property(fc.array(fc.nat(input.length), { maxLength: 6 }), (cuts) => {
        const cut = run(input, { cuts });
        expect(cut.text === once.text).toBe(true);
        expect([cut.annotations.length, cut.newMasks.length]).toEqual([1, 1]);
      }),
      { numRuns: 25 },
    );
    const shown = once.text.replaceAll(/x{100,}/g, "x…");
    expect(shown).toBe(
      "a\n##[warning]x…y\n::warning::x…yy\r\n::add-mask::*** (too long to be masked in what follows)\nz\n::add-mask::***\nok",
    );
    expect(once.newMasks[0] === long).toBe(true);
  });

  it("without commands and secrets is shown byte for byte, bare CR and NUL included", () => {
    const input = "10%\r20%\r\n\u0000a::b\n\n std::vec\n #[derive]\n[error]\n";
    expect(run(input, { cuts: [4, 7, 8, 12] }).text).toBe(input);
  });

  it("shows an unfinished line at once, unless it may become a command", () => {
    const show = (text: string) => {
      const result = processLog({ bytes: bytesOf(text), final: false, masks: createMask([]), carry: null });
      return textOf(result.text);
    };
    expect(show("a\nprogress ....")).toBe("a\nprogress ....");
    expect(show("a\n  :")).toBe("a\n");
    expect(show("a\n::error::b")).toBe("a\n");
    expect(show("a\n:x")).toBe("a\n:x");
  });

  it("moves on by every stretch of 128 KiB, and gives out no byte that it holds back", () => {
    const masks = createMask(["abab"]);
    for (const unit of ["ab", "::error::", " ", ":", "\r", "abab\r"]) {
      const bytes = bytesOf(unit.repeat(Math.ceil((128 * 1024) / unit.length)));
      const { text, consumed } = processLog({ bytes, final: false, masks, carry: null });
      expect(consumed).toBeGreaterThan(0);
      expect(text.buffer.byteLength).toBe(text.length);
    }
  });

  it("is masked from the line after add-mask on, and the value's own line shows none of it", () => {
    const { text, newMasks } = run("tok-1234\n::add-mask::tok-1234\nis tok-1234\n", { cuts: [12, 25] });
    expect(text).toBe("tok-1234\n::add-mask::***\nis ***\n");
    expect(newMasks).toEqual(["tok-1234"]);
  });

  it("masks every line of a value that came with escaped line ends", () => {
    const { text } = run("::add-mask::first%0Asecond%25\nsecond% then first\n");
    expect(text).toBe("::add-mask::***\n*** then ***\n");
  });

  it("says that a value is too short to be masked", () => {
    const { text, newMasks, annotations } = run("::add-mask::abc\nabc\n");
    expect(text).toMatch(/^::add-mask::\*\*\*\n##\[warning\].*too short.*\nabc\n$/);
    expect([newMasks, annotations.length]).toEqual([[], 1]);
  });
});

describe("a command", () => {
  it("leaves an annotation with its place, escapes undone", () => {
    const { text, annotations } = run(
      "::error file=src/a%2Cb.js,line=3,endLine=3,col=5,endColumn=9,title=A%3A b::50%25 of%0Alines\r\n",
    );
    expect(text).toBe("##[error]50% of\nlines\r\n");
    expect(annotations).toEqual([
      {
        level: "error",
        message: "50% of\nlines",
        title: "A: b",
        file: "src/a,b.js",
        line: 3,
        endLine: 3,
        column: 5,
        endColumn: 9,
      },
    ]);
  });

  it.each([
    ["endLine=4", { line: 4, endLine: 4, column: null, endColumn: null }],
    ["line=4,endLine=2", { line: null, endLine: null, column: null, endColumn: null }],
    ["line=1,endLine=2,col=3", { line: 1, endLine: 2, column: null, endColumn: null }],
    ["col=3", { line: null, endLine: null, column: null, endColumn: null }],
    ["line=1,endColumn=3", { line: 1, endLine: null, column: 3, endColumn: 3 }],
    ["line=-1,col=x", { line: null, endLine: null, column: null, endColumn: null }],
  ])("with %s is placed as GitHub places it", (properties, place) => {
    expect(run(`::notice ${properties}::m\n`).annotations).toMatchObject([place]);
  });

  it("has its annotation masked", () => {
    const { text, annotations } = run("::warning file=hunter22,title=hunter22::a hunter22\n", {
      secrets: ["hunter22"],
    });
    expect(text).toBe("##[warning]a ***\n");
    expect(annotations).toMatchObject([{ message: "a ***", title: "***", file: "***" }]);
  });

  it("leaves no more annotations of a level than are kept, but is shown", () => {
    const { text, annotations } = run("::error::e\n".repeat(30) + "::notice::n\n", { cuts: [50, 100] });
    expect(text.split("##[error]e")).toHaveLength(31);
    expect(annotations.map((a) => a.level)).toEqual([
      ...Array.from({ length: MAX_ANNOTATIONS_PER_STEP }, () => "error"),
      "notice",
    ]);
  });

  it("in the older form, in another case, after blanks or a bare CR is one too", () => {
    const { text, annotations } = run("50%\r::ERROR::a\n \t##[Warning file=f%3Bg;line=2]b\n##[group]c\n");
    expect(text).toBe("50%\r##[error]a\n##[warning]b\n##[group]c\n");
    expect(annotations).toMatchObject([{ message: "a" }, { message: "b", file: "f;g", line: 2 }]);
  });

  it("is not one in the middle of a line, without its second colons, or when nobody knows it", () => {
    const input = "x ::error::a\n::error\n::error a\n:: ::\n::add-matcher::a.json\n##[add-matcher]a.json\n::\n##[]\n";
    expect(run(input)).toEqual({ text: input, annotations: [], newMasks: [] });
  });

  it("is text between stop-commands and its token", () => {
    const { text, annotations } = run("::stop-commands::T0k\n::error::a\n::add-mask::abcd\n::t0K::\n::error::b\n", {
      cuts: [25, 40],
    });
    expect(text).toBe("::stop-commands::T0k\n::error::a\n::add-mask::abcd\n::t0K::\n##[error]b\n");
    expect(annotations).toMatchObject([{ message: "b" }]);
  });

  it.each(["", "error", "pause-logging"])("does not stop commands with the token %j", (token) => {
    const { annotations } = run(`::stop-commands::${token}\n::error::b\n`);
    expect(annotations.map((a) => a.level)).toEqual(["warning", "error"]);
  });

  it("for debugging is shown only when asked for", () => {
    expect(run("a\r\n::debug::d\r\nb\n").text).toBe("a\r\nb\n");
    expect(run("::debug::d\n", { debug: true }).text).toBe("##[debug]d\n");
  });

  it("is shown itself while echo is on", () => {
    expect(run("::echo::on\n::error::a\n::debug::d\n::echo::off\n::error::b\n").text).toBe(
      "::error::a\n##[error]a\n::debug::d\n::echo::off\n##[error]b\n",
    );
  });

  it.each(["set-output name=a", "save-state name=a", "set-env name=PATH", "add-path"])(
    "%s is refused in words",
    (command) => {
      const { text, annotations } = run(`::${command}::/tmp\n`);
      expect(text).toMatch(/^##\[warning\]The `[a-z-]+` command is disabled and was not carried out/);
      expect(annotations).toMatchObject([{ level: "warning" }]);
    },
  );

  it("at the very end needs no line end", () => {
    expect(run("::error::a").text).toBe("##[error]a");
  });
});
