import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { asAttemptId } from "../../../src/model/ids.ts";
import type { AttemptId } from "../../../src/model/ids.ts";
import type { Job } from "../../../src/model/job.ts";
import { changeAttempt, markDestroyed } from "../../../src/store/attempts.ts";
import { logIndexKey, logKey } from "../../../src/store/keys.ts";
import { api, migrate, seedAttempt, seedBuild, seedJob, seedRepository } from "./support.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
});

interface Live {
  job: Job;
  attempt: { id: AttemptId; attempt: number };
  url: string;
  raw: number;
}

async function startJob(maxBytes?: number): Promise<Live> {
  const build = await seedBuild();
  const job = await seedJob(build.id, "test");
  const attempt = await seedAttempt(job);
  await stream(attempt.id).open(1, "", 1, maxBytes === undefined ? {} : { maxBytes });
  return { job, attempt, url: `/builds/${build.id}/jobs/${job.id}/log`, raw: 0 };
}

const stream = (id: AttemptId) => env.LOG_STREAM.get(env.LOG_STREAM.idFromName(id));

async function write(live: Live, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const toRaw = live.raw + bytes.length;
  const request = { step: 1, fromRaw: live.raw, toRaw, text: bytes, carry: null, at: 1 };
  expect(await stream(live.attempt.id).append(request)).toMatchObject({ accepted: true });
  live.raw = toRaw;
}

/** As the attempt does at its end: the log to R2, the word of it to D1, the stream emptied. */
async function archive(live: Live, options: { empty: boolean; mark: boolean }): Promise<void> {
  const log = stream(live.attempt.id);
  const of = { ...live.job, jobId: live.job.id, attempt: live.attempt.attempt };
  await log.close(1, "", 2);
  await log.end(3);
  const { index, body } = await log.archive();
  const fixed = new FixedLengthStream(index.bytes);
  await Promise.all([body.pipeTo(fixed.writable), env.STORE.put(logKey(of), fixed.readable)]);
  await env.STORE.put(logIndexKey(of), JSON.stringify(index));
  const end = { to: "completed", conclusion: "success", reason: null, detail: null, at: 4 } as const;
  await changeAttempt(env.DB, live.attempt.id, end).run();
  if (options.empty) await log.empty();
  if (options.mark) await markDestroyed(env.DB, live.attempt.id, 5, { archived: true }).run();
}

describe("a log", () => {
  it("is read from a byte on while it is live, and says where to go on", async () => {
    const live = await startJob();
    await write(live, "one\nzwölf\n");
    const all = await api(live.url);
    expect(all.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(all.headers.get("x-sandlot-next")).toBe("11");
    expect(all.headers.get("x-sandlot-ended")).toBe("false");
    expect(await all.text()).toBe("one\nzwölf\n");
    expect(await (await api(`${live.url}?from=4`)).text()).toBe("zwölf\n");
    const none = await api(`${live.url}?from=11`);
    expect([none.status, await none.text()]).toEqual([200, ""]);
    expect((await api(`${live.url}?from=12`)).status).toBe(416);
  });

  it("has the same offsets once it is archived, whatever of that is done already", async () => {
    for (const done of [
      { empty: false, mark: false },
      { empty: true, mark: false },
      { empty: false, mark: true },
      { empty: true, mark: true },
    ]) {
      const live = await startJob();
      await write(live, "one\nzwölf\n");
      await archive(live, done);
      for (const [from, text] of [
        [0, "one\nzwölf\n"],
        [4, "zwölf\n"],
        [11, ""],
      ] as const) {
        const answer = await api(`${live.url}?from=${from}`);
        expect([done, answer.headers.get("x-sandlot-next")]).toEqual([done, "11"]);
        expect(answer.headers.get("x-sandlot-ended")).toBe("true");
        expect([done, from, await answer.text()]).toEqual([done, from, text]);
        expect(await (await api(`${live.url}?follow=1&from=${from}`)).text()).toBe(text);
      }
      expect((await api(`${live.url}?from=12`)).status).toBe(416);
    }
  });

  it("is followed to its end, across the moment of its archiving, without a gap or a double byte", async () => {
    for (const done of [
      { empty: true, mark: true },
      { empty: true, mark: false },
      { empty: false, mark: true },
    ]) {
      const live = await startJob();
      const lines = Array.from({ length: 60 }, (_, n) => `line ${n} ${"äöü".repeat(n % 7)}\n`);
      await write(live, lines.slice(0, 20).join(""));
      const follower = await api(`${live.url}?follow=1`);
      const reader = follower.body!.pipeThrough(new TextDecoderStream()).getReader();
      let seen = (await reader.read()).value ?? "";
      for (const line of lines.slice(20, 40)) await write(live, line);
      seen += (await reader.read()).value ?? "";
      // What comes now is only read from R2 where the stream is emptied before the follower asks again.
      await write(live, lines.slice(40).join(""));
      await archive(live, done);
      for (let next = await reader.read(); !next.done; next = await reader.read()) seen += next.value;
      expect(seen).toBe(lines.join(""));
    }
  });

  it("is followed from before its first byte until it is kept, also when it stays empty", async () => {
    const live = await startJob();
    const follower = await api(`${live.url}?follow=1`);
    const text = follower.text();
    await archive(live, { empty: true, mark: true });
    expect(await text).toBe("");
  });

  it("follows two readers at their own pace and lets one leave", async () => {
    const live = await startJob();
    const leaving = (await api(`${live.url}?follow=true`)).body!.getReader();
    const staying = api(`${live.url}?follow=true&from=2`);
    await write(live, "abcdef\n");
    expect(new TextDecoder().decode((await leaving.read()).value)).toBe("abcdef\n");
    await leaving.cancel();
    await write(live, "ghi\n");
    await stream(live.attempt.id).end(9);
    expect(await (await staying).text()).toBe("cdef\nghi\n");
  });

  it("that was too long says what was cut, live and archived alike", async () => {
    const live = await startJob(4096);
    for (let n = 0; n < 40; n += 1) await write(live, `${String(n).padStart(3, "0")} ${"x".repeat(252)}\n`);
    const before = await (await api(live.url)).text();
    const cut = /##\[warning\]Sandlot cut ([\d,]+) bytes here/.exec(before);
    expect(before.startsWith("000 ")).toBe(true);
    expect(before.endsWith("x\n")).toBe(true);
    expect(before.length).toBe(live.raw - Number(cut?.[1]?.replace(",", "")) + before.match(/\n##.*\n/)![0].length);
    await archive(live, { empty: true, mark: true });
    const after = await api(live.url);
    expect(after.headers.get("x-sandlot-next")).toBe(String(live.raw));
    expect(await after.text()).toBe(before);
    expect(await (await api(`${live.url}?from=${live.raw - 257}`)).text()).toMatch(/^039 x+\n$/);
  });

  it("once archived is read in ranges, by its tag, and without its bytes", async () => {
    const live = await startJob();
    await write(live, "0123456789");
    await archive(live, { empty: true, mark: true });
    const part = await api(live.url, { headers: { range: "bytes=2-4" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe("bytes 2-4/11");
    expect(await part.text()).toBe("234");
    const last = await api(live.url, { headers: { range: "bytes=-3" } });
    expect(await last.text()).toBe("89\n");
    const beyond = await api(live.url, { headers: { range: "bytes=11-" } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */11"]);
    const etag = part.headers.get("etag")!;
    const same = await api(live.url, { headers: { range: "bytes=0-", "if-none-match": etag } });
    expect(same.status).toBe(304);
    const head = await api(live.url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("of an earlier attempt stays readable, and one that never was is 404", async () => {
    const live = await startJob();
    await write(live, "first\n");
    expect(await (await api(`${live.url}?attempt=1`)).text()).toBe("first\n");
    expect((await api(`${live.url}?attempt=2`)).status).toBe(404);
    const waiting = await seedJob(live.job.buildId, "waits");
    expect((await api(`/builds/${live.job.buildId}/jobs/${waiting.id}/log`)).status).toBe(404);
    expect((await api(`/builds/${live.job.buildId}/jobs/${asAttemptId("nothing")}/log`)).status).toBe(404);
    for (const query of ["from=-1", "from=x", "attempt=0", "follow=perhaps", "from=1e3"]) {
      expect([query, (await api(`${live.url}?${query}`)).status]).toEqual([query, 400]);
    }
  });
});
