/** Keeps in our rows which times the workflows of a default branch name. */

import type { Octokit } from "@octokit/rest";
import { githubConfig, installationOctokit } from "../github/app.ts";
import {
  readRepository as readGitHubRepository,
  readWorkflowFiles,
  resolveRef,
  workflowDirs,
} from "../github/contents.ts";
import type { RepositoryName } from "../github/contents.ts";
import { readWorkflow } from "../language/read-workflow.ts";
import { log, logFault } from "../model/log.ts";
import { minuteOf } from "../schedule/cron.ts";
import type { WorkflowFile } from "../model/workflow.ts";
import { readRepository, saveRepository } from "../store/repositories.ts";
import { readSchedule, saveSchedule, staleSchedules } from "../store/schedules.ts";
import type { ScheduleEntry } from "../store/schedules.ts";
import type { IntakeBindings } from "./bindings.ts";
import { calledFiles } from "./called-files.ts";

/** Read again so often, since GitHub does not repeat a webhook that got lost. */
const REFRESH_MS = 24 * 3_600_000;
/** How long a repository that could not be read is left alone. */
const PATIENCE_MS = 10 * 60_000;
/** Repositories read in one round of the clock. */
const ROUND = 5;
/** One row holds them all. */
const MAX_ENTRIES = 1000;

/** What a push to the default branch, or the daily look, found there. `at` is when that was asked or said (ms). */
export async function keepSchedule(
  env: Pick<Env, "DB">,
  found: { repositoryId: number; branch: string; files: readonly WorkflowFile[] },
  at: number,
): Promise<void> {
  const known = await readSchedule(env.DB, found.repositoryId);
  const before = known?.branch === found.branch ? known : null;
  // An older push that arrives late does not bring back older times.
  if (before !== null && before.readAt > at) return;
  const entries = entriesOf(found.files, known?.entries ?? [], minuteOf(at));
  if (before !== null && sameTimes(before.entries, entries) && at - before.readAt < REFRESH_MS / 2) return;
  const { repositoryId, branch } = found;
  await saveSchedule(env.DB, { repositoryId, branch, entries, readAt: at }, known).run();
}

/** A file with a problem starts nothing, at no time. */
function entriesOf(files: readonly WorkflowFile[], known: readonly ScheduleEntry[], minute: number): ScheduleEntry[] {
  const all = files.flatMap((file) =>
    (file.workflow?.on ?? [])
      .flatMap((trigger) => (trigger.event === "schedule" ? [...new Set(trigger.crons)] : []))
      .map((cron): ScheduleEntry => {
        const same = known.find((one) => one.path === file.path && one.cron === cron);
        return { path: file.path, cron, since: same?.since ?? minute };
      }),
  );
  if (all.length > MAX_ENTRIES) log("schedules.cut", { kept: MAX_ENTRIES, named: all.length });
  return all.slice(0, MAX_ENTRIES);
}

function sameTimes(one: readonly ScheduleEntry[], other: readonly ScheduleEntry[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Reads the default branches that nobody has read, or not for a day. One that can't be read does not hold up the rest. */
export async function refreshSchedules(
  env: IntakeBindings & Pick<Env, "LOCAL_SANDBOX_URL">,
  now: number,
): Promise<void> {
  // On one machine no schedule is started.
  if (env.LOCAL_SANDBOX_URL !== "") return;
  for (const { id, installationId } of await staleSchedules(env.DB, now - REFRESH_MS, ROUND)) {
    try {
      await refresh(env, id, installationId ?? 0, now);
    } catch (error) {
      await postpone(env, id, now);
      logFault("schedules.refresh_failed", error, { repositoryId: id });
    }
  }
}

async function refresh(env: IntakeBindings, repositoryId: number, installationId: number, now: number): Promise<void> {
  const stored = await readRepository(env.DB, repositoryId);
  if (stored === null) return;
  const octokit = installationOctokit(githubConfig(env), installationId);
  const name = { owner: stored.owner, repo: stored.name };
  // One that is gone, or hidden from us since, has no times.
  const repository = await readGitHubRepository(octokit, name);
  const branch = repository?.defaultBranch ?? stored.defaultBranch;
  if (repository?.id === repositoryId) {
    await saveRepository(env.DB, { ...repository, installationId }, { askedAt: now }).run();
  }
  const head = repository && (await resolveRef(octokit, { ...name, ref: `refs/heads/${branch}` }));
  const files = head ? await readFiles(env, octokit, { ...name, sha: head.sha }) : [];
  await keepSchedule(env, { repositoryId, branch, files }, now);
}

async function readFiles(
  env: IntakeBindings,
  octokit: Octokit,
  where: RepositoryName & { sha: string },
): Promise<WorkflowFile[]> {
  const read = await readWorkflowFiles(octokit, { ...where, dirs: workflowDirs(env) });
  if (read.status !== "found" || read.dir === null) return [];
  const readText = calledFiles(octokit, where, { dir: read.dir, files: read.files });
  return await Promise.all(read.files.map(({ path, text }) => readWorkflow(path, text, readText)));
}

/** What was known stays, and the next rounds take others first. */
async function postpone(env: Pick<Env, "DB">, repositoryId: number, now: number): Promise<void> {
  const known = await readSchedule(env.DB, repositoryId);
  const stored = await readRepository(env.DB, repositoryId);
  if (stored === null) return;
  const readAt = now - REFRESH_MS + PATIENCE_MS;
  await saveSchedule(
    env.DB,
    { repositoryId, branch: stored.defaultBranch, entries: known?.entries ?? [], readAt },
    known,
  ).run();
}
