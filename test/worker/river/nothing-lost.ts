/** The closing check of every fault: what was started has ended, what was told is true, and nothing is left over. */

import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { refusedCalls, statusesOf } from "../../support/github-control.ts";
import { closed, github } from "./river.ts";

interface BuildRow {
  id: string;
  report_sha: string;
  context: string;
  status: string;
  conclusion: string | null;
  detail: string | null;
  settled: number;
  owner: string;
  name: string;
  /** Builds that share its status. */
  sharing: number;
}

interface AttemptRow {
  id: string;
  status: string;
  sandbox_id: string;
  sandbox_size: string;
  sealed: string | null;
  destroyed_at: number | null;
}

/** What a build's conclusion is told as; `failure` that is our fault is told as `error`. */
const TOLD: Record<string, readonly string[]> = {
  success: ["success"],
  neutral: ["success"],
  skipped: ["success", "error"],
  failure: ["failure", "error"],
  timed_out: ["failure"],
  cancelled: ["error"],
  action_required: ["pending"],
};

/** `unheard`: GitHub could not be told the end of these builds, since what they are of is gone. */
export async function nothingLost({ unheard = [] }: { unheard?: readonly string[] } = {}): Promise<void> {
  await closed();
  for (const build of await rows<BuildRow>(
    `SELECT b.*, r.owner, r.name, (SELECT COUNT(*) FROM builds o WHERE o.repository_id = b.repository_id
       AND o.report_sha = b.report_sha AND o.context = b.context) AS sharing
     FROM builds b JOIN repositories r ON r.id = b.repository_id`,
  )) {
    expect(build, build.id).toMatchObject({ status: "completed", settled: 1 });
    if (!unheard.includes(build.id)) await expectTold(build);
  }
  expect(await rows("SELECT id FROM jobs WHERE status <> 'completed'")).toEqual([]);
  expect(await rows("SELECT attempt_id FROM steps WHERE status <> 'completed'")).toEqual([]);
  for (const attempt of await rows<AttemptRow>("SELECT * FROM attempts")) await expectGone(attempt);
  // One webhook makes at most one build of a file.
  expect(await rows("SELECT delivery_id FROM builds GROUP BY delivery_id, workflow_path HAVING COUNT(*) > 1")).toEqual(
    [],
  );
  expect(await refusedCalls(github)).toEqual([]);
}

async function rows<T>(sql: string): Promise<T[]> {
  return (await env.DB.prepare(sql).all<T>()).results;
}

/** The last word under the build's context. Of several that share one, each test says itself which decides. */
async function expectTold(build: BuildRow): Promise<void> {
  const statuses = await statusesOf(github, `${build.owner}/${build.name}`, build.report_sha);
  const last = statuses.filter(({ context }) => context === build.context).at(-1);
  expect(last?.state, `${build.id}: the last word is final`).not.toBe("pending");
  if (build.sharing > 1) return;
  expect(TOLD[build.conclusion ?? ""], `${build.id} is ${build.conclusion}`).toContain(last?.state);
}

/** Its sandbox is destroyed, its masks are forgotten, its log is in R2 and nowhere else. */
async function expectGone(attempt: AttemptRow): Promise<void> {
  expect(attempt, attempt.id).toMatchObject({ status: "completed", sealed: null });
  expect(attempt.destroyed_at, attempt.id).not.toBeNull();
  const namespace = attempt.sandbox_size === "large" ? env.LARGE_SANDBOX : env.SANDBOX;
  const sandbox = namespace.get(namespace.idFromName(attempt.sandbox_id)) as unknown as {
    isRunning(): Promise<boolean>;
  };
  expect(await sandbox.isRunning(), attempt.sandbox_id).toBe(false);
  expect(await env.LOG_STREAM.get(env.LOG_STREAM.idFromName(attempt.id)).size(), attempt.id).toBe(0);
}
