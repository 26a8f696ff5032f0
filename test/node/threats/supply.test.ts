/** Threat T26, and that docs/threats.md names a test that exists for each row. */

import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(path, "utf8");

it("T26: every package is of one version and known by its hash", () => {
  const { packages } = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { integrity?: string; link?: boolean; inBundle?: boolean }>;
  };
  const loose = Object.entries(packages)
    .filter(
      ([path, { integrity, link, inBundle }]) => path !== "" && !link && !inBundle && !integrity?.startsWith("sha512-"),
    )
    .map(([path]) => path);
  expect(loose).toEqual([]);
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+(-[\w.]+)?$/)]);
});

it("T26: the image is of a version, and nothing is fetched and run at once", () => {
  const image = read("Dockerfile");
  for (const [, from] of image.matchAll(/^FROM (\S+)/gm)) expect(from).toMatch(/:\d+\.\d+\.\d+$/);
  expect(image).not.toMatch(/(curl|wget)[^|\n]*\|\s*(sudo\s+)?(ba|z)?sh\b/);
});

const ROWS = Array.from({ length: 28 }, (_, index) => `T${index + 1}`);

it("docs/threats.md has each row once, and each test that it names exists", () => {
  const rows = [...read("docs/threats.md").matchAll(/^\| (T\d+) +\|.*\| ([^|]+?) +\|$/gm)];
  expect(rows.map(([, row]) => row)).toEqual(ROWS);
  const wrong = rows.flatMap(([, row, proofs = ""]) =>
    proofs.split("<br>").flatMap((proof) => {
      const [, path = "", title = ""] = /^`(test\/\S+)`: (.+)$/.exec(proof.trim()) ?? [];
      const stands = title !== "" && existsSync(path) && read(path).includes(title);
      return stands ? [] : [`${row}: ${proof}`];
    }),
  );
  expect(wrong).toEqual([]);
});
