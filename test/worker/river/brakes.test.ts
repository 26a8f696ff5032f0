import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { BuildView, Page } from "../../../src/model/api.ts";
import type { AuditView, UsageView } from "../../../src/model/settings-api.ts";
import { createRepository } from "../../support/github-control.ts";
import { api, buildsOf, call, deliveryOf, ended, github, migrate, push, told, until } from "./river.ts";

beforeAll(migrate);

const WORKFLOW = `name: CI
on: { push: { branches: [main] } }
jobs:
  test:
    runs-on: ubuntu-latest
    steps: [{ run: echo went on }]
`;

describe("a paused repository's build", () => {
  it("stays queued and says so, and goes on when it is resumed", async () => {
    const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": WORKFLOW });
    await deliveryOf(await push(repository, { ref: "refs/heads/elsewhere" }));
    const path = `/repositories/${repository.fullName}/pause`;
    expect((await call(path, { method: "PUT" })).status).toBe(204);
    const [id = ""] = await buildsOf(await push(repository));
    const held = await until(
      () => api<BuildView>(`/builds/${id}`),
      (build) => build.detail !== null,
      "the build says why it waits",
    );
    expect(held).toMatchObject({ status: "queued", detail: "Paused by token: sandlot resume lets it start" });
    expect(held.jobs).toMatchObject([{ status: "queued", attempt: 0 }]);
    const usage = await api<UsageView>("/usage");
    expect(usage.paused).toMatchObject([{ repository: repository.fullName, pausedBy: "token" }]);
    expect((await call(path, { method: "DELETE" })).status).toBe(204);
    expect(await ended(id)).toMatchObject({ conclusion: "success" });
    expect(await told(repository)).toEqual(
      expect.arrayContaining(["sandlot / CI: pending Paused by token: sandlot resume lets it start"]),
    );
    const audit = await api<Page<AuditView>>("/audit?limit=2");
    expect(audit.items.map(({ what, repository: name }) => [what, name])).toEqual([
      ["resume", repository.fullName],
      ["pause", repository.fullName],
    ]);
  });

  it("that is one too many is refused, and its status says so", async () => {
    const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": WORKFLOW });
    const first = await ended((await buildsOf(await push(repository)))[0] ?? "");
    const columns = (
      await env.DB.prepare("SELECT name FROM pragma_table_info('builds')").all<{ name: string }>()
    ).results
      .map(({ name }) => name)
      .filter((name) => !["id", "status", "settled", "conclusion"].includes(name));
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
       INSERT INTO builds (id, status, settled, ${columns.join()}) SELECT 'many' || i, 'queued', 0, ${columns.join()} FROM builds, n WHERE id = ?`,
    )
      .bind(first.id)
      .run();
    const [id = ""] = await buildsOf(await push(repository));
    const refused = await api<BuildView>(`/builds/${id}`);
    await env.DB.prepare("DELETE FROM builds WHERE id LIKE 'many%'").run();
    expect(refused).toMatchObject({ status: "completed", conclusion: "failure", reason: "out_of_capacity", jobs: [] });
    expect(refused.detail).toMatch(/^Not started: 2000 builds of this repository wait or run already/);
  });
});
