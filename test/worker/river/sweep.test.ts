/** The sweep: what it costs where there is nothing to do, that it may run twice at once, and what it clears away. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { DELIVERY_RETENTION_MS, REPORT_PATIENCE_MS, UNFINISHED_UPLOAD_MS } from "../../../src/model/limits.ts";
import { parseDeliveryId } from "../../../src/model/ids.ts";
import { operations } from "../../support/counted-env.ts";
import { addFault, createRepository, readHook, setHook } from "../../support/github-control.ts";
import { states, sweepAt } from "./disturbed.ts";
import { api, buildsOf, closed, deliver, ended, github, migrate, payloadOf, push, until } from "./river.ts";

const HOUR = 3_600_000;

/** What one round spends. */
async function costOf(work: () => Promise<unknown>): Promise<typeof operations> {
  const before = { ...operations };
  await work();
  const spent = { ...operations };
  for (const kind of Object.keys(spent) as (keyof typeof spent)[]) spent[kind] -= before[kind];
  return spent;
}

const CI = `name: CI
on: push
jobs: { a: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }
`;
const repositoryOf = (workflow = CI) => createRepository(github, { ".sandlot/workflows/ci.yml": workflow });
const artifact = (days: number) => `name: CI
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: echo kept >file.txt
      - { uses: actions/upload-artifact@v4, with: { path: file.txt, retention-days: ${days} } }
`;

beforeAll(async () => {
  await migrate();
  await sweepAt(Date.now());
});

describe("where there is nothing to do", () => {
  it("a round writes nothing, asks no queue and no bucket, and reads no more rows than the last ones that came", async () => {
    const repository = await repositoryOf();
    for (const _ of [1, 2, 3]) await ended((await buildsOf(await push(repository)))[0] ?? "");
    await closed();
    const now = Date.now() + 2 * 60_000;
    await sweepAt(now);
    const spent = await costOf(() => sweepAt(now + 60_000));
    expect(spent).toMatchObject({ d1RowsWritten: 0, queueMessages: 0, r2ClassA: 0, r2ClassB: 0 });
    // Each table looked at has a few rows here; the bound is of the round, not of what is stored.
    expect(spent.d1RowsRead).toBeLessThanOrEqual(40);
  });

  it("a round reads no more among a thousand deliveries that were carried out", async () => {
    await env.DB.prepare(
      `INSERT INTO deliveries (id, kind, received_at, status) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       SELECT 'old-' || i, 'webhook', 1, 'done' FROM n`,
    ).run();
    const now = Date.now() + 3 * 60_000;
    for (const minute of [1, 2, 3]) await sweepAt(now + minute * 60_000);
    const spent = await costOf(() => sweepAt(now + 4 * 60_000));
    expect(spent.d1RowsRead).toBeLessThanOrEqual(250);
    expect(spent.d1RowsWritten).toBe(0);
    await env.DB.prepare("DELETE FROM deliveries WHERE id GLOB 'old-*'").run();
  });
});

describe("twice at once", () => {
  it("carries out a forgotten delivery once", async () => {
    const repository = await repositoryOf();
    const id = parseDeliveryId(crypto.randomUUID());
    const payload = payloadOf(repository);
    await env.STORE.put(`deliveries/${id}.json`, JSON.stringify(payload));
    await env.DB.prepare(
      "INSERT INTO deliveries (id, kind, event, repository_id, received_at, status) VALUES (?, 'webhook', 'push', ?, 1, 'recorded')",
    )
      .bind(id, repository.id)
      .run();
    await Promise.all([sweepAt(Date.now()), sweepAt(Date.now())]);
    const builds = await buildsOf(String(id));
    expect(builds).toHaveLength(1);
    await ended(builds[0] ?? "");
    const seen = await states(repository);
    expect(seen.filter((state) => state === "success")).toHaveLength(1);
  });
});

describe("F4: a webhook that nobody took", () => {
  it("is asked for again, once, and not where it came after all or was tried often enough", async () => {
    const repository = await repositoryOf();
    const payload = payloadOf(repository);
    const came = await deliver("push", payload);
    const at = Date.now();
    const [missed, refused] = [crypto.randomUUID(), crypto.randomUUID()];
    await setHook(github, {
      redelivered: [],
      sent: [
        { id: 1, guid: missed, event: "push", at, statusCode: 0 },
        { id: 2, guid: came, event: "push", at, statusCode: 504 },
        ...[3, 4, 5, 6, 7].map((id) => ({ id, guid: refused, event: "push", at: at + id, statusCode: 401 })),
        ...[...Array(150).keys()].map((n) => ({
          id: 100 + n,
          guid: `ok-${n}`,
          event: "push",
          at: at + n,
          statusCode: 202,
        })),
      ],
    });
    const now = Date.now() + HOUR;
    await sweepAt(now);
    expect((await readHook(github)).redelivered).toEqual([1]);
    // GitHub sends it under the same id.
    await deliver("push", payload, missed);
    await ended((await buildsOf(missed))[0] ?? "");
    await sweepAt(now + 10 * 60_000);
    expect((await readHook(github)).redelivered).toEqual([1]);
    await ended((await buildsOf(came))[0] ?? "");
  });

  it("keeps nobody waiting where GitHub cannot be asked", async () => {
    const repository = await repositoryOf();
    await addFault(github, { on: "apps/list-webhook-deliveries", answers: [{ status: 502 }] });
    const delivery = await push(repository);
    const [build = ""] = await buildsOf(delivery);
    await ended(build);
    await env.DB.prepare("UPDATE builds SET settled = 0, reported = NULL WHERE id = ?").bind(build).run();
    // Late reports are sent again at each half hour.
    await sweepAt(Math.ceil((Date.now() + 3 * HOUR) / (HOUR / 2)) * (HOUR / 2));
    await closed();
    const seen = await states(repository);
    expect(seen.filter((state) => state === "success")).toHaveLength(2);
  });
});

describe("what its time is over of", () => {
  it("is cleared away: an artifact, a delivery, and files that no artifact names; what is newer stays", async () => {
    const repository = await repositoryOf(artifact(1));
    const [build = ""] = await buildsOf(await push(repository));
    await ended(build);
    const keysOf = async () =>
      (await env.STORE.list({ prefix: `repositories/${repository.id}/` })).objects.map((one) => one.key);
    const orphan = `repositories/${repository.id}/builds/${build}/1/artifacts/half/unique/files/a.txt`;
    await env.STORE.put(orphan, "half");
    const day = 24 * HOUR;
    await sweepAt(Date.now() + 10 * HOUR);
    expect(await keysOf()).toContain(orphan);
    await sweepAt(Date.now() + UNFINISHED_UPLOAD_MS + HOUR);
    expect(await keysOf()).not.toContain(orphan);
    await sweepAt(Date.now() + 2 * day);
    expect((await keysOf()).filter((key) => key.includes("/artifacts/"))).toEqual([]);
    expect((await api<{ artifacts: unknown[] }>(`/builds/${build}`)).artifacts).toEqual([]);
    await sweepAt(Date.now() + DELIVERY_RETENTION_MS + 3 * day);
    const { n } = (await env.DB.prepare("SELECT COUNT(*) AS n FROM deliveries").first<{ n: number }>()) ?? {};
    expect(n).toBe(1);
    expect((await env.STORE.list({ prefix: "deliveries/" })).objects).toHaveLength(1);
    // Logs are kept with their builds.
    expect((await keysOf()).some((key) => key.endsWith("/log.txt"))).toBe(true);
  });

  it("is forgotten too where GitHub refused a status for days", async () => {
    const repository = await repositoryOf();
    const [build = ""] = await buildsOf(await push(repository));
    await ended(build);
    await env.DB.prepare("UPDATE builds SET settled = 0 WHERE id = ?").bind(build).run();
    await sweepAt(Date.now() + REPORT_PATIENCE_MS + HOUR);
    await until(
      async () =>
        await env.DB.prepare("SELECT settled FROM builds WHERE id = ?").bind(build).first<{ settled: number }>(),
      (row) => row?.settled === 1,
      "the end of it",
    );
  });
});
