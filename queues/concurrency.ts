/** Concurrency groups of builds: one runs, one waits, a newer one takes the place of the one that waits. */

import { evaluateBoolean } from "../src/language/expression.ts";
import { concludeBuild } from "../src/schedule/conclusion.ts";
import type { Job } from "../src/model/job.ts";
import { buildsInGroup, changeBuild, requestCancel } from "../src/store/builds.ts";
import type { StoredBuild } from "../src/store/builds.ts";
import { changeJob, jobsOfBuild } from "../src/store/jobs.ts";

/** Who asks where no person does. */
const SUPERSEDED_BY = "a newer build of its concurrency group";

/**
 * What this build waits for, or null where it may go on.
 * https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
 */
export async function holdBack(
  env: Env,
  build: StoredBuild,
  jobs: readonly Job[],
  now: number,
): Promise<string | null> {
  if (build.concurrencyGroup === null || hasStarted(build, jobs)) return null;
  const others = await buildsInGroup(env.DB, build);
  if (others.some((other) => other.createdAt > build.createdAt)) return `Superseded in ${build.concurrencyGroup}`;
  const older = others.filter((other) => other.createdAt <= build.createdAt);
  let runs = false;
  for (const other of older) {
    if (await dismiss(env, build, other, now)) continue;
    runs = true;
  }
  return runs ? `Waiting for another build of ${build.concurrencyGroup}` : null;
}

function hasStarted(build: StoredBuild, jobs: readonly Job[]): boolean {
  return build.startedAt !== null || jobs.some((job) => job.admitted);
}

/** True where the older build is out of the way: it had not started, and so it is over. */
async function dismiss(env: Env, build: StoredBuild, other: StoredBuild, now: number): Promise<boolean> {
  const jobs = await jobsOfBuild(env.DB, other.id);
  if (hasStarted(other, jobs)) {
    if (other.cancelRequested === null && cancelsInProgress(build)) {
      await requestCancel(env.DB, other, SUPERSEDED_BY, now).run();
      await env.JOBS.send({ buildId: other.id });
    }
    return false;
  }
  const end = { conclusion: "cancelled", reason: "superseded", detail: `Superseded by build ${build.number}` } as const;
  const waiting = jobs.filter((job) => job.state.status !== "completed");
  await env.DB.batch([
    ...waiting.map((job) => changeJob(env.DB, job, { to: "completed", ...end, at: now })),
    changeBuild(env.DB, other, { to: "completed", ...end, at: now }),
  ]);
  await env.REPORTS.send({ repositoryId: other.repositoryId, sha: other.reportSha, context: other.context });
  return concludeBuild(await jobsOfBuild(env.DB, other.id), null, now) !== null;
}

function cancelsInProgress(build: StoredBuild): boolean {
  const { concurrency } = build.workflow;
  return concurrency !== null && evaluateBoolean(concurrency.cancelInProgress, {});
}
