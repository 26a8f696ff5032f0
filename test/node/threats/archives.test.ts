/** Threat T11: what a cache's archive may do to the machine that unpacks it, tried on the script itself. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { PACK_SCRIPT, UNPACK_SCRIPT } from "../../../src/attempt/native/cache-scripts.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sandlot-test-"));
  for (const name of ["backup", "workspace", "home", "temp", "tools", "from"]) mkdirSync(join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (...path: string[]): string => join(folder, ...path);

function shell(script: string, env: Record<string, string>, cwd = folder): { code: number | null; said: string } {
  const ended = spawnSync("bash", ["-c", script], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", ...env } as unknown as NodeJS.ProcessEnv,
    encoding: "utf8",
  });
  return { code: ended.status, said: `${ended.stdout}${ended.stderr}`.trim() };
}

const folders = (): Record<string, string> => ({
  STAGING: at("staging"),
  BACKUP: at("backup"),
  WORKSPACE: at("workspace"),
  HOME: at("home"),
  TEMP: at("temp"),
  TOOLS: at("tools"),
});

/** Packs by a script of its own, as somebody would who means harm, and unpacks as Sandlot does. */
function unpack(make: string): { code: number | null; said: string } {
  const made = shell(`set -e; ${make}; gzip -c ../a.tar > ${at("backup", "cache.tar.gz")}`, {}, at("from"));
  expect(made).toEqual({ code: 0, said: made.said });
  const sha256 = createHash("sha256")
    .update(readFileSync(at("backup", "cache.tar.gz")))
    .digest("hex");
  mkdirSync(at("staging", "roots"), { recursive: true });
  return shell(UNPACK_SCRIPT, { ...folders(), SHA256: sha256 });
}

describe("T11: an archive that is restored", () => {
  const REFUSED: [what: string, make: string][] = [
    [
      "climbs",
      "mkdir -p workspace; echo x > workspace/a; tar -cPf ../a.tar --transform s,workspace/a,workspace/../../evil, workspace",
    ],
    ["has an absolute name", "echo x > a; tar -cPf ../a.tar --transform s,^a,/tmp/sandlot-evil, a"],
    ["names another root", "mkdir etc; echo x > etc/a; tar -cf ../a.tar etc"],
    ["holds a pipe", "mkdir home; mkfifo home/p; tar -cf ../a.tar home"],
    [
      "links hard to outside",
      "mkdir home; echo x > a; ln a home/b; tar -cPf ../a.tar --transform 's,^a$,/etc/passwd,' a home; tar --delete -Pf ../a.tar /etc/passwd",
    ],
    [
      "writes into .git of the checkout",
      "mkdir -p workspace/.git; echo x > workspace/.git/config; tar -cf ../a.tar workspace",
    ],
    [
      "writes into .git by another spelling",
      "mkdir -p workspace/.git; echo x > workspace/.git/config; tar -cf ../a.tar --transform s,/.git,/.//./.git, workspace/.git/config",
    ],
    [
      "brings a hook",
      "mkdir -p workspace/sub/.git/hooks; echo x > workspace/sub/.git/hooks/post-checkout; tar -cf ../a.tar workspace",
    ],
  ];
  it.each(REFUSED)("and %s is refused before anything is written", (_, make) => {
    const { code, said } = unpack(make);
    expect([code, said]).toEqual([
      66,
      expect.stringMatching(/^it (holds a device|names a place outside|links to a place outside)/m),
    ]);
    for (const name of ["workspace", "home", "temp", "tools"]) expect(readdirSync(at(name))).toEqual([]);
    expect(existsSync("/tmp/sandlot-evil")).toBe(false);
  });

  it("and writes through a link of its own that leads elsewhere changes nothing there", () => {
    mkdirSync(at("elsewhere"));
    const make = `mkdir home; ln -s ${at("elsewhere")} home/x; tar -cf ../a.tar home/x; rm home/x; mkdir home/x; echo evil > home/x/f; tar -rf ../a.tar home/x/f`;
    expect(unpack(make).code).not.toBe(0);
    expect(readdirSync(at("elsewhere"))).toEqual([]);
  });

  it("loses its setuid bits and keeps its links as links", () => {
    const make = "mkdir home; echo x > home/s; chmod 6755 home/s; ln -s /etc/passwd home/l; tar -cf ../a.tar home";
    expect(unpack(make)).toEqual({ code: 0, said: "" });
    expect(lstatSync(at("home", "s")).mode & 0o7777).toBe(0o755);
    expect(lstatSync(at("home", "l")).isSymbolicLink()).toBe(true);
  });

  it("and has other bytes than were recorded is refused", () => {
    writeFileSync(at("backup", "cache.tar.gz"), "other bytes");
    const { code, said } = shell(UNPACK_SCRIPT, { ...folders(), SHA256: "0".repeat(64) });
    expect([code, said]).toEqual([65, "its sha256 is not the recorded one"]);
  });

  it("was packed without the checkout's own .git, and comes back with all else", () => {
    for (const path of ["a", ".git/config", "sub/.git/config"]) {
      mkdirSync(dirname(at("workspace", path)), { recursive: true });
      writeFileSync(at("workspace", path), path);
    }
    writeFileSync(at("list"), "workspace/a\0workspace/sub\0workspace/.git\0");
    const packed = shell(PACK_SCRIPT, { ...folders(), LIST: at("list") });
    expect(packed.code).toBe(0);
    const [, sha256 = ""] = /^([0-9a-f]{64})$/m.exec(packed.said) ?? [];
    rmSync(at("workspace"), { recursive: true });
    mkdirSync(at("workspace"));
    mkdirSync(at("moved"));
    const unpacked = shell(`mv ${at("staging", "backup")}/* ${at("backup")}; ${UNPACK_SCRIPT}`, {
      ...folders(),
      SHA256: sha256,
    });
    expect(unpacked).toEqual({ code: 0, said: "" });
    expect(readdirSync(at("workspace")).sort()).toEqual(["a", "sub"]);
    expect(readdirSync(at("workspace", "sub"))).toEqual([".git"]);
  });
});
