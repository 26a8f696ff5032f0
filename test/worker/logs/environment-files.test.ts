import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_VARIABLE_BYTES, readAssignments, readEnvironment, readPath } from "../../../src/logs/environment-files.ts";

const valuesOf = (text: string) => {
  const parsed = readAssignments(text);
  return parsed.ok ? [...parsed.value] : parsed.problem;
};

describe("GITHUB_OUTPUT", () => {
  it.each([
    ["", []],
    [
      "a=1\nb=two = 2\n\nc=",
      [
        ["a", "1"],
        ["b", "two = 2"],
        ["c", ""],
      ],
    ],
    [
      "a<<EOF\none\n\ntwo=<<\nEOF\nb=1",
      [
        ["a", "one\n\ntwo=<<"],
        ["b", "1"],
      ],
    ],
    ["a<<EOF\nEOF\n", [["a", ""]]],
    ["a<<E=F\nx\nE=F\n", [["a", "x"]]],
    ["a=b<<c\n", [["a", "b<<c"]]],
    ["a<<b<<c\nx\nb<<c", [["a", "x"]]],
    [" a = 1 \r\n", [[" a ", " 1 \r"]]],
    ["\ufeffa=1", [["a", "1"]]],
    ["a=1\na=2\n", [["a", "2"]]],
    [
      "__proto__=x\nconstructor=y\n",
      [
        ["__proto__", "x"],
        ["constructor", "y"],
      ],
    ],
  ])("with %j hands on %j", (text, values) => {
    expect(valuesOf(text)).toEqual(values);
  });

  it.each([
    ["a=1\nnothing\n", 2, "Neither name=value nor name<<DELIMITER"],
    ["=x", 1, "The name before = is missing"],
    ["\na<<EOF\nx\n", 2, 'The line "EOF" that ends the value of "a" is missing.'],
    ["a<<EOF\nx\nEOF \n", 1, 'The line "EOF" that ends'],
    ["a=1\n<<EOF\nEOF", 2, "needs a name and a delimiter"],
    ["a<<\n", 1, "needs a name and a delimiter"],
  ])("with %j counts for nothing, and says the line", (text, line, message) => {
    expect(valuesOf(text)).toEqual({ line, message: expect.stringContaining(message) });
  });

  it("hands on any value given as a block", () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((text) => !/[=\n\ufeff]|<</.test(text) && !text.endsWith("<"));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ unit: "binary" }))), (pairs) => {
        const text = pairs.map(([key, value]) => `${key}<<ghadelimiter_1\n${value}\nghadelimiter_1\n`).join("");
        expect(valuesOf(text)).toEqual([...new Map(pairs)]);
      }),
    );
  });
});

describe("GITHUB_ENV", () => {
  it("refuses what would change the programs around the step, names it with its line, and goes on", () => {
    const parsed = readEnvironment("A=1\nNODE_OPTIONS=--require x\nnode_options<<E\ny\nE\nB=2\n");
    expect(parsed).toEqual({
      ok: true,
      value: {
        variables: new Map([
          ["A", "1"],
          ["B", "2"],
        ]),
        refused: [
          { line: 2, message: "NODE_OPTIONS cannot be set by $GITHUB_ENV." },
          { line: 3, message: "node_options cannot be set by $GITHUB_ENV." },
        ],
      },
    });
  });

  it("refuses a variable with which no program would start", () => {
    const fits = `A=${"x".repeat(MAX_VARIABLE_BYTES - 2)}`;
    expect(readEnvironment(fits)).toMatchObject({ value: { refused: [] } });
    expect(readEnvironment(`${fits}x`)).toMatchObject({ value: { refused: [{ line: 1 }] } });
    expect(readEnvironment("A=\u0000\nB=1")).toMatchObject({
      value: { variables: new Map([["B", "1"]]), refused: [{ line: 1 }] },
    });
  });

  it("with a broken line is a problem as a whole", () => {
    expect(readEnvironment("A=1\nx")).toMatchObject({ ok: false, problem: { line: 2 } });
  });
});

describe("GITHUB_PATH", () => {
  it("puts the last folder first, each once", () => {
    expect(readPath("/a\r\n/b c\n\n/a\n/d")).toEqual(["/d", "/a", "/b c"]);
    expect(readPath("")).toEqual([]);
  });
});
