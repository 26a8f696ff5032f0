/** The toolkit's own packages, as actions bundle them, against the cache and artifact services of a Worker that runs a job. */

import { DefaultArtifactClient } from "@actions/artifact";
import { restoreCache, saveCache } from "@actions/cache";
import { getIDToken } from "@actions/core";
import { BlobClient } from "@azure/storage-blob";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { RunningJobs } from "../support/running-jobs.ts";
import { startRunningJobs } from "../support/running-jobs.ts";

let jobs: RunningJobs;
let folder = "";

beforeAll(async () => {
  jobs = await startRunningJobs(["one", "two"]);
});
afterAll(async () => {
  const left = await jobs.close();
  expect(left.exitCode, left.out).toBe(0);
});
beforeEach(() => {
  folder = jobs.freshFolder();
  process.chdir(folder);
  be("one");
});

/** From here on we are an action of that job. */
function be(job: "one" | "two"): void {
  const github = { GITHUB_SERVER_URL: "http://github.localhost:1", GITHUB_WORKSPACE: folder, RUNNER_TEMP: folder };
  Object.assign(process.env, github, jobs.environmentOf(job));
}

function write(path: string, content: string | Buffer): string {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
  return join(folder, path);
}

const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

describe("@actions/cache", () => {
  it("saves and restores, by key and by prefix, and misses what is not there", async () => {
    write("kept/a", "1");
    expect(await restoreCache(["kept"], "k-1", ["k-"])).toBeUndefined();
    expect(await saveCache(["kept"], "k-1")).toBeGreaterThan(0);
    rmSync("kept", { recursive: true });
    expect(await restoreCache(["kept"], "k-1")).toBe("k-1");
    expect(readFileSync("kept/a", "utf8")).toBe("1");
    rmSync("kept", { recursive: true });
    be("two");
    expect(await restoreCache(["kept"], "k-2", ["x-", "k-"])).toBe("k-1");
    expect(readFileSync("kept/a", "utf8")).toBe("1");
    expect(await restoreCache(["other"], "k-1")).toBeUndefined();
    expect(await restoreCache(["kept"], "k-1", [], { lookupOnly: true })).toBe("k-1");
  });

  it("leaves the first of a key as it is", async () => {
    write("kept/a", "first");
    await saveCache(["kept"], "once");
    write("kept/a", "second");
    be("two");
    expect(await saveCache(["kept"], "once")).toBe(-1);
    rmSync("kept", { recursive: true });
    await restoreCache(["kept"], "once");
    expect(readFileSync("kept/a", "utf8")).toBe("first");
  });

  it("is refused what belongs to no job that runs", async () => {
    write("kept/a", "x");
    process.env["ACTIONS_RUNTIME_TOKEN"] = await jobs.foreignToken();
    expect(await saveCache(["kept"], "foreign")).toBe(-1);
    be("two");
    expect(await restoreCache(["kept"], "foreign")).toBeUndefined();
  });
});

describe("Azure's client", () => {
  it("sends what is large in blocks, several at once, and gets back what it sent", async () => {
    const file = write("large", randomBytes(5_000_001));
    const { upload, download } = await jobs.reserveCache("one", "blocks", statSync(file).size);
    const client = new BlobClient(upload).getBlockBlobClient();
    await client.uploadFile(file, { blockSize: 300_000, concurrency: 8, maxSingleShotSize: 1_000_000 });
    const back = await fetch(await download());
    expect(back.headers.get("content-length")).toBe("5000001");
    expect(
      createHash("sha256")
        .update(Buffer.from(await back.arrayBuffer()))
        .digest("hex"),
    ).toBe(sha256(file));
  });
});

describe("@actions/artifact", () => {
  const client = new DefaultArtifactClient();

  it("uploads, lists, downloads and deletes, and another job of the build sees it", async () => {
    const files = [write("out/a.txt", "a"), write("out/deep/ünï b.txt", "b".repeat(100_000)), write("out/empty", "")];
    const { id, size } = await client.uploadArtifact("site", files, join(folder, "out"), { retentionDays: 3 });
    be("two");
    const { artifacts } = await client.listArtifacts();
    expect(artifacts.find(({ name }) => name === "site")).toMatchObject({ id, size });
    const { artifact } = await client.getArtifact("site");
    const got = join(folder, "got");
    const downloaded = await client.downloadArtifact(artifact.id, { path: got, expectedHash: artifact.digest ?? "" });
    expect(downloaded).toEqual({ downloadPath: got, digestMismatch: false });
    expect(new Set(readdirSync(got, { recursive: true, encoding: "utf8" }))).toEqual(
      new Set(["a.txt", "deep", "deep/ünï b.txt", "empty"]),
    );
    expect(readFileSync(join(got, "deep/ünï b.txt"), "utf8")).toBe("b".repeat(100_000));
    expect(await jobs.artifactFiles("site")).toEqual({
      "a.txt": "a",
      "deep/ünï b.txt": "b".repeat(100_000),
      empty: "",
    });
    await client.deleteArtifact("site");
    expect((await client.listArtifacts()).artifacts.map(({ name }) => name)).not.toContain("site");
  });

  it("refuses a second of one name, and what is not there", async () => {
    const file = write("a", "1");
    await client.uploadArtifact("taken", [file], folder);
    be("two");
    await expect(client.uploadArtifact("taken", [file], folder)).rejects.toThrow("already exists");
    await expect(client.getArtifact("missing")).rejects.toThrow("Artifact not found for name: missing");
    await expect(client.downloadArtifact(1)).rejects.toThrow("No artifacts found for ID: 1");
  });

  it("sends one file as it is, and many blocks", async () => {
    const file = write("report.bin", randomBytes(9_000_000));
    const { id = 0 } = await client.uploadArtifact("ignored", [file], folder, { skipArchive: true });
    await client.downloadArtifact(id, { path: join(folder, "raw") });
    expect(sha256(join(folder, "raw/report.bin"))).toBe(sha256(file));
  });

  it("downloads what the native action uploaded", async () => {
    const { artifact } = await client.getArtifact("native");
    await client.downloadArtifact(artifact.id, { path: join(folder, "native") });
    expect(readFileSync(join(folder, "native/f"), "utf8")).toBe("from the native action\n");
    expect(existsSync(join(folder, "native/deep/g"))).toBe(true);
  });
});

it("an id token is not to be had, and the error names what is missing", async () => {
  await expect(getIDToken()).rejects.toThrow("Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable");
});
