/** Faults of sandboxes, stores, steps and people while a job runs, each named after its row of docs/faults.md. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { isEngineAbort } from "../../../src/attempt/engine.ts";
import { openCloudflareSandbox } from "../../../src/sandbox/cloudflare.ts";
import { openSandbox } from "../../../src/sandbox/open.ts";
import { SandboxFault } from "../../../src/sandbox/port.ts";
import { outages } from "../../support/failing-env.ts";
import { addFault, createRepository, statusesOf } from "../../support/github-control.ts";
import { run, build, says, lines, fault, sweepAt, cancel, COUNT, SIX, ci, PATH } from "./disturbed.ts";
import type { Running } from "./disturbed.ts";
import { nothingLost } from "./nothing-lost.ts";
import { buildsOf, call, ended, github, logOf, migrate, push, until } from "./river.ts";

beforeAll(migrate);
afterEach(async () => {
  await nothingLost();
}, 60_000);

describe("F7: a deploy", () => {
  it("is known by every word that the platform has for it, through what wraps it", () => {
    for (const words of [
      "Durable Object reset because its code was updated.",
      "Aborting engine: User called pause",
      "Aborting engine: Grace period complete",
    ]) {
      const error = new Error(words);
      for (const one of [error, new Error("step failed", { cause: error }), new AggregateError([error])])
        expect(isEngineAbort(one), words).toBe(true);
    }
    expect(isEngineAbort(new Error("exit code 1"))).toBe(false);
  });

  it("in the middle of a step is followed by the rest of the build", async () => {
    const running = await run(`      - run: echo first\n      - run: ${COUNT}`);
    await says(running, "line 2\n");
    const instance = await env.JOB_RUNNER.get(running.attempt);
    await instance.pause();
    await until(
      async () => (await instance.status()).status,
      (status) => status === "paused",
      "the pause",
    );
    await sweepAt(Date.now() + 600_000);
    const view = await ended(running.id);
    expect(view.conclusion).toBe("success");
    expect(lines(await logOf(view), /^line \d$/gm)).toEqual(SIX);
  });
});

describe("F10: a sandbox that hangs", () => {
  it("at its start is given up in time, and started by the next try", async () => {
    const name = `build-hang-${crypto.randomUUID().slice(0, 8)}` as Running["sandbox"];
    const sandbox = openCloudflareSandbox(env, name, "standard", { bootMs: 300 });
    await fault({ sandbox: name }, { kind: "hang_start" });
    await expect(sandbox.boot()).rejects.toMatchObject({
      kind: "transport",
      message: expect.stringMatching(/^boot: no answer/),
    });
    const next = openSandbox(env, name, "standard");
    const { bootId } = await next.boot();
    expect(bootId).not.toBe("");
    await next.destroy();
  });

  it("while it is destroyed is given up in time, and destroyed by the next try", async () => {
    const name = `build-hang-${crypto.randomUUID().slice(0, 8)}` as Running["sandbox"];
    const sandbox = openCloudflareSandbox(env, name, "standard", { destroyMs: 300 });
    await sandbox.boot();
    await fault({ sandbox: name }, { kind: "hang_destroy" });
    await expect(sandbox.destroy()).rejects.toBeInstanceOf(SandboxFault);
    await openSandbox(env, name, "standard").destroy();
    const stub = env.SANDBOX.get(env.SANDBOX.idFromName(name)) as unknown as { isRunning(): Promise<boolean> };
    expect(await stub.isRunning()).toBe(false);
  });
});

describe("F18: a cancel", () => {
  const stopped = async (running: Running) => {
    const view = await ended(running.id);
    expect(view).toMatchObject({ conclusion: "cancelled", reason: "cancelled_by_user" });
    expect((await statusesOf(github, running.fullName)).at(-1)?.state).toBe("error");
    return view;
  };

  it("while it waits for a sandbox ends the build at once", async () => {
    await env.DB.prepare(
      `INSERT INTO attempts (id, job_id, build_id, repository_id, attempt, run_attempt, sandbox_id, sandbox_size, created_at, status)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
       SELECT 'busy-' || i, 'busy', 'busy', 0, 1, 1, 'busy-' || i, 'standard', 1, 'queued' FROM n`,
    ).run();
    const running = await run("      - run: 'true'");
    await until(
      () => build(running.id),
      (view) => view.jobs[0]?.detail != null,
      "the wait",
    );
    await cancel(running.id);
    await until(
      () => build(running.id),
      (view) => view.status === "completed",
      "the end",
    );
    await env.DB.prepare("DELETE FROM attempts WHERE job_id = 'busy'").run();
    await stopped(running);
  });

  it("while its sandbox is started ends it before any step", async () => {
    const running = await run("      - run: echo never", (before) => fault(before, { kind: "no_capacity" }));
    await until(
      () => build(running.id),
      (view) => view.status === "in_progress",
      "the start",
    );
    await cancel(running.id);
    const view = await stopped(running);
    expect(view.jobs[0]?.steps).toEqual([]);
    expect(await logOf(view)).not.toMatch(/never/);
  });

  it("while it finishes leaves it the end that its steps had, and GitHub is told that", async () => {
    const running = await run("      - run: echo started");
    await ended(running.id);
    // As it is between the end of its last job and the look that ends it.
    await env.DB.prepare(
      "UPDATE builds SET status = 'in_progress', conclusion = NULL, completed_at = NULL, settled = 0 WHERE id = ?",
    )
      .bind(running.id)
      .run();
    await cancel(running.id);
    const view = await ended(running.id);
    expect(view).toMatchObject({ conclusion: "success", jobs: [{ conclusion: "success", attempt: 1 }] });
    expect((await statusesOf(github, running.fullName)).at(-1)?.state).toBe("success");
    expect(await logOf(view)).toMatch(/^started$/m);
  });

  it("while the checkout is under way stops it", async () => {
    const running = await run("      - uses: actions/checkout@v4\n      - run: echo never", async ({ fullName }) => {
      await addFault(github, { on: "git/upload-pack", repository: fullName, answers: [{ stallMs: 8000 }] });
    });
    await until(
      () => build(running.id),
      (view) => view.status === "in_progress",
      "the start",
    );
    await cancel(running.id);
    expect(await logOf(await stopped(running))).not.toMatch(/^never$/m);
  });

  it("F19: while a step runs that ignores every signal but KILL stops all of it, and always() steps run", async () => {
    const running = await run(
      `      - run: trap '' INT TERM HUP; echo started; (trap '' INT TERM; sleep 300) & sleep 300
      - if: always()
        run: echo tidied`,
    );
    await says(running, "started\n");
    await cancel(running.id);
    const log = await logOf(await stopped(running));
    expect(log).toMatch(/^started$/m);
    expect(log).toMatch(/^tidied$/m);
  });

  it("while an artifact is sent ends it as cancelled or as it would have ended, never half", async () => {
    const running = await run(
      `      - run: mkdir out; for i in $(seq 60); do echo $i >out/$i; done
      - uses: actions/upload-artifact@v4
        with: { name: out, path: out }
      - run: sleep 60`,
    );
    await says(running, "upload-artifact");
    await cancel(running.id);
    const view = await stopped(running);
    for (const artifact of view.artifacts) expect(artifact.files).toBe(60);
  });

  it("after the end is refused", async () => {
    const running = await run("      - run: 'true'");
    expect((await ended(running.id)).conclusion).toBe("success");
    expect((await call(`/builds/${running.id}/cancel`, { method: "POST", body: "{}" })).status).toBe(409);
  });
});

describe("F20: a daemon that keeps the step's output open", () => {
  it("does not keep the step from its end, and ends with its sandbox", async () => {
    const running = await run(`      - run: (setsid sh -c 'while :; do sleep 1; done' &) ; echo forked
      - run: echo next`);
    const view = await ended(running.id);
    expect(view.conclusion).toBe("success");
    expect(await logOf(view)).toMatch(/^next$/m);
  });
});

describe("F21: an R2 that fails for a while", () => {
  it("loses neither artifact nor log", async () => {
    const running = await run(
      `      - run: echo kept >a.txt; echo started; sleep 2
      - uses: actions/upload-artifact@v4
        with: { path: a.txt }`,
    );
    await says(running, "started\n");
    outages.r2 = 2;
    const view = await ended(running.id);
    expect(outages.r2).toBe(0);
    expect(view).toMatchObject({ conclusion: "success", artifacts: [{ files: 1 }] });
    expect(await logOf(view)).toMatch(/^started$/m);
  });
});

describe("F22: a D1 that is overloaded, and queues that refuse, for a while", () => {
  it("change nothing of the build", async () => {
    const running = await run(`      - run: ${COUNT}\n      - run: echo last`);
    await says(running, "line 2\n");
    outages.d1 = 3;
    outages.queues = 2;
    // Not by the API: what people ask fails meanwhile, and they ask again.
    await until(
      () => env.DB.prepare("SELECT status FROM builds WHERE id = ?").bind(running.id).first("status"),
      (status) => status === "completed",
      "the end",
    );
    const view = await ended(running.id);
    expect(outages).toMatchObject({ d1: 0, queues: 0 });
    expect(view.conclusion).toBe("success");
    const log = await logOf(view);
    expect(lines(log, /^line \d$/gm)).toEqual(SIX);
    expect(lines(log, /^last$/gm)).toEqual(["last"]);
  });

  it("leave a webhook that was acknowledged for the sweep to carry out", async () => {
    outages.queues = 1;
    const repository = await createRepository(github, { [PATH]: ci("      - run: 'true'") });
    const delivery = await push(repository);
    expect(outages.queues).toBe(0);
    await sweepAt(Date.now() + 120_000);
    expect((await ended((await buildsOf(delivery))[0] ?? "")).conclusion).toBe("success");
  });
});
