import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { budgetState, monthOf, readBudget } from "../../../src/model/budget.ts";
import { sandboxId, attemptId } from "../../../src/model/ids.ts";
import type { Job } from "../../../src/model/job.ts";
import { BUDGET_WARNING, MAX_OPEN_BUILDS, readMaxJobMinutes } from "../../../src/model/limits.ts";
import { admitAttempt } from "../../../src/store/attempts.ts";
import { countOpenBuilds, measureMonth, savePause } from "../../../src/store/brakes.ts";
import { buildsWaitingForCapacity } from "../../../src/store/builds.ts";
import { countMinutes } from "../../../src/sweep/count-minutes.ts";
import { brakeOf } from "../../../queues/brakes.ts";
import { migrate, seedBuild, seedJob, seedRepository } from "../web/support.ts";

const TABLES = ["builds", "jobs", "attempts", "pauses", "usage", "audit"];
const MINUTE_MS = 60_000;

beforeAll(async () => {
  await migrate();
  for (const id of [1, 2, 3]) await seedRepository(id, `app${id}`);
});
beforeEach(async () => {
  await env.DB.batch(TABLES.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
});

/** Jobs of one build of a repository that wait for a sandbox. */
async function waiting(repositoryId: number, count: number): Promise<Job[]> {
  const build = await seedBuild({ repositoryId, state: { status: "queued", detail: null } });
  const jobs: Job[] = [];
  for (let i = 0; i < count; i++) {
    const state = { status: "queued", detail: null } as const;
    jobs.push(await seedJob(build.id, `job${i}`, { repositoryId, position: i, state }));
  }
  return jobs;
}

async function admit(job: Job | undefined, max: number): Promise<boolean> {
  if (!job) throw new Error("no such job");
  const id = attemptId(job.id, 1);
  const asked = { job, sandboxId: sandboxId("app", "0".repeat(40), id), sandboxSize: "standard", now: 1 } as const;
  const [admitted] = await env.DB.batch(admitAttempt(env.DB, { ...asked, recoveries: 0 }, max));
  return admitted?.meta.changes === 1;
}

describe("turns between repositories", () => {
  it("go to whoever has fewest sandboxes, so that one that asks for many does not shut out the others", async () => {
    const many = await waiting(1, 5);
    expect([await admit(many[0], 4), await admit(many[1], 4), await admit(many[2], 4)]).toEqual([true, true, true]);
    const [build1] = await buildsWaitingForCapacity(env.DB, 5);
    expect(build1).toBe(many[0]?.buildId);
    const few = await waiting(2, 3);
    expect((await buildsWaitingForCapacity(env.DB, 5))[0]).toBe(few[0]?.buildId);
    expect(await admit(many[3], 4)).toBe(false);
    expect(await admit(few[0], 4)).toBe(true);
    expect(await admit(few[1], 4)).toBe(false);
    await env.DB.prepare("UPDATE attempts SET destroyed_at = 2 WHERE id = ?").bind(attemptId(many[0]!.id, 1)).run();
    expect(await admit(many[3], 4)).toBe(false);
    expect(await admit(few[1], 4)).toBe(true);
  });

  it("pass over what is paused: it takes none, and nobody waits for it", async () => {
    const many = await waiting(1, 2);
    expect(await admit(many[0], 4)).toBe(true);
    const few = await waiting(2, 1);
    expect(await admit(many[1], 4)).toBe(false);
    await savePause(env.DB, { repositoryId: 2, pausedAt: 1, pausedBy: "token" }).run();
    expect(await buildsWaitingForCapacity(env.DB, 5)).not.toContain(few[0]?.buildId);
    expect(await admit(many[1], 4)).toBe(true);
  });

  it("come to every repository whatever the others ask for", async () => {
    const max = 3;
    const queues = [await waiting(1, 12), await waiting(2, 4), await waiting(3, 1)];
    const order: number[] = [];
    const live: string[] = [];
    while (queues.some((queue) => queue.length > 0)) {
      for (const queue of queues) {
        while (queue[0] && (await admit(queue[0], max))) {
          order.push(queue[0].repositoryId);
          live.push(attemptId(queue[0].id, 1));
          queue.shift();
        }
      }
      await env.DB.prepare("UPDATE attempts SET destroyed_at = 2 WHERE id = ?").bind(live.shift()).run();
    }
    expect(order).toHaveLength(17);
    expect(order.indexOf(3)).toBeLessThan(4);
    expect(order.lastIndexOf(2)).toBeLessThan(12);
  });
});

describe("the month's minutes", () => {
  const now = Date.UTC(2026, 10, 10, 12);
  const month = monthOf(now);

  async function ran(from: number, to: number | null, createdAt = from): Promise<void> {
    const build = await seedBuild({ createdAt });
    const job = await seedJob(build.id, "test");
    await admit(job, 1000);
    await env.DB.prepare("UPDATE attempts SET started_at = ?, destroyed_at = ? WHERE job_id = ?")
      .bind(from, to, job.id)
      .run();
  }

  it("are those in which sandboxes lived, until now, and only within the month", async () => {
    expect(month).toEqual({ name: "2026-11", from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 11, 1) });
    await ran(now - 10 * MINUTE_MS, now - 7 * MINUTE_MS);
    await ran(now - 2 * MINUTE_MS, null);
    await ran(month.from - 30 * MINUTE_MS, month.from + 5 * MINUTE_MS);
    await ran(month.from - 90 * MINUTE_MS, month.from - 60 * MINUTE_MS);
    expect(await measureMonth(env.DB, month, now)).toBe(10 * MINUTE_MS);
  });

  it("warn once at 80 % and stop what would start at 100 %, until the next month", async () => {
    await ran(now - 8 * MINUTE_MS, now);
    const bindings = { DB: env.DB, MONTHLY_MINUTES: "10" };
    const warnings = async () => (await env.DB.prepare("SELECT detail FROM audit").all()).results;
    expect(await countMinutes({ ...bindings, MONTHLY_MINUTES: "10.1" }, now)).toBe(8 * MINUTE_MS);
    expect(await warnings()).toEqual([]);
    await countMinutes(bindings, now);
    await countMinutes(bindings, now);
    expect(await warnings()).toEqual([{ detail: "8 of 10 sandbox minutes of 2026-11 are used, more than 80 %" }]);
    expect(await brakeOf(bindings, 1, now)).toBeNull();
    await ran(now - 2 * MINUTE_MS, now);
    await countMinutes(bindings, now);
    expect(await brakeOf(bindings, 1, now)).toBe(
      "Waiting: the 10 sandbox minutes of 2026-11 are used up (MONTHLY_MINUTES)",
    );
    expect(await brakeOf(bindings, 1, month.to)).toBeNull();
    expect(await brakeOf({ ...bindings, MONTHLY_MINUTES: "" }, 1, now)).toBeNull();
    expect(await warnings()).toHaveLength(1);
  });

  it("cost no write where nothing ran, and none at all where they have no limit", async () => {
    const rows = async () => (await env.DB.prepare("SELECT * FROM usage").all()).results;
    await countMinutes({ DB: env.DB, MONTHLY_MINUTES: "10" }, now);
    await ran(now - MINUTE_MS, now);
    await countMinutes({ DB: env.DB, MONTHLY_MINUTES: "" }, now);
    expect(await rows()).toEqual([]);
  });

  it("have a budget where MONTHLY_MINUTES is a number", () => {
    expect(["", " ", "many", undefined, "-1"].map(readBudget)).toEqual([null, null, null, null, null]);
    expect([readBudget("0"), readBudget("1.5")]).toEqual([0, 90_000]);
    expect(budgetState(0, 0)).toBe("spent");
    expect(budgetState(BUDGET_WARNING * 1000, 1000)).toBe("warned");
    expect(budgetState(BUDGET_WARNING * 1000 - 1, 1000)).toBe("open");
  });
});

describe("a pause", () => {
  it("is a repository's own, or everybody's", async () => {
    const bindings = { DB: env.DB, MONTHLY_MINUTES: "" };
    await savePause(env.DB, { repositoryId: 2, pausedAt: 1, pausedBy: "ada" }).run();
    expect(await brakeOf(bindings, 1, 1)).toBeNull();
    expect(await brakeOf(bindings, 2, 1)).toBe("Paused by ada: sandlot resume lets it start");
    await savePause(env.DB, { repositoryId: null, pausedAt: 1, pausedBy: "eve" }).run();
    expect(await brakeOf(bindings, 1, 1)).toBe("Paused with all builds by eve: sandlot resume lets it start");
  });
});

describe("a repository's open builds", () => {
  it("are counted without those of others and those that ended, up to the limit", async () => {
    await waiting(1, 0);
    await waiting(1, 0);
    await waiting(2, 0);
    await seedBuild({
      state: { status: "completed", conclusion: "success", reason: null, detail: null, completedAt: 1 },
    });
    expect(await countOpenBuilds(env.DB, 1, MAX_OPEN_BUILDS)).toBe(2);
    expect(await countOpenBuilds(env.DB, 1, 1)).toBe(1);
  });
});

describe("MAX_JOB_MINUTES", () => {
  it("is six hours where it is no number above 0", () => {
    expect(["30", "0.5", "0", "-1", "", "x", undefined].map(readMaxJobMinutes)).toEqual([
      30, 0.5, 360, 360, 360, 360, 360,
    ]);
  });
});
