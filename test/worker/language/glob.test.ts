import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob, matchesPatterns } from "../../../src/language/glob.ts";

/** https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet */
const BRANCHES: [pattern: string, matches: string[], not: string[]][] = [
  ["feature/*", ["feature/my-branch", "feature/your-branch"], ["feature/a/b", "feature"]],
  ["feature/**", ["feature/beta-a/my-branch", "feature/your-branch", "feature/mona/the/octocat"], ["features/x"]],
  ["main", ["main"], ["mains", "amain", "Main"]],
  ["releases/mona-the-octocat", ["releases/mona-the-octocat"], []],
  ["*", ["main", "releases"], ["all/the/branches"]],
  ["**", ["all/the/branches", "every/tag", "main"], []],
  ["*feature", ["mona-feature", "feature", "ver-10-feature"], ["a/feature"]],
  ["v2*", ["v2", "v2.0", "v2.9"], ["v1", "v2/x"]],
  ["v[12].[0-9]+.[0-9]+", ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1.x.1", "v1.1"]],
];

const PATHS: [pattern: string, matches: string[], not: string[]][] = [
  ["*", ["README.md", "server.rb"], ["docs/x.md"]],
  ["*.jsx?", ["page.js", "page.jsx"], ["page.jsxx", "src/page.js"]],
  ["**", ["all/the/files.md"], []],
  ["*.js", ["app.js", "index.js"], ["js/index.js"]],
  ["**.js", ["index.js", "js/index.js", "src/js/app.js"], ["index.jsx"]],
  ["docs/*", ["docs/README.md", "docs/file.txt"], ["docs/a/file.txt"]],
  ["docs/**", ["docs/README.md", "docs/mona/octocat.txt"], ["doc/x", "a/docs/x"]],
  ["docs/**/*.md", ["docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"], ["docs/x.txt"]],
  ["**/docs/**", ["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"], ["mydocs/x"]],
  ["**/README.md", ["README.md", "js/README.md"], ["fooREADME.md"]],
  ["**/*src/**", ["a/src/app.js", "my-src/code/js/app.js"], ["src"]],
  ["**/*-post.md", ["my-post.md", "path/their-post.md"], ["post.md"]],
  ["**/migrate-*.sql", ["migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"], ["migrate.sql"]],
];

describe("GitHub's cheat sheet of filter patterns", () => {
  for (const [pattern, matches, not] of [...BRANCHES, ...PATHS]) {
    it(`${pattern} matches what the table says`, () => {
      const glob = compileGlob(pattern);
      expect(matches.filter((name) => !glob(name))).toEqual([]);
      expect(not.filter((name) => glob(name))).toEqual([]);
    });
  }

  it("a later pattern with ! excludes, and one after it includes again", () => {
    const patterns = ["*.md", "!README.md", "README*"];
    expect(matchesPatterns(["*.md", "!README.md"], "hello.md")).toBe(true);
    expect(matchesPatterns(["*.md", "!README.md"], "README.md")).toBe(false);
    expect(matchesPatterns(["*.md", "!README.md"], "docs/hello.md")).toBe(false);
    expect(matchesPatterns(patterns, "README.md")).toBe(true);
    expect(matchesPatterns(patterns, "README.doc")).toBe(true);
  });

  it("patterns with ! alone match nothing", () => {
    expect(matchesPatterns(["!main"], "dev")).toBe(false);
  });
});

describe("a pattern", () => {
  it("takes a character after a backslash as it is", () => {
    expect(compileGlob("a\\*b")("a*b")).toBe(true);
    expect(compileGlob("a\\*b")("axb")).toBe(false);
  });

  it("takes a bracket that nobody closes as a bracket", () => {
    expect(compileGlob("a[b")("a[b")).toBe(true);
  });

  it("repeats and leaves out whole lists", () => {
    expect(compileGlob("v[0-9]+")("v2026")).toBe(true);
    expect(compileGlob("v[0-9]+")("v")).toBe(false);
    expect(compileGlob("v[ab]?")("v")).toBe(true);
    expect(compileGlob("v[ab]?")("va")).toBe(true);
    expect(compileGlob("v[ab]?")("vab")).toBe(false);
  });

  it("of plain characters matches itself and nothing longer", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_./-]{1,40}$/);
    fc.assert(
      fc.property(name, name, (text, other) => {
        expect(compileGlob(text)(text)).toBe(true);
        expect(compileGlob(text)(other)).toBe(text === other);
        expect(compileGlob(`${text}**`)(text + other)).toBe(true);
        expect(compileGlob(`${text}*`)(text + other)).toBe(!other.includes("/"));
      }),
    );
  });

  it("agrees with a regular expression of the same meaning", () => {
    const part = fc.constantFrom("a", "b", "/", "*", "**", "a?", "b+", "[ab]", "[a-b]+");
    const meaning: Record<string, string> = { "*": "[^/]*", "**": ".*" };
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.stringMatching(/^[ab/]{0,10}$/), (parts, name) => {
        const pattern = parts.join("");
        // Stars side by side, and `**/` at the start of a folder, have a meaning of their own.
        fc.pre(!parts.some((one, at) => one.startsWith("*") && parts[at + 1]?.startsWith("*")));
        fc.pre(!/(^|\/)\*\*\//.test(pattern));
        const same = new RegExp(`^(?:${parts.map((one) => meaning[one] ?? one).join("")})$`);
        expect(compileGlob(pattern)(name)).toBe(same.test(name));
      }),
      { numRuns: 1000 },
    );
  });

  it("that would make a regular expression go back without end is answered at once", () => {
    expect(compileGlob("*a".repeat(200))(`${"a".repeat(900)}b`)).toBe(false);
  });
});
