import { describe, expect, it } from "vitest";
import { artifactRoot } from "../../../src/attempt/native/artifact-files.ts";
import { topmost } from "../../../src/attempt/native/cache-folders.ts";
import { cacheScopes } from "../../../src/store/caches.ts";
import { absolute, matchFiles, readListing, searchRoots } from "../../../src/attempt/step/match-files.ts";
import type { FoundFile } from "../../../src/attempt/step/match-files.ts";

const base = "/w/app/app";
const home = "/home/ci";
const file = (path: string): FoundFile => ({ path: `${base}/${path}`, type: "file", bytes: 1 });
const folder = (path: string): FoundFile => ({ path: `${base}/${path}`, type: "folder", bytes: 0 });

describe("paths that are given", () => {
  it("are below the workspace, or the home folder, and never above the root", () => {
    expect(absolute(base, home, "dist")).toBe("/w/app/app/dist");
    expect(absolute(base, home, "~/.npm")).toBe("/home/ci/.npm");
    expect(absolute(base, home, "~")).toBe("/home/ci");
    expect(absolute(base, home, "/etc/../x")).toBe("/x");
    expect(absolute(base, home, "../../../../../x")).toBe("/x");
  });

  it("are searched from their fixed beginning, each folder once", () => {
    expect(searchRoots(base, home, ["dist/**/*.js", "dist/a", "!dist/b", "~/.npm"])).toEqual([
      "/home/ci/.npm",
      "/w/app/app/dist",
    ]);
  });

  it("may hold anything but NUL in what is listed", () => {
    expect(readListing(["f", "3", '/w/a\nb "c"', "d", "0", "/w", ""].join("\0"))).toEqual([
      { path: "/w", type: "folder", bytes: 0 },
      { path: '/w/a\nb "c"', type: "file", bytes: 3 },
    ]);
  });
});

describe("globs", () => {
  const files = [file("dist/a.js"), file("dist/a.map"), file("dist/.hidden/x"), file("src/b.js"), folder("dist")];
  const match = (patterns: string[], hidden = false, folders = false) =>
    matchFiles(files, { base, home, patterns, hidden, folders }).map((one) => one.path.slice(base.length + 1));

  it("take a folder's files, and `!` takes away again, in order", () => {
    expect(match(["dist"])).toEqual(["dist/a.js", "dist/a.map"]);
    expect(match(["dist", "!dist/*.map"])).toEqual(["dist/a.js"]);
    expect(match(["!dist/*.map", "dist"])).toEqual(["dist/a.js", "dist/a.map"]);
    expect(match(["**/*.js"])).toEqual(["dist/a.js", "src/b.js"]);
  });

  it("take hidden files only where asked", () => {
    expect(match(["dist"], true)).toContain("dist/.hidden/x");
    expect(match(["dist/.hidden"])).toEqual(["dist/.hidden/x"]);
  });

  it("for caches stand for folders as a whole", () => {
    expect(match(["dist"], true, true)).toEqual(["dist"]);
    expect(topmost([folder("a"), folder("a-b"), file("a/b"), folder("ab"), file("c")])).toEqual([
      `${base}/a`,
      `${base}/a-b`,
      `${base}/ab`,
      `${base}/c`,
    ]);
  });
});

describe("an artifact's root", () => {
  const session = { workspace: base, booted: { home } } as Parameters<typeof artifactRoot>[0];
  const root = (patterns: string[], listed: FoundFile[]) => artifactRoot(session, patterns, listed);

  it("is the folder that was asked for, the folder of the one file, or what several share", () => {
    expect(root(["dist"], [folder("dist")])).toBe(`${base}/dist`);
    expect(root(["dist/a.js"], [file("dist/a.js")])).toBe(`${base}/dist`);
    expect(root(["dist/x", "dist/y/z"], [folder("dist/x"), folder("dist/y/z")])).toBe(`${base}/dist`);
    expect(root(["**/*.js"], [])).toBe(base);
  });
});

describe("cache scopes", () => {
  const build = { fork: false, pullRequest: null, ref: "refs/heads/topic", baseRef: null };

  it("let a build write its own alone and read what it descends from", () => {
    expect(cacheScopes(build, "main")).toEqual({
      own: "branch:refs/heads/topic",
      readable: ["branch:refs/heads/topic", "branch:refs/heads/main"],
    });
    expect(cacheScopes({ ...build, ref: "refs/heads/main" }, "main").readable).toEqual(["branch:refs/heads/main"]);
    expect(cacheScopes({ ...build, pullRequest: 7, baseRef: "dev" }, "main")).toEqual({
      own: "pull:7",
      readable: ["pull:7", "branch:refs/heads/dev", "branch:refs/heads/main"],
    });
  });

  it("never let a fork write what anybody else reads", () => {
    expect(cacheScopes({ ...build, fork: true, pullRequest: 7 }, "main").own).toBe("fork:7");
  });
});
