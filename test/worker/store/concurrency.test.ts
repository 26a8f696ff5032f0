import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { asBuildId } from "../../../src/model/ids.ts";
import type { BuildId } from "../../../src/model/ids.ts";
import { changeBuild, insertBuild, readBuild } from "../../../src/store/builds.ts";
import { claimGroup, releaseGroups } from "../../../src/store/concurrency.ts";
import { buildOf } from "../model/builds.ts";
import { migrate } from "../river/river.ts";

beforeAll(migrate);

let made = 0;

/** Builds of one group that nobody else has. */
async function group(builds: number): Promise<{ name: string; ids: BuildId[] }> {
  made += 1;
  const ids = Array.from({ length: builds }, (_, n) => asBuildId(`group${made}build${n}`));
  const state = { status: "queued", detail: null } as const;
  await env.DB.batch(ids.map((id, number) => insertBuild(env.DB, buildOf({ id, number, event: "push", state }))));
  return { name: `group ${made}`, ids };
}

const claim = (name: string, buildId: BuildId, cancelInProgress = false) =>
  claimGroup(env.DB, { repositoryId: 1, name, buildId, jobId: null, cancelInProgress, by: `CI of ${buildId}`, at: 5 });

async function end(id: BuildId): Promise<void> {
  const change = { to: "completed", conclusion: "success", reason: null, detail: null, at: 9 } as const;
  await changeBuild(env.DB, { id, runAttempt: 1 }, change).run();
}

describe("a concurrency group", () => {
  it("has one that runs and one that waits; a newer one takes the place of the one that waits", async () => {
    const { name, ids } = await group(3);
    const [a, b, c] = ids as [BuildId, BuildId, BuildId];
    expect(await claim(name, a)).toEqual({ place: "running", superseded: null, stopping: null });
    expect(await claim(name, b)).toEqual({ place: "pending", superseded: null, stopping: null });
    expect(await claim(name, c)).toEqual({
      place: "pending",
      superseded: { buildId: b, wholeBuild: true },
      stopping: null,
    });
    expect((await readBuild(env.DB, b))?.state).toMatchObject({ conclusion: "cancelled", reason: "superseded" });
    // A late look at the one that gave way gives it no place again.
    expect(await claim(name, b)).toEqual({ place: null, superseded: null, stopping: null });
    await end(a);
    expect(await releaseGroups(env.DB, a)).toEqual([c]);
    expect((await claim(name, c)).place).toBe("running");
  });

  it("stops the one that runs where the newer one asks for it, once", async () => {
    const { name, ids } = await group(2);
    const [a, b] = ids as [BuildId, BuildId];
    await claim(name, a, true);
    expect(await claim(name, b, true)).toEqual({ place: "pending", superseded: null, stopping: a });
    expect(await claim(name, b, true)).toEqual({ place: "pending", superseded: null, stopping: null });
    expect((await readBuild(env.DB, a))?.cancelRequested?.by).toContain("of its concurrency group");
  });

  it("goes on though nobody released it: an ended holder holds nothing", async () => {
    const { name, ids } = await group(3);
    const [a, b, c] = ids as [BuildId, BuildId, BuildId];
    await claim(name, a);
    await claim(name, b);
    await end(a);
    expect((await claim(name, c)).place).toBe("pending");
    expect((await claim(name, b)).place).toBe("running");
  });

  it("never has two that run, however claims and ends fall together", async () => {
    const steps = fc.array(fc.record({ who: fc.nat(5), what: fc.constantFrom("claim", "claim", "end") }), {
      minLength: 5,
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (list, together) => {
        const { name, ids } = await group(6);
        for (let from = 0; from < list.length; from += together) {
          await Promise.all(
            list.slice(from, from + together).map(async ({ who, what }) => {
              const id = ids[who]!;
              if (what === "claim") await claim(name, id);
              else await end(id);
            }),
          );
          const places = await Promise.all(ids.map((id) => placeOf(name, id)));
          expect(places.filter((place) => place === "running").length).toBeLessThanOrEqual(1);
          expect(places.filter((place) => place === "pending").length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 15 },
    );
  });
});

async function placeOf(name: string, id: BuildId): Promise<string | null> {
  const row = await env.DB.prepare("SELECT place FROM concurrency WHERE name = ? AND build_id = ?")
    .bind(name, id)
    .first<{ place: string }>();
  return row?.place ?? null;
}
