import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ArtifactFileView, ArtifactView, BuildView, Page } from "../../../src/model/api.ts";
import type { Build } from "../../../src/model/build.ts";
import type { BuildId } from "../../../src/model/ids.ts";
import { saveArtifact, saveArtifactFiles } from "../../../src/store/artifacts.ts";
import type { Artifact } from "../../../src/store/artifacts.ts";
import { artifactFileKey, artifactPrefix } from "../../../src/store/keys.ts";
import { parseRange } from "../../../src/web/http/object.ts";
import { safeName } from "../../../src/web/http/zip.ts";
import { api, migrate, seedAttempt, seedBuild, seedJob, seedRepository } from "./support.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
});

/** Saves it as an attempt of the build's job `test` would. */
async function keep(
  build: BuildId,
  name: string,
  files: Record<string, string | Uint8Array>,
  given: Partial<Artifact> = {},
): Promise<void> {
  const job = await seedJob(build, given.jobId ?? "test");
  const { id } = await seedAttempt(job);
  const prefix = artifactPrefix(1, build, 1, name, id);
  const sizes = Object.entries(files).map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: "0".repeat(64) }));
  for (const [path, bytes] of Object.entries(files)) await env.STORE.put(artifactFileKey(prefix, path), bytes);
  await saveArtifactFiles(env.STORE, prefix, sizes);
  const artifact: Artifact = {
    buildId: build,
    runAttempt: 1,
    name,
    repositoryId: 1,
    jobId: job.id,
    attemptId: id,
    files: sizes.length,
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    createdAt: 1_700_000_000_000,
    expiresAt: Date.now() + 1e9,
    prefix,
    ...given,
  };
  await saveArtifact(env.DB, artifact, { overwrite: false }).run();
}

const seed = (): Promise<Build> => seedBuild();

describe("artifacts", () => {
  it("are listed with their files, and each file opens by the address that is given", async () => {
    const { id } = await seed();
    const files = { "index.html": "<script>alert(1)</script>", "a b/100%41 ünï.txt": "deep" };
    await keep(id, "site #1", files);
    const list = await (await api(`/builds/${id}/artifacts`)).json<Page<ArtifactView>>();
    expect(list.items).toMatchObject([{ name: "site #1", files: 2, runAttempt: 1 }]);
    expect((await (await api(`/builds/${id}`)).json<BuildView>()).artifacts).toEqual(list.items);
    const opened = await api(pathOf(list.items[0]!.url));
    const { items } = await opened.json<Page<ArtifactFileView>>();
    expect(items.map(({ path }) => path)).toEqual(Object.keys(files));
    for (const { path, url } of items) {
      const answer = await api(pathOf(url));
      expect([answer.status, await answer.text()]).toEqual([200, files[path as keyof typeof files]]);
    }
  });

  const pathOf = (url: string): string => url.replace("https://sandlot.example/api", "");

  it("are saved by a browser, never shown as ours, whatever they are called", async () => {
    const { id } = await seed();
    const names = [
      "index.html",
      "x.svg",
      'a"\r\nSet-Cookie: x=1',
      "\u202egnp.exe",
      `${"long".repeat(200)}.txt`,
      "-rf",
      "'().js",
    ];
    await keep(id, "out", Object.fromEntries(names.map((name) => [name, "<script>"])));
    for (const name of names) {
      const answer = await api(`/builds/${id}/artifacts/out/files/${encodeURIComponent(name)}`);
      expect([name, answer.status]).toEqual([name, 200]);
      expect(answer.headers.get("content-disposition")).toMatch(
        /^attachment; filename="[\w.-]{1,200}"; filename\*=UTF-8''[\w.%!~-]+$/,
      );
      expect(answer.headers.get("content-disposition")).not.toMatch(/%E2%80%AE|%0D|%0A|%22%0D/i);
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("content-security-policy")).toMatch(/^sandbox;/);
      expect(answer.headers.get("set-cookie")).toBeNull();
    }
  });

  it("give nothing but their own bytes, however one climbs", async () => {
    const mine = await seed();
    const other = await seed();
    await keep(mine.id, "out", { "1": "mine" });
    await keep(other.id, "out", { "1": "theirs" });
    for (const path of [
      "../../../../x",
      "..%2f..%2f1",
      "%2e%2e%2f%2e%2e%2f1",
      "%252e%252e%2f1",
      "..%5c1",
      "",
      "%00",
      "1/",
      "/1",
      "x".repeat(2000),
    ]) {
      const answer = await api(`/builds/${mine.id}/artifacts/out/files/${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect((await api(`/builds/${mine.id}/artifacts/out/files/%ff`)).status).toBe(400);
    expect((await api(`/builds/${mine.id}/artifacts/..%2fout`)).status).toBe(404);
    expect((await api(`/builds/${mine.id}/artifacts/none`)).status).toBe(404);
    expect((await api("/builds/none/artifacts")).status).toBe(404);
  });

  it("are read in ranges and by their tag", async () => {
    const { id } = await seed();
    await keep(id, "out", { "f.bin": "0123456789", empty: "" });
    const url = `/builds/${id}/artifacts/out/files/f.bin`;
    const whole = await api(url);
    const etag = whole.headers.get("etag")!;
    expect([whole.headers.get("content-length"), await whole.text()]).toEqual(["10", "0123456789"]);
    const part = await api(url, { headers: { range: "bytes=3-5", "if-range": etag } });
    expect([part.status, await part.text()]).toEqual([206, "345"]);
    const other = await api(url, { headers: { range: "bytes=3-5", "if-range": '"old"' } });
    expect([other.status, await other.text()]).toEqual([200, "0123456789"]);
    const beyond = await api(url, { headers: { range: "bytes=10-" } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */10"]);
    expect((await api(url, { headers: { "if-none-match": `W/${etag}, "x"` } })).status).toBe(304);
    const empty = await api(`/builds/${id}/artifacts/out/files/empty`);
    expect([empty.status, await empty.text()]).toEqual([200, ""]);
    const head = await api(url, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
  });

  it("that were kept long enough are gone, and say since when", async () => {
    const { id } = await seed();
    await keep(id, "old", { a: "a" }, { expiresAt: 1000 });
    expect((await api(`/builds/${id}/artifacts/old/files/a`)).status).toBe(410);
    expect((await api(`/builds/${id}/artifacts/old/zip`)).status).toBe(410);
    expect(await unzip(await api(`/builds/${id}/artifacts.zip`))).toEqual({});
  });
});

describe("a zip", () => {
  it("holds every byte of one artifact, or of all in a folder each", async () => {
    const { id } = await seed();
    const big = crypto.getRandomValues(new Uint8Array(60_000));
    await keep(id, "one", { "a/b.bin": big, "ü.txt": "ü", empty: "" });
    const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
    const one = await api(`/builds/${id}/artifacts/one/zip`);
    expect(one.headers.get("content-type")).toBe("application/zip");
    expect(one.headers.get("content-disposition")).toContain('attachment; filename="one.zip"');
    const files = await unzip(one);
    expect(Object.keys(files)).toEqual(["a/b.bin", "ü.txt", "empty"]);
    expect(latin(files["a/b.bin"]!)).toBe(latin(big));
    expect(Object.keys(await unzip(await api(`/builds/${id}/artifacts.zip`)))).toEqual([
      "one/a/b.bin",
      "one/ü.txt",
      "one/empty",
    ]);
  });

  it("unpacks nothing outside its folder and nothing over another file", async () => {
    const { id } = await seed();
    await keep(id, "evil", { "../../etc/passwd": "1", "/abs": "2", "C:\\x": "3", "a\u0000b": "4", A: "5", a: "6" });
    const files = await unzip(await api(`/builds/${id}/artifacts/evil/zip`));
    expect(Object.keys(files)).toEqual(["etc/passwd", "abs", "C__x", "a_b", "A", "a-2"]);
  });

  it("has only safe names, whatever it is given", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(".", "/", "\\", ":", "a", "\n", "\u0000") }), (path) => {
        const name = safeName(path);
        expect(name).not.toMatch(/(^|\/)\.\.?(\/|$)|^\/|[\\:\n\0]|\/\/|^$/);
      }),
    );
  });
});

describe("a range", () => {
  it("never leaves what it is a range of", () => {
    const part = fc.oneof(fc.constant(""), fc.nat({ max: 30 }).map(String));
    fc.assert(
      fc.property(part, part, fc.nat({ max: 20 }), (first, last, size) => {
        const span = parseRange(`bytes=${first}-${last}`, size);
        if (span === null || span === "unsatisfiable") return;
        expect(span.offset).toBeGreaterThanOrEqual(0);
        expect(span.length).toBeGreaterThan(0);
        expect(span.offset + span.length).toBeLessThanOrEqual(size);
      }),
    );
  });

  it("that is none, or several, is ignored", () => {
    for (const header of [null, "", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "lines=0-1", "bytes=x-1"]) {
      expect([header, parseRange(header, 10)]).toEqual([header, null]);
    }
    expect(parseRange("bytes=-0", 10)).toBe("unsatisfiable");
    expect(parseRange("bytes=-99", 10)).toEqual({ offset: 0, length: 10 });
  });
});

/** Reads a zip by its central directory, as programs do; entries are stored, not packed. */
async function unzip(answer: Response): Promise<Record<string, Uint8Array>> {
  expect(answer.status).toBe(200);
  const zip = Buffer.from(await answer.arrayBuffer());
  const end = zip.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1"));
  const files: Record<string, Uint8Array> = {};
  let at = zip.readUInt32LE(end + 16);
  for (let n = zip.readUInt16LE(end + 10); n > 0; n -= 1) {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    const [size, nameLength, extra] = [zip.readUInt32LE(at + 24), zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30)];
    const local = zip.readUInt32LE(at + 42);
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    files[name] = zip.subarray(data, data + size);
    at += 46 + nameLength + extra + zip.readUInt16LE(at + 32);
  }
  return files;
}
