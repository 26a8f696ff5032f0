/** Faults of logs, viewers and clocks, each named after its row of docs/faults.md. */

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { jobId } from "../../../src/model/ids.ts";
import { conditions } from "../../support/conditions.ts";
import { run, build, says, lines, sweepAt, COUNT, SIX } from "./disturbed.ts";
import { nothingLost } from "./nothing-lost.ts";
import { call, ended, logOf, migrate, until } from "./river.ts";

beforeAll(migrate);
afterEach(async () => {
  await nothingLost();
}, 60_000);

describe("F23: a step that prints without end", () => {
  it("has its log cut in the middle, once, and the build goes on", async () => {
    conditions.maxLogBytes = "200000";
    const running = await run(
      `      - run: echo first; yes 'a line of forty characters, more or less' | head -c 20000000; echo last
      - run: head -c 5000000 /dev/zero | tr '\\0' x; echo; printf '\\377\\376\\0 broken \\342\\202\\n'`,
    );
    const view = await ended(running.id);
    conditions.maxLogBytes = null;
    expect(view.conclusion).toBe("success");
    const log = await logOf(view);
    expect(log.length).toBeLessThan(300_000);
    expect(lines(log, /Sandlot cut [\d,]+ bytes here/g)).toHaveLength(1);
    expect(log).toMatch(/^first$/m);
    expect(log).toContain(" broken ");
  });
});

describe("F24: a step that meets a full disk, or ends by a signal", () => {
  it("fails with its own words, and the rest is kept", async () => {
    const running = await run(
      `      - run: echo full >/dev/full
        continue-on-error: true
      - run: kill -SEGV $$`,
    );
    const view = await ended(running.id);
    expect(view).toMatchObject({ conclusion: "failure", reason: "step_failed" });
    expect(await logOf(view)).toMatch(/No space left on device/);
    expect(view.jobs[0]?.steps.map((step) => step.exitCode)).toEqual([1, 139]);
  });
});

describe("F25: a viewer that drops and comes back", () => {
  it("goes on where it was, with no gap and nothing twice", async () => {
    const running = await run(`      - run: for i in $(seq 40); do echo "line $i of a log"; sleep 0.05; done`);
    const job = jobId(running.id, "a");
    await until(
      () => build(running.id),
      (view) => view.status !== "queued",
      "the start",
    );
    let seen = new Uint8Array();
    const read = async () => {
      const response = await call(`/builds/${running.id}/jobs/${job}/log?from=${seen.length}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      // The connection breaks somewhere in the answer.
      const kept = bytes.subarray(0, Math.ceil(Math.random() * bytes.length));
      seen = new Uint8Array([...seen, ...kept]);
    };
    await until(
      async () => {
        await read();
        return await build(running.id);
      },
      (view) => view.status === "completed",
      "the end",
    );
    const whole = await logOf(await ended(running.id));
    for (let tries = 0; seen.length < whole.length && tries < 1000; tries += 1) await read();
    expect(new TextDecoder().decode(seen)).toBe(whole);
  });
});

describe("F26: a LogStream that is evicted while a step writes", () => {
  it("loses no line and repeats none", async () => {
    const running = await run(`      - run: ${COUNT}`);
    for (const line of ["line 2\n", "line 4\n"]) {
      await says(running, line);
      await evictDurableObject(env.LOG_STREAM.get(env.LOG_STREAM.idFromName(running.attempt)));
    }
    const view = await ended(running.id);
    expect(lines(await logOf(view), /^line \d$/gm)).toEqual(SIX);
  });
});

describe("F27: clocks that disagree", () => {
  it("by an hour make no sweep end a living build, and no duration negative", async () => {
    const running = await run(`      - run: ${COUNT}`);
    await says(running, "line 1\n");
    await sweepAt(Date.now() - 3_600_000);
    await sweepAt(Date.now() + 3_600_000);
    const view = await ended(running.id);
    expect(view).toMatchObject({ conclusion: "success" });
    expect(view.jobs[0]).toMatchObject({ attempt: 1, attempts: [] });
    for (const step of view.jobs[0]?.steps ?? [])
      expect(Number(step.completedAt)).toBeGreaterThanOrEqual(step.startedAt);
  });
});

describe("F29: the sweep beside a living build", () => {
  it("leaves it alone, however old its heartbeat, as long as its runner lives", async () => {
    const running = await run(`      - run: ${COUNT}`);
    await says(running, "line 1\n");
    await env.DB.prepare("UPDATE attempts SET heartbeat_at = 1 WHERE id = ?").bind(running.attempt).run();
    await Promise.all([sweepAt(Date.now()), sweepAt(Date.now())]);
    const view = await ended(running.id);
    expect(view.conclusion).toBe("success");
    expect(view.jobs[0]).toMatchObject({ attempt: 1, attempts: [] });
    expect(lines(await logOf(view), /^line \d$/gm)).toEqual(SIX);
  });
});

describe("F30: a build with a log of 100,000 lines", () => {
  it("is read in pieces, and its page is answered", async () => {
    const running = await run("      - run: seq 100000");
    const view = await ended(running.id);
    expect(lines(await logOf(view), /^\d+$/gm)).toHaveLength(100_000);
    const part = await call(`/builds/${running.id}/jobs/${view.jobs[0]?.id}/log?from=100000`);
    expect(part.status).toBe(200);
    await part.body?.cancel();
  });
});
