/** F15: the App is uninstalled while builds wait and run. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createRepository } from "../../support/github-control.ts";
import { ci, PATH } from "./disturbed.ts";
import { nothingLost } from "./nothing-lost.ts";
import { api, buildsOf, deliver, ended, github, migrate, push, until } from "./river.ts";
import type { BuildView } from "../../../src/model/api.ts";

beforeAll(migrate);

async function start(owner: string, steps: string) {
  const repository = await createRepository(github, { [PATH]: ci(steps) }, { owner });
  const [id = ""] = await buildsOf(await push(repository));
  return { id, installation: repository.installationId };
}

const stateOf = (id: string, holds: (view: BuildView) => boolean) =>
  until(() => api<BuildView>(`/builds/${id}`), holds, "the state of a build");

describe("F15: an App that is uninstalled", () => {
  it("stops what runs and what waits of its repositories, and of no others", async () => {
    const [owner, other] = [`gone-${crypto.randomUUID().slice(0, 8)}`, `stays-${crypto.randomUUID().slice(0, 8)}`];
    const running = await start(owner, "      - run: sleep 300");
    await stateOf(running.id, ({ status }) => status === "in_progress");
    const untouched = await start(other, "      - run: sleep 3");
    await stateOf(untouched.id, ({ status }) => status === "in_progress");
    await env.DB.prepare(
      `INSERT INTO attempts (id, job_id, build_id, repository_id, attempt, run_attempt, sandbox_id, sandbox_size, created_at, status)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
       SELECT 'busy-' || i, 'busy', 'busy', 0, 1, 1, 'busy-' || i, 'standard', 1, 'queued' FROM n`,
    ).run();
    const waiting = await start(owner, "      - run: echo never");
    await stateOf(waiting.id, ({ jobs }) => jobs[0]?.detail != null);
    await deliver("installation", {
      action: "deleted",
      installation: { id: waiting.installation },
      repositories: [],
      sender: { id: 1, login: "octocat" },
    });
    const stopped = await stateOf(waiting.id, ({ status }) => status === "completed");
    expect(stopped).toMatchObject({ conclusion: "cancelled", reason: "cancelled_by_user" });
    expect(stopped.detail).toContain("the App was uninstalled");
    await env.DB.prepare("DELETE FROM attempts WHERE job_id = 'busy'").run();
    expect(await ended(running.id)).toMatchObject({ conclusion: "cancelled" });
    expect(await ended(untouched.id)).toMatchObject({ conclusion: "success" });
    await nothingLost();
  });
});
