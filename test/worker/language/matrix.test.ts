import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExpressionError } from "../../../src/language/expression.ts";
import { expandMatrix, expandNamed, legName } from "../../../src/language/matrix.ts";

/** https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations */
describe("GitHub's documented matrices", () => {
  it("combine every value with every other, the first key slowest", () => {
    expect(expandMatrix({ os: ["windows-latest", "ubuntu-latest"], version: [10, 12, 14] })).toEqual([
      { os: "windows-latest", version: 10 },
      { os: "windows-latest", version: 12 },
      { os: "windows-latest", version: 14 },
      { os: "ubuntu-latest", version: 10 },
      { os: "ubuntu-latest", version: 12 },
      { os: "ubuntu-latest", version: 14 },
    ]);
  });

  it("take include into the combinations it fits, and make new ones of the rest", () => {
    const matrix = {
      fruit: ["apple", "pear"],
      animal: ["cat", "dog"],
      include: [
        { color: "green" },
        { color: "pink", animal: "cat" },
        { fruit: "apple", shape: "circle" },
        { fruit: "banana" },
        { fruit: "banana", animal: "cat" },
      ],
    };
    expect(expandMatrix(matrix)).toEqual([
      { fruit: "apple", animal: "cat", color: "pink", shape: "circle" },
      { fruit: "apple", animal: "dog", color: "green", shape: "circle" },
      { fruit: "pear", animal: "cat", color: "pink" },
      { fruit: "pear", animal: "dog", color: "green" },
      { fruit: "banana" },
      { fruit: "banana", animal: "cat" },
    ]);
  });

  it("expand a combination by include, and add one that none fits", () => {
    const matrix = {
      os: ["windows-latest", "ubuntu-latest"],
      node: [14, 16],
      include: [
        { os: "windows-latest", node: 16, npm: 6 },
        { os: "windows-latest", node: 17 },
      ],
    };
    const legs = expandMatrix(matrix);
    expect(legs).toHaveLength(5);
    expect(legs).toContainEqual({ os: "windows-latest", node: 16, npm: 6 });
    expect(legs[4]).toEqual({ os: "windows-latest", node: 17 });
  });

  it("of include alone are its entries", () => {
    const include = [
      { site: "production", datacenter: "site-a" },
      { site: "staging", datacenter: "site-b" },
    ];
    expect(expandMatrix({ include })).toEqual(include);
  });

  it("lose what exclude matches, in part or whole", () => {
    const matrix = {
      os: ["macos-latest", "windows-latest"],
      version: [12, 14, 16],
      environment: ["staging", "production"],
      exclude: [
        { os: "macos-latest", version: 12, environment: "production" },
        { os: "windows-latest", version: 16 },
      ],
    };
    const legs = expandMatrix(matrix);
    expect(legs).toHaveLength(9);
    expect(legs).not.toContainEqual({ os: "macos-latest", version: 12, environment: "production" });
    expect(legs.filter((leg) => leg["os"] === "windows-latest" && leg["version"] === 16)).toEqual([]);
  });
});

describe("a matrix", () => {
  it("compares as GitHub's == does, and a mapping with the part of it that is given", () => {
    const matrix = {
      node: [{ version: 14 }, { version: 20, env: "X=1" }],
      os: ["Ubuntu", "windows"],
      exclude: [{ os: "ubuntu", node: { version: "14" } }],
    };
    expect(expandMatrix(matrix)).toHaveLength(3);
  });

  it("adds include after exclude has taken away", () => {
    const matrix = { a: [1, 2], exclude: [{ a: 1 }], include: [{ a: 1, again: true }] };
    expect(expandMatrix(matrix)).toEqual([{ a: 2 }, { a: 1, again: true }]);
  });

  it("names its legs by the values of its own keys, not by what include adds", () => {
    const named = expandNamed({
      node: [20, 22],
      os: [{ name: "ubuntu", arch: ["x64"] }, "mac"],
      include: [
        { node: 20, experimental: true },
        { node: 24, note: "new" },
      ],
    });
    expect(named.map(({ segments }) => legName("test", segments))).toEqual([
      "test (20, ubuntu, x64)",
      "test (20, mac)",
      "test (22, ubuntu, x64)",
      "test (22, mac)",
      "test (24, new)",
    ]);
  });

  it("cuts a long name at a hundred characters", () => {
    expect(legName("test", ["x".repeat(200)])).toHaveLength(100);
    expect(legName("test", [])).toBe("test");
  });

  it("keeps keys that every object seems to have", () => {
    const matrix = JSON.parse('{"__proto__":[1,2],"constructor":["c"]}') as unknown;
    expect(expandMatrix(matrix).map((leg) => JSON.stringify(leg))).toEqual([
      '{"__proto__":1,"constructor":"c"}',
      '{"__proto__":2,"constructor":"c"}',
    ]);
  });

  const WRONG: [what: string, matrix: unknown, says: string][] = [
    ["text", "x", "must be a mapping"],
    ["a key that is no list", { a: 1 }, "'a' of the matrix must be a list"],
    ["an empty list", { a: [] }, "is an empty list"],
    ["an include that is no list", { include: 1 }, "'include'"],
    ["an exclude of text", { a: [1], exclude: ["x"] }, "'exclude'"],
    ["an unknown key in exclude", { a: [1], exclude: [{ b: 1 }] }, "'b' under 'exclude' is no key"],
    ["nothing left", { a: [1], exclude: [{ a: 1 }] }, "no combination left"],
    ["nothing", {}, "no combination left"],
    ["257 jobs", { a: Array.from({ length: 257 }, (_, n) => n) }, "257 jobs"],
    [
      "a billion jobs",
      Object.fromEntries("abcdefghi".split("").map((k) => [k, "0123456789".split("")])),
      "combinations",
    ],
  ];
  for (const [what, matrix, says] of WRONG) {
    it(`of ${what} is refused`, () => {
      expect(() => expandMatrix(matrix)).toThrow(ExpressionError);
      expect(() => expandMatrix(matrix)).toThrow(says);
    });
  }
});

describe("whatever the matrix", () => {
  const value = fc.constantFrom<unknown>("a", "B", 1, 2, true, null);
  const key = fc.constantFrom("x", "y", "z");
  const entry = fc.dictionary(fc.constantFrom("x", "y", "z", "extra", "other"), value, { maxKeys: 4 });
  const axes = fc.dictionary(key, fc.uniqueArray(value, { minLength: 1, maxLength: 4 }), { minKeys: 1, maxKeys: 3 });

  it("without include and exclude the legs are the product of its lists, each once", () => {
    fc.assert(
      fc.property(axes, (matrix) => {
        const legs = expandMatrix(matrix);
        const size = Object.values(matrix).reduce((product, list) => product * list.length, 1);
        expect(legs).toHaveLength(size);
        expect(new Set(legs.map((leg) => JSON.stringify(leg))).size).toBe(size);
        expect(legs.every((leg) => Object.entries(leg).every(([name, own]) => matrix[name]?.includes(own)))).toBe(true);
      }),
    );
  });

  it("include never changes a value of an original combination, and each of its entries is found in a leg", () => {
    fc.assert(
      fc.property(axes, fc.array(entry, { maxLength: 4 }), (matrix, include) => {
        const plain = expandMatrix(matrix);
        const legs = expandMatrix({ ...matrix, include });
        expect(legs.length).toBeGreaterThanOrEqual(plain.length);
        for (const [index, leg] of plain.entries()) {
          expect(legs[index]).toMatchObject(leg);
        }
        for (const wanted of legs.slice(plain.length)) {
          expect(include).toContainEqual(wanted);
        }
      }),
    );
  });

  it("exclude only takes away", () => {
    const filters = fc.array(fc.dictionary(key, value, { minKeys: 1, maxKeys: 2 }), { maxLength: 3 });
    fc.assert(
      fc.property(axes, filters, (matrix, exclude) => {
        const plain = expandMatrix(matrix);
        try {
          for (const leg of expandMatrix({ ...matrix, exclude })) {
            expect(plain).toContainEqual(leg);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }),
    );
  });

  it("it expands or throws ExpressionError", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (matrix) => {
        try {
          expect(expandMatrix(matrix).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }),
    );
  });
});
