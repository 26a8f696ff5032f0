import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  evaluate,
  evaluateBoolean,
  evaluateCondition,
  evaluateData,
  evaluateNumber,
  evaluateTemplate,
  evaluateWithFiles,
  ExpressionError,
  HashFilesNeeded,
  isTruthy,
  secretsNamedIn,
} from "../../../src/language/expression.ts";
import type { Expression } from "../../../src/model/workflow.ts";

function at(expression: string): Expression {
  return { expression, line: 3, column: 7 };
}

/** https://docs.github.com/actions/reference/workflows-and-actions/expressions */
describe("GitHub's documented expressions", () => {
  const github = {
    event_name: "push",
    ref: "refs/heads/main",
    event: { issue: { labels: [{ name: "bug" }, { name: "help wanted" }] } },
  };
  const TABLE: [expression: string, value: unknown][] = [
    ["null", null],
    ["false", false],
    ["711", 711],
    ["-9.2", -9.2],
    ["0xff", 255],
    ["-2.99e-2", -0.0299],
    ["'Mona the Octocat'", "Mona the Octocat"],
    ["'It''s open source!'", "It's open source!"],
    ["'a''b''c'", "a'b'c"],
    ["'ABC' == 'abc'", true],
    ["null == 0", true],
    ["true == 1", true],
    ["'' == 0", true],
    ["'x' == 0", false],
    ["'12' == 12", true],
    ["'10' > 9", true],
    ["NaN == NaN", false],
    ["!github.nothing", true],
    ["github.nothing.at.all", null],
    ["github['event_name']", "push"],
    ["GITHUB.EVENT_NAME", "push"],
    ["github.event.issue.labels.*.name", ["bug", "help wanted"]],
    ["contains(github.event.issue.labels.*.name, 'BUG')", true],
    ["contains('Hello world', 'llo')", true],
    ['contains(fromJSON(\'["push", "pull_request"]\'), github.event_name)', true],
    ["startsWith('Hello world', 'He')", true],
    ["endsWith('Hello world', 'ld')", true],
    ["format('Hello {0} {1} {2}', 'Mona', 'the', 'Octocat')", "Hello Mona the Octocat"],
    ["format('{{Hello {0}}}', 'Mona')", "{Hello Mona}"],
    ["join(github.event.issue.labels.*.name, ', ')", "bug, help wanted"],
    ["toJSON(fromJSON('{\"a\":[1,null,true]}'))", '{\n  "a": [\n    1,\n    null,\n    true\n  ]\n}'],
    ['fromJSON(\'{"include":[{"project":"foo"}]}\').include[0].project', "foo"],
    ["github.ref == 'refs/heads/main' && 'value_for_main' || 'value_for_other'", "value_for_main"],
    ["false && 'a' || 'b'", "b"],
    ["github == github", true],
    ["github.event == fromJSON('{}')", false],
  ];
  for (const [expression, value] of TABLE) {
    it(`${expression} is ${JSON.stringify(value)}`, () => {
      expect(evaluate(expression, { github })).toEqual(value);
    });
  }

  it("write values into text as the documentation's table says", () => {
    expect(evaluateTemplate(at("null"), {})).toBe("");
    expect(evaluateTemplate(at("true"), {})).toBe("true");
    expect(evaluateTemplate(at("1.50"), {})).toBe("1.5");
    expect(evaluateTemplate(at("-0"), {})).toBe("0");
    expect(evaluateTemplate(at("github"), { github })).toBe("Object");
    expect(evaluateTemplate(at("github.event.issue.labels"), { github })).toBe("Array");
    expect(evaluateTemplate(false, {})).toBe("false");
    expect(evaluateTemplate(null, {})).toBe("");
  });

  it("take false, zero, nothing and null as false, and all else as true", () => {
    expect([false, 0, Number.NaN, "", null].map(isTruthy)).toEqual([false, false, false, false, false]);
    expect([true, 1, "0", "false", [], {}].map(isTruthy)).toEqual([true, true, true, true, true, true]);
  });
});

describe("a context", () => {
  it("has keys that every JavaScript object seems to have", () => {
    const env = JSON.parse('{"__proto__":"p","constructor":"c","toString":"t"}') as Record<string, unknown>;
    expect(evaluate("env.__proto__", { env })).toBe("p");
    expect(evaluate("env.constructor", { env })).toBe("c");
    expect(evaluate("matrix.toString", { matrix: env })).toBe("t");
    expect(evaluate("env.hasOwnProperty", { env })).toBeNull();
    expect(evaluate("toJSON(env)", { env })).toBe(JSON.stringify(env, null, 2));
    expect(evaluate("fromJSON(toJSON(env)).__proto__", { env })).toBe("p");
  });

  it("tells upper from lower case only in env, as on Linux", () => {
    const values = { Path: 1 };
    expect(evaluate("env.PATH", { env: values })).toBeNull();
    expect(evaluate("env.Path", { env: values })).toBe(1);
    expect(evaluate("vars.PATH", { vars: values })).toBe(1);
  });

  it("that is not given is null, and one that GitHub does not know is an error", () => {
    expect(evaluate("needs.build.outputs.x", {})).toBeNull();
    expect(() => evaluate("nope.x", {})).toThrow(ExpressionError);
  });

  it("of megabytes is converted only where the expression looks", () => {
    const event = { commits: Array.from({ length: 100_000 }, (_, id) => ({ id, message: "x".repeat(20) })), ref: "r" };
    for (let times = 0; times < 200; times += 1) {
      expect(evaluate("github.event.ref", { github: { event } })).toBe("r");
    }
  });
});

describe("status functions", () => {
  it("answer what the caller says, and always() is true", () => {
    const status = { success: false, failure: true, cancelled: false };
    expect(evaluateCondition("always()", {}, status)).toBe(true);
    expect(evaluateCondition("failure() && !cancelled()", {}, status)).toBe(true);
    expect(evaluateCondition("success() && (true)", {}, status)).toBe(false);
  });

  it("fail where there is no status", () => {
    expect(() => evaluate("success()", {})).toThrow("success() is not available here");
  });
});

describe("hashFiles", () => {
  it("asks for the hash of its patterns and is evaluated again", async () => {
    const asked: string[][] = [];
    const key = await evaluateWithFiles(
      (files) =>
        evaluateTemplate(at("format('{0}-{1}-{0}', hashFiles('**/a.lock', 'b'), hashFiles('c'))"), {}, { files }),
      async (patterns) => {
        asked.push(patterns);
        return `#${asked.length}`;
      },
    );
    expect(key).toBe("#1-#2-#1");
    expect(asked).toEqual([["**/a.lock", "b"], ["c"]]);
  });

  it("is found wherever it stands", async () => {
    const value = await evaluateWithFiles(
      (files) => evaluate("vars[vars[hashFiles('a')]] || matrix", { vars: { h: "k", k: "found" } }, { files }),
      async () => "h",
    );
    expect(value).toBe("found");
  });

  it("without a memo is not available, and with an empty one names what it needs", () => {
    expect(() => evaluate("hashFiles('a')", {})).toThrow(ExpressionError);
    expect(() => evaluate("hashFiles('a')", {}, { files: new Map() })).toThrow(HashFilesNeeded);
  });
});

describe("data", () => {
  it("has each of its expressions replaced by its value", () => {
    const data = { os: [at("github.os"), "b"], include: at("fromJSON('[{\"a\":1}]')"), plain: { x: null } };
    expect(evaluateData(data, { github: { os: "linux" } })).toEqual({
      os: ["linux", "b"],
      include: [{ a: 1 }],
      plain: { x: null },
    });
  });

  it("that must be true or false, or a number, is refused otherwise with its place", () => {
    expect(evaluateBoolean(at("matrix.experimental"), { matrix: { experimental: true } })).toBe(true);
    expect(evaluateNumber(at("fromJSON('5')"), {})).toBe(5);
    expect(evaluateNumber(at("vars.MINUTES"), { vars: { MINUTES: "7.5" } })).toBe(7.5);
    expect(() => evaluateBoolean(at("'yes'"), {})).toThrow('true or false was expected, got "yes"');
    expect(() => evaluateNumber(at("''"), {})).toThrow(
      expect.objectContaining({ name: "ExpressionError", at: { line: 3, column: 7 } }),
    );
  });
});

describe("an expression's secrets", () => {
  it("are named, in whichever way they are written", () => {
    expect(secretsNamedIn(at("secrets.A"))).toEqual(["A"]);
    expect(secretsNamedIn({ x: at("secrets['b-c'] || Secrets.a"), y: "secrets.D" })).toEqual(["A", "B-C"]);
    expect(secretsNamedIn("plain")).toEqual([]);
  });

  it("are all where nobody can tell beforehand", () => {
    for (const source of ["toJSON(secrets)", "secrets[matrix.name]", "secrets[format('a')]", "secrets.*", "secrets"]) {
      expect(secretsNamedIn(at(source)), source).toBe("all");
    }
  });

  it("include the token under its other name", () => {
    expect(secretsNamedIn(at("github.token"))).toEqual(["GITHUB_TOKEN"]);
    expect(secretsNamedIn(at("github['Token']"))).toEqual(["GITHUB_TOKEN"]);
    expect(secretsNamedIn(at("toJSON(github)"))).toEqual(["GITHUB_TOKEN"]);
    expect(secretsNamedIn(at("github[matrix.x]"))).toEqual(["GITHUB_TOKEN"]);
    expect(secretsNamedIn(at("github.event.token"))).toEqual([]);
  });
});

describe("a bad expression", () => {
  const BAD = [
    "",
    "  ",
    "1 +",
    "'open",
    "a b",
    "format('{9}', 1)",
    "format('{', 1)",
    "fromJSON('{')",
    "fromJSON('')",
    "constructor(1)",
    "__proto__(1)",
    "toString()",
    "nope(1)",
    "contains(1)",
    "github.",
    "github[",
    `${"(".repeat(300)}1${")".repeat(300)}`,
    `1${"==1".repeat(6000)}`,
    `'${"x".repeat(100_000)}'`,
    "😀",
  ];
  for (const source of BAD) {
    it(`throws ExpressionError or gives a value: ${source.slice(0, 20)}`, () => {
      expect(onlyExpressionError(source)).toBe(true);
    });
  }

  it("says where it stands", () => {
    expect(() => evaluateTemplate(at("1 +"), {})).toThrow(expect.objectContaining({ at: { line: 3, column: 7 } }));
  });

  it("whatever its text and its contexts, never throws anything else", () => {
    const piece = fc.constantFrom(
      ..."github env.a matrix['x'] secrets.* ( ) [ ] , . ! == != && || < >= 'a' '' 1 -0x1f .5e3 null true".split(" "),
      ..."format( fromJSON( toJSON( contains( join( hashFiles( success( case( always() constructor(".split(" "),
    );
    const source = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(" ")),
    );
    fc.assert(
      fc.property(source, fc.jsonValue(), (text, value) => {
        expect(onlyExpressionError(text, { github: value, env: value, matrix: value, secrets: value })).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

function onlyExpressionError(source: string, contexts: Record<string, unknown> = {}): boolean {
  try {
    JSON.stringify(evaluate(source, contexts, { success: true, files: new Map() }));
    return true;
  } catch (error) {
    if (error instanceof ExpressionError || error instanceof HashFilesNeeded) {
      return true;
    }
    throw error;
  }
}
