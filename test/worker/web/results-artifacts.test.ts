import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ArtifactFileView, ArtifactView, BuildView, Page } from "../../../src/model/api.ts";
import { MAX_ARTIFACT_FILES } from "../../../src/model/limits.ts";
import { saveArtifact as saveRow, saveArtifactFiles } from "../../../src/store/artifacts.ts";
import { artifactFileKey, artifactPrefix } from "../../../src/store/keys.ts";
import { readZipDirectory } from "../../../src/store/zip-directory.ts";
import { bytesOf, callArtifacts, fetchAt, putBlob, running, runningIn, saveArtifact, textOf } from "./results.ts";
import type { Caller } from "./results.ts";
import { api, migrate, seedBuild, seedRepository } from "./support.ts";
import { zipOf } from "./zip-bytes.ts";
import type { Member } from "./zip-bytes.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
});

const pathOf = (url: string): string => new URL(url).pathname.replace(/^\/api/, "");

async function list(caller: Caller, filter: Record<string, unknown> = {}) {
  const { body } = await callArtifacts(caller, "ListArtifacts", filter);
  return body["artifacts"] as Record<string, string>[];
}

async function addressOf(caller: Caller, name: string): Promise<string> {
  return String((await callArtifacts(caller, "GetSignedArtifactURL", { name })).body["signed_url"]);
}

describe("an artifact that an action sent", () => {
  const members: Member[] = [
    { name: "index.html", content: "<h1>it</h1>" },
    { name: "empty", content: "", deflate: true },
    { name: "folder/", mode: 0o040755 },
    { name: "folder/ünï 100%.txt", content: "deep ".repeat(1000), deflate: true, zip64: true },
  ];

  it("is listed, opened file by file and downloaded like any other", async () => {
    const caller = await running();
    const zip = zipOf(members, { comment: "made by a test", zip64: true });
    expect(await saveArtifact(caller, "site #1", zip)).toMatchObject({ status: 200, body: { ok: true } });
    const build = await (await api(`/builds/${caller.build.id}`)).json<BuildView>();
    expect(build.artifacts).toMatchObject([{ name: "site #1", files: 3, bytes: 5011, job: caller.job.id }]);
    const opened = await api(pathOf(build.artifacts[0]?.url ?? ""));
    const { items } = await opened.json<Page<ArtifactFileView>>();
    expect(items.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }))).toEqual([
      { path: "index.html", bytes: 11, sha256: null },
      { path: "empty", bytes: 0, sha256: null },
      { path: "folder/ünï 100%.txt", bytes: 5000, sha256: null },
    ]);
    const texts = await Promise.all(items.map(async ({ url }) => await textOf(await api(pathOf(url)))));
    expect(texts).toEqual(["<h1>it</h1>", "", "deep ".repeat(1000)]);
    const whole = await api(`/builds/${caller.build.id}/artifacts/site%20%231/zip`);
    const repacked = new Uint8Array(await whole.arrayBuffer());
    expect(await namesIn(repacked)).toEqual(["index.html", "empty", "folder/ünï 100%.txt"]);
  });

  it("is given back to actions byte by byte, with the digest that they said", async () => {
    const caller = await running();
    const zip = zipOf(members);
    const made = await callArtifacts(caller, "CreateArtifact", { name: "it", version: 4 });
    await putBlob(String(made.body["signed_upload_url"]), zip);
    const done = { name: "it", size: String(zip.length), hash: "sha256:abc" };
    const finalized = await callArtifacts(caller, "FinalizeArtifact", done);
    const again = await callArtifacts(caller, "FinalizeArtifact", done);
    expect(again).toEqual(finalized);
    const [listed] = await list(await runningIn(caller.build, "reader"));
    expect(listed).toMatchObject({ name: "it", size: String(zip.length), digest: "sha256:abc" });
    expect(listed?.["database_id"]).toBe(finalized.body["artifact_id"]);
    const response = await fetchAt(await addressOf(caller, "it"));
    expect(response.headers.get("content-type")).toBe("application/zip");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(zip);
  });

  it("may be one file as it is", async () => {
    const caller = await running();
    await saveArtifact(caller, "report.html", bytesOf("<p>"), { mime_type: "text/html" });
    const { items } = await (
      await api(`/builds/${caller.build.id}/artifacts/report.html`)
    ).json<Page<ArtifactFileView>>();
    expect(items).toMatchObject([{ path: "report.html", bytes: 3 }]);
    const page = await api(pathOf(items[0]?.url ?? ""));
    expect([page.headers.get("content-type"), await textOf(page)]).toEqual(["application/octet-stream", "<p>"]);
    const raw = await fetchAt(await addressOf(caller, "report.html"));
    expect(raw.headers.get("content-disposition")).toContain('filename="report.html"');
    expect(raw.headers.get("content-security-policy")).toContain("sandbox");
    expect(await textOf(raw)).toBe("<p>");
  });

  it("has a name of its own within its run attempt, until it is deleted", async () => {
    const caller = await running();
    const other = await runningIn(caller.build, "other");
    await saveArtifact(caller, "same", zipOf([{ name: "a", content: "1" }]));
    const refused = await saveArtifact(other, "same", zipOf([{ name: "a", content: "2" }]));
    expect(refused).toMatchObject({ status: 409, body: { code: "already_exists" } });
    expect(await callArtifacts(other, "DeleteArtifact", { name: "same" })).toMatchObject({ body: { ok: true } });
    expect(await list(caller)).toEqual([]);
    expect((await env.STORE.list({ prefix: `repositories/1/builds/${caller.build.id}/` })).objects).toEqual([]);
    expect(await callArtifacts(caller, "FinalizeArtifact", { name: "same", size: "1" })).toMatchObject({ status: 404 });
    expect(await saveArtifact(other, "same", zipOf([{ name: "b" }]))).toMatchObject({ body: { ok: true } });
    expect(await list(caller, { name_filter: "same" })).toHaveLength(1);
    expect(await list(caller, { id_filter: "12345" })).toEqual([]);
  });

  it("belongs to its build: the token of another is refused", async () => {
    const [caller, stranger] = [await running(), await running()];
    await saveArtifact(caller, "mine", zipOf([{ name: "a" }]));
    const forged = { ...stranger, build: caller.build };
    for (const [method, message] of Object.entries({
      ListArtifacts: {},
      GetSignedArtifactURL: { name: "mine" },
      DeleteArtifact: { name: "mine" },
      CreateArtifact: { name: "theirs" },
    }))
      expect(await callArtifacts(forged, method, message)).toMatchObject({ status: 403 });
    expect(await list(stranger)).toEqual([]);
  });

  it("is kept as long as it asks for, up to the limit", async () => {
    const caller = await running();
    const day = 24 * 60 * 60_000;
    const ask = (days: number) => ({ expires_at: new Date(Date.now() + days * day).toISOString() });
    await saveArtifact(caller, "week", zipOf([{ name: "a" }]), ask(7));
    await saveArtifact(caller, "ever", zipOf([{ name: "a" }]), ask(1000));
    expect(await saveArtifact(caller, "gone", zipOf([{ name: "a" }]), ask(-1))).toMatchObject({ status: 400 });
    const { items } = await (await api(`/builds/${caller.build.id}/artifacts`)).json<Page<ArtifactView>>();
    const days = items.map(({ name, expiresAt }) => [name, Math.round((expiresAt - Date.now()) / day)]);
    expect(days).toEqual([
      ["ever", 90],
      ["week", 7],
    ]);
  });

  it("is refused under a name that no artifact may have", async () => {
    const caller = await running();
    for (const name of ["", "a/b", "a\\b", "a\nb", "*", "x".repeat(256), "ü".repeat(200)])
      expect(await callArtifacts(caller, "CreateArtifact", { name })).toMatchObject({ status: 400 });
  });
});

it("a native artifact is given to actions as a zip", async () => {
  const caller = await running(await seedBuild());
  const prefix = artifactPrefix(1, caller.build.id, 1, "native", "x");
  await env.STORE.put(artifactFileKey(prefix, "a b/c"), "content");
  await saveArtifactFiles(env.STORE, prefix, [{ path: "a b/c", bytes: 7, sha256: "0".repeat(64) }]);
  const { attemptId, job, build } = caller;
  const times = { createdAt: Date.now(), expiresAt: Date.now() + 60_000 };
  const row = { buildId: build.id, runAttempt: 1, name: "native", repositoryId: 1, jobId: job.id, attemptId };
  await saveRow(env.DB, { ...row, ...times, files: 1, bytes: 7, prefix }, { overwrite: false }).run();
  expect(await list(caller)).toMatchObject([{ name: "native", size: "7" }]);
  const response = await fetchAt(await addressOf(caller, "native"));
  expect(response.headers.get("content-type")).toBe("application/zip");
  expect(await namesIn(new Uint8Array(await response.arrayBuffer()))).toEqual(["a b/c"]);
});

const reading = (bytes: Uint8Array) =>
  readZipDirectory(async (from, length) => bytes.slice(from, from + length), bytes.length);

async function namesIn(bytes: Uint8Array): Promise<string[]> {
  const read = await reading(bytes);
  if (!read.ok) throw new Error(read.why);
  return read.files.map(({ path }) => path);
}

describe("a zip", () => {
  const hostile: Record<string, Member[]> = {
    "a name that leads out": [{ name: "../evil" }],
    "a name that leads out in the middle": [{ name: "a/../../evil" }],
    "an absolute name": [{ name: "/etc/passwd" }],
    "a name with backslashes": [{ name: "..\\evil" }],
    "a name of a drive": [{ name: "C:/evil" }],
    "a name with a NUL": [{ name: "a\0b" }],
    "a name of nothing": [{ name: "" }],
    "a folder that leads out": [{ name: "../" }],
    "a name with nothing in between": [{ name: "a//b" }],
    "a name longer than any": [{ name: "x".repeat(1025) }],
    "a link": [{ name: "a", content: "/etc/passwd", mode: 0o120777 }],
    "a device": [{ name: "a", mode: 0o060666 }],
    "one name twice": [{ name: "a" }, { name: "a" }],
    "a file within a file": [{ name: "a" }, { name: "a/b" }],
    "an encrypted file": [{ name: "a", flags: 1 }],
    "a method that nobody reads": [{ name: "a", method: 12 }],
    "a stored file of two sizes": [{ name: "a", content: "abc", size: 4 }],
    "files that overlap": [
      { name: "a", content: "abc" },
      { name: "b", content: "abc", offset: 0 },
    ],
    "a file that lies outside": [{ name: "a", content: "abc", offset: 1_000_000 }],
    "more than anybody should unpack": [{ name: "a", content: "abc", deflate: true, size: 2 ** 40, zip64: true }],
  };

  it.each(Object.entries(hostile))("with %s is refused", async (_, members) => {
    const caller = await running();
    const answer = await saveArtifact(caller, "evil", zipOf(members));
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_argument" } });
    expect(String(answer.body["msg"])).toContain("the artifact's zip is refused");
    expect(await list(caller)).toEqual([]);
  });

  it("with more files than an artifact holds is refused", async () => {
    const many = zipOf(Array.from({ length: MAX_ARTIFACT_FILES + 1 }, (_, nth) => ({ name: `f${nth}` })));
    expect(await reading(many)).toMatchObject({ ok: false });
    const just = zipOf(Array.from({ length: MAX_ARTIFACT_FILES }, (_, nth) => ({ name: `f${nth}` })));
    expect((await namesIn(just)).length).toBe(MAX_ARTIFACT_FILES);
  });

  it("whose file is not what the directory says ends the download in an error", async () => {
    const caller = await running();
    const [good, content] = ["good", "abc".repeat(100)];
    const lies: Record<string, Partial<Member>> = { larger: { size: 3 }, smaller: { size: 999 }, other: { crc32: 1 } };
    const members = Object.entries(lies).map(([name, lie]) => ({ name, content, deflate: true, ...lie }));
    await saveArtifact(caller, "lies", zipOf([{ name: good, content, deflate: true }, ...members]));
    const open = async (name: string): Promise<string> =>
      await textOf(await api(`/builds/${caller.build.id}/artifacts/lies/files/${name}`));
    expect(await open(good)).toBe(content);
    for (const name of Object.keys(lies)) await expect(open(name)).rejects.toThrow();
  });

  it("that is cut, changed or nonsense is read or refused, and never trips us", async () => {
    const honest = zipOf([
      { name: "a", content: "abc" },
      { name: "b/c", content: "abc".repeat(50), deflate: true, zip64: true },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { maxLength: 8 }),
        async (changes) => {
          const broken = honest.slice();
          for (const [at, value] of changes) broken[at] = value;
          const read = await reading(broken);
          if (read.ok) for (const { path } of read.files) expect(path.split("/")).not.toContain("..");
        },
      ),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(honest.length), async (length) => {
        if (length < honest.length) expect(await reading(honest.slice(0, length))).toMatchObject({ ok: false });
      }),
    );
    for (const nothing of [new Uint8Array(0), bytesOf("no zip at all"), new Uint8Array(100_000)])
      expect(await reading(nothing)).toMatchObject({ ok: false, why: "it is no zip" });
  });
});
