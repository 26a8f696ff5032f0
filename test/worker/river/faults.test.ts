import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { attemptId, buildId, jobId, parseDeliveryId, sandboxId } from "../../../src/model/ids.ts";
import type { DeliveryId } from "../../../src/model/ids.ts";
import { recordDelivery } from "../../../src/store/deliveries.ts";
import { addFault, createRepository, statusesOf } from "../../support/github-control.ts";
import type { TestRepository } from "../../support/github-control.ts";
import { build, ci, fault, PATH, says, sweepAt } from "./disturbed.ts";
import { api, buildsOf, closed, ended, github, logOf, migrate, payloadOf, push, told, until } from "./river.ts";

beforeAll(migrate);

/** Everything about a push is known before it is made: ids are derived. */
function foretell(repository: TestRepository, job = "a", attempt = 1) {
  const delivery = parseDeliveryId(crypto.randomUUID())!;
  return { delivery, ...idsOf(repository, delivery, job, attempt) };
}

function idsOf(repository: TestRepository, delivery: DeliveryId, job: string, attempt: number) {
  const build = buildId(delivery, PATH);
  const id = attemptId(jobId(build, job), attempt);
  return { build, attempt: id, sandbox: sandboxId(repository.name, repository.sha, id) };
}

/** Delivers it, and returns when it has become a build. */
async function start(repository: TestRepository, delivery: DeliveryId): Promise<void> {
  await buildsOf(await push(repository, { id: delivery }));
}

describe("F8: a lost sandbox", () => {
  it("starts again by itself where the job holds nothing that could be spent twice", async () => {
    const repository = await createRepository(github, {
      [PATH]: ci(`      - run: echo one; touch "$RUNNER_TEMP/x"
      - run: echo "attempt here"; sleep \${{ github.run_attempt }}; sleep 2; echo two`),
    });
    const { delivery, build: id, sandbox } = foretell(repository);
    await start(repository, delivery);
    await says({ id }, "attempt here");
    await fault({ sandbox }, { kind: "lose" });
    const view = await ended(id);
    expect(view.conclusion, await logOf(view)).toBe("success");
    expect(view.jobs[0]?.attempts.map((one) => [one.attempt, one.conclusion, one.reason])).toEqual([
      [1, "failure", "runner_lost"],
    ]);
    expect(view.jobs[0]).toMatchObject({ attempt: 2, runAttempt: 1 });
    expect(view.runAttempt).toBe(1);
    expect((await told(repository)).filter((line) => line.includes("failure") || line.includes("error"))).toEqual([]);
  });

  it("does not start again where a secret was given, and says why and what to do", async () => {
    const repository = await createRepository(github, {
      [PATH]: ci(`      - env: { TOKEN: "\${{ secrets.TOKEN }}" }
        run: echo publishing; sleep 60`),
    });
    const { delivery, build: id, sandbox } = foretell(repository);
    await start(repository, delivery);
    await says({ id }, "publishing\n");
    await fault({ sandbox }, { kind: "lose" });
    const view = await ended(id);
    expect(view).toMatchObject({ conclusion: "failure", reason: "runner_lost", fault: "sandlot" });
    expect(view.detail).toContain("rerun it when that is safe");
    expect((await statusesOf(github, repository.fullName)).at(-1)?.state).toBe("error");
  });
});

describe("F9: a sandbox that is not free", () => {
  it("is waited for, and the build goes on", async () => {
    const repository = await createRepository(github, { [PATH]: ci("      - run: 'true'") });
    const { delivery, build: id, sandbox } = foretell(repository);
    await fault({ sandbox }, { kind: "no_capacity" });
    await start(repository, delivery);
    expect((await ended(id)).conclusion).toBe("success");
  });

  it("by our own count keeps a job queued, and says so, until another is destroyed", async () => {
    const repository = await createRepository(github, { [PATH]: ci("      - run: 'true'") });
    const { delivery, build: id } = foretell(repository);
    await env.DB.prepare(
      `INSERT INTO attempts (id, job_id, build_id, repository_id, attempt, run_attempt, sandbox_id, sandbox_size, created_at, status)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
       SELECT 'busy-' || i, 'busy', 'busy', 0, 1, 1, 'busy-' || i, 'standard', 1, 'queued' FROM n`,
    ).run();
    await start(repository, delivery);
    const waiting = await until(
      () => build(id).catch(() => null),
      (view) => view?.jobs[0]?.detail != null,
      "a queued job",
    );
    expect(waiting?.jobs[0]).toMatchObject({ status: "queued", detail: "Waiting for a sandbox: all 20 are busy" });
    await until(
      () => told(repository),
      (lines) => lines.at(-1) === "sandlot / CI: pending Waiting for a sandbox: all 20 are busy",
      "the status to say so",
    );
    await env.DB.prepare("DELETE FROM attempts WHERE job_id = 'busy'").run();
    await env.JOBS.send({ buildId: id });
    expect((await ended(id)).conclusion).toBe("success");
  });
});

describe("F11: an answer of the sandbox that is lost", () => {
  it("does not run a step twice", async () => {
    const repository = await createRepository(github, {
      [PATH]: ci(`      - run: sleep 1; echo ready
      - run: echo once >> "$HOME/count"; cat "$HOME/count"`),
    });
    const { delivery, build: id, sandbox } = foretell(repository);
    await start(repository, delivery);
    await until(
      () => build(id).catch(() => null),
      (view) => view?.status === "in_progress",
      "the start",
    );
    await says({ id }, "Run sleep 1");
    await fault({ sandbox }, { kind: "drop_answer" });
    const view = await ended(id);
    const log = await logOf(view);
    expect(view.conclusion, log).toBe("success");
    expect(log.match(/^once$/gm)).toHaveLength(1);
    expect(log.match(/^ready$/gm)).toHaveLength(1);
  });
});

describe("F6: the Workflow engine's abort, thrown into the job runner", () => {
  it("writes no status, keeps the sandbox, and the build goes on with no line doubled", async () => {
    const repository = await createRepository(github, {
      [PATH]: ci(`      - run: echo first
      - run: for i in 1 2 3 4 5 6; do echo "line $i"; sleep 0.5; done
      - run: echo last`),
    });
    const { delivery, build: id, attempt } = foretell(repository);
    await start(repository, delivery);
    await says({ id }, "line 2\n");
    const instance = await env.JOB_RUNNER.get(attempt);
    await instance.pause();
    await until(
      async () => (await instance.status()).status,
      (status) => status === "paused",
      "the pause",
    );
    expect(await build(id)).toMatchObject({ status: "in_progress", conclusion: null });
    await instance.resume();
    const view = await ended(id);
    const log = await logOf(view);
    expect(view.conclusion, log).toBe("success");
    expect(log.match(/^line \d$/gm)).toEqual(["line 1", "line 2", "line 3", "line 4", "line 5", "line 6"]);
    expect(log.match(/^(first|last)$/gm)).toEqual(["first", "last"]);
    expect(view.jobs[0]).toMatchObject({ attempt: 1, attempts: [] });
    expect((await told(repository)).map((line) => line.split(" ")[3])).toEqual(["pending", "pending", "success"]);
  });
});

describe("F4: the sweep", () => {
  it("carries out a delivery that was recorded and never queued", async () => {
    const repository = await createRepository(github, { [PATH]: ci("      - run: 'true'") });
    const { delivery, build: id } = foretell(repository);
    const payload = payloadOf(repository);
    const receivedAt = Date.now() - 120_000;
    await recordDelivery(
      { db: env.DB, blobs: env.STORE },
      {
        id: delivery,
        kind: "webhook",
        event: "push",
        action: null,
        repositoryId: repository.id,
        buildId: null,
        receivedAt,
      },
      JSON.stringify(payload),
    );
    await sweepAt(Date.now());
    await until(
      () => build(id).catch(() => null),
      (view) => view?.status === "completed",
      "the build",
    );
    expect((await ended(id)).conclusion).toBe("success");
  });

  it("tells GitHub what it was not told, and ends an attempt whose runner is gone", async () => {
    const repository = await createRepository(github, { [PATH]: ci("      - run: echo started; sleep 60") });
    const { delivery, build: id, attempt } = foretell(repository);
    await start(repository, delivery);
    await says({ id }, "started\n");
    await (await env.JOB_RUNNER.get(attempt)).terminate();
    await addFault(github, {
      on: "POST /repos/{owner}/{repo}/statuses/{sha}",
      repository: repository.fullName,
      status: 502,
    } as never);
    await env.DB.prepare("UPDATE attempts SET heartbeat_at = 1, started_at = 1, recoveries = 2 WHERE id = ?")
      .bind(attempt)
      .run();
    await sweepAt(Date.now());
    const view = await ended(id, 60_000);
    expect(view).toMatchObject({ conclusion: "failure", reason: "runner_lost" });
    expect((await statusesOf(github, repository.fullName)).at(-1)?.state).toBe("error");
  });

  it("does nothing where there is nothing to do", async () => {
    await closed();
    const before = await env.DB.prepare("SELECT COUNT(*) AS n FROM attempts").first<{ n: number }>();
    await sweepAt(Date.now());
    await sweepAt(Date.now() + 3_600_000);
    expect(await env.DB.prepare("SELECT COUNT(*) AS n FROM attempts").first<{ n: number }>()).toEqual(before);
  });
});

describe("F28: a late word", () => {
  it("from an attempt that another one replaced is refused", async () => {
    const repository = await createRepository(github, { [PATH]: ci("      - run: 'true'") });
    const { delivery, build: id, attempt } = foretell(repository);
    await start(repository, delivery);
    const first = await ended(id);
    await api(`/builds/${id}/rerun`, { method: "POST", body: "{}" });
    await until(
      () => build(id),
      (view) => view.runAttempt === 2 && view.status === "completed",
      "the rerun",
    );
    const { concludeAttempt } = await import("../../../src/store/conclude.ts");
    const job = { id: jobId(id, "a"), attempt: 1, attemptId: attempt };
    const end = { conclusion: "failure", reason: "step_failed", detail: "late", at: 1, outputs: {} } as const;
    const results = await env.DB.batch(concludeAttempt(env.DB, job, end));
    expect(results.map((result) => result.meta.changes)).toEqual([0, 0, 0]);
    expect((await build(id)).conclusion).toBe(first.conclusion);
    await closed();
  });
});
