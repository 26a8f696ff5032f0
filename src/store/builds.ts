/** Builds, one row each. */

import type { Build, BuildWorkflow } from "../model/build.ts";
import type { Change } from "../model/transition.ts";
import type { Problem, Scalar } from "../model/workflow.ts";
import { asBuildId, asDeliveryId } from "../model/ids.ts";
import type { BuildId } from "../model/ids.ts";
import { visibleWhere } from "./repositories.ts";
import type { Visible } from "./repositories.ts";
import { changeState, columnsOf, stateOf } from "./state.ts";
import { insertRow } from "./statement.ts";
import type { StateColumns } from "./state.ts";

export interface BuildRow extends StateColumns {
  id: string;
  delivery_id: string;
  repository_id: number;
  workflow_path: string;
  workflow_name: string | null;
  workflow: string;
  number: number;
  run_attempt: number;
  event: string;
  action: string | null;
  sha: string;
  report_sha: string;
  ref: string;
  base_sha: string | null;
  head_ref: string | null;
  base_ref: string | null;
  pull_request: number | null;
  fork: number;
  title: string;
  actor_id: number;
  actor_login: string;
  inputs: string | null;
  context: string;
  problems: string;
  concurrency_group: string | null;
  cancel_at: number | null;
  cancel_by: string | null;
  cancel_force: number;
  created_at: number;
  started_at: number | null;
  reported: string | null;
}

/** A build and what GitHub was last told of its key. */
export interface StoredBuild extends Build {
  reported: string | null;
}

export function buildOfRow(row: BuildRow): StoredBuild {
  return {
    id: asBuildId(row.id),
    deliveryId: asDeliveryId(row.delivery_id),
    repositoryId: row.repository_id,
    workflowPath: row.workflow_path,
    workflowName: row.workflow_name,
    workflow: JSON.parse(row.workflow) as BuildWorkflow,
    number: row.number,
    runAttempt: row.run_attempt,
    event: row.event,
    action: row.action,
    sha: row.sha,
    reportSha: row.report_sha,
    ref: row.ref,
    baseSha: row.base_sha,
    headRef: row.head_ref,
    baseRef: row.base_ref,
    pullRequest: row.pull_request,
    fork: row.fork === 1,
    title: row.title,
    actor: { id: row.actor_id, login: row.actor_login },
    inputs: row.inputs === null ? null : (JSON.parse(row.inputs) as Record<string, Scalar>),
    context: row.context,
    problems: JSON.parse(row.problems) as Problem[],
    concurrencyGroup: row.concurrency_group,
    cancelRequested:
      row.cancel_at === null ? null : { at: row.cancel_at, by: row.cancel_by ?? "", force: row.cancel_force === 1 },
    createdAt: row.created_at,
    startedAt: row.started_at,
    state: stateOf(row),
    reported: row.reported,
  };
}

/** The next number of a workflow. A number drawn for a build that already exists leaves a gap, which harms nobody. */
export async function drawBuildNumber(db: D1Database, repositoryId: number, workflowPath: string): Promise<number> {
  const row = await db
    .prepare(
      `INSERT INTO workflow_numbers (repository_id, workflow_path, last) VALUES (?, ?, 1)
       ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last`,
    )
    .bind(repositoryId, workflowPath)
    .first<{ last: number }>();
  return row?.last ?? 1;
}

/** Writes nothing where the build exists. */
export function insertBuild(db: D1Database, build: Build): D1PreparedStatement {
  return insertRow(db, "builds", {
    id: build.id,
    delivery_id: build.deliveryId,
    repository_id: build.repositoryId,
    workflow_path: build.workflowPath,
    workflow_name: build.workflowName,
    workflow: JSON.stringify(build.workflow),
    number: build.number,
    run_attempt: build.runAttempt,
    event: build.event,
    action: build.action,
    sha: build.sha,
    report_sha: build.reportSha,
    ref: build.ref,
    base_sha: build.baseSha,
    head_ref: build.headRef,
    base_ref: build.baseRef,
    pull_request: build.pullRequest,
    fork: build.fork ? 1 : 0,
    title: build.title,
    actor_id: build.actor.id,
    actor_login: build.actor.login,
    inputs: build.inputs && JSON.stringify(build.inputs),
    context: build.context,
    problems: JSON.stringify(build.problems),
    concurrency_group: build.concurrencyGroup,
    created_at: build.createdAt,
    started_at: build.startedAt,
    ...columnsOf(build.state),
  });
}

export async function readBuild(db: D1Database, id: BuildId): Promise<StoredBuild | null> {
  const row = await db.prepare("SELECT * FROM builds WHERE id = ?").bind(id).first<BuildRow>();
  return row && buildOfRow(row);
}

export interface BuildQuery {
  limit: number;
  /** Only builds made before this time (ms). */
  before?: number | undefined;
  /** Besides, those made at `before` whose id is smaller. */
  beforeId?: BuildId | undefined;
  ref?: string | undefined;
  /** Built there, or pull requests from there. */
  branch?: string | undefined;
  /** A status, or the conclusion of those that are completed. */
  status?: string | undefined;
  event?: string | undefined;
  /** Path of the workflow file. */
  workflow?: string | undefined;
}

/** Newest first; builds of one time by id, so that a page never repeats or loses one. */
export async function listBuilds(db: D1Database, query: BuildQuery & { repositoryId: number }): Promise<StoredBuild[]> {
  const where = buildsWhere(query);
  const rows = await db
    .prepare(`SELECT * FROM builds WHERE repository_id = ? ${where.sql} ORDER BY created_at DESC, id DESC LIMIT ?`)
    .bind(query.repositoryId, ...where.values, query.limit)
    .all<BuildRow>();
  return rows.results.map(buildOfRow);
}

/** The newest over all repositories: each one's newest by its index, and of those the newest. */
export async function listNewestBuilds(
  db: D1Database,
  query: BuildQuery,
  visible: Visible = "all",
): Promise<StoredBuild[]> {
  const where = buildsWhere(query);
  const may = visibleWhere(visible);
  const rows = await db
    .prepare(
      `SELECT b.* FROM repositories r JOIN builds b ON b.id IN (
         SELECT id FROM builds WHERE repository_id = r.id ${where.sql} ORDER BY created_at DESC, id DESC LIMIT ?)
       WHERE ${may.sql} ORDER BY b.created_at DESC, b.id DESC LIMIT ?`,
    )
    .bind(...where.values, query.limit, ...may.values, query.limit)
    .all<BuildRow>();
  return rows.results.map(buildOfRow);
}

function buildsWhere(query: BuildQuery): { sql: string; values: (string | number)[] } {
  const { before, beforeId } = query;
  const values: (string | number)[] = [];
  let sql = "";
  if (before !== undefined) {
    sql += beforeId === undefined ? "AND created_at < ?" : "AND (created_at, id) < (?, ?)";
    values.push(before, ...(beforeId === undefined ? [] : [beforeId]));
  }
  const { ref, branch, status, event, workflow } = query;
  const wanted: [string, string[]][] = [
    ["ref = ?", ref === undefined ? [] : [ref]],
    ["(ref = ? OR head_ref = ?)", branch === undefined ? [] : [`refs/heads/${branch}`, branch]],
    ["(status = ? OR conclusion = ?)", status === undefined ? [] : [status, status]],
    ["event = ?", event === undefined ? [] : [event]],
    ["workflow_path = ?", workflow === undefined ? [] : [workflow]],
  ];
  for (const [condition, given] of wanted.filter(([, given]) => given.length > 0)) {
    sql += ` AND ${condition}`;
    values.push(...given);
  }
  return { sql, values };
}

/** All builds that share a commit status. */
export async function buildsBehindReport(
  db: D1Database,
  key: { repositoryId: number; sha: string; context: string },
): Promise<StoredBuild[]> {
  const rows = await db
    .prepare("SELECT * FROM builds WHERE repository_id = ? AND report_sha = ? AND context = ? ORDER BY created_at DESC")
    .bind(key.repositoryId, key.sha, key.context)
    .all<BuildRow>();
  return rows.results.map(buildOfRow);
}

/** Builds under way for one merge group; its commit is built for nothing else. */
export async function buildsOfMergeGroup(db: D1Database, repositoryId: number, sha: string): Promise<StoredBuild[]> {
  const rows = await db
    .prepare(
      `SELECT * FROM builds WHERE repository_id = ? AND report_sha = ? AND event = 'merge_group' AND status <> 'completed'`,
    )
    .bind(repositoryId, sha)
    .all<BuildRow>();
  return rows.results.map(buildOfRow);
}

/** Unfinished builds with a job that waits for a sandbox: of the repository that has fewest first, then the oldest. */
export async function buildsWaitingForCapacity(db: D1Database, limit: number): Promise<BuildId[]> {
  const rows = await db
    .prepare(
      `SELECT id FROM builds WHERE settled = 0 AND status <> 'completed' AND EXISTS (
         SELECT 1 FROM jobs WHERE jobs.id >= builds.id || '-' AND jobs.id < builds.id || '.' AND jobs.status = 'queued' AND jobs.admitted = 0)
         AND NOT EXISTS (SELECT 1 FROM pauses WHERE pauses.repository_id IN (0, builds.repository_id))
       ORDER BY (SELECT COUNT(*) FROM attempts live WHERE live.destroyed_at IS NULL AND live.repository_id = builds.repository_id),
         created_at LIMIT ?`,
    )
    .bind(limit)
    .all<{ id: string }>();
  return rows.results.map((row) => asBuildId(row.id));
}

export function changeBuild(
  db: D1Database,
  build: Pick<Build, "id" | "runAttempt">,
  change: Change,
): D1PreparedStatement {
  return changeState(db, "builds", build.id, change, { guard: { sql: "run_attempt = ?", values: [build.runAttempt] } });
}

/** The first cancel asks, the second forces. Only while it runs. */
export function requestCancel(
  db: D1Database,
  build: Pick<Build, "id" | "runAttempt">,
  by: string,
  at: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE builds SET cancel_force = CASE WHEN cancel_at IS NULL THEN 0 ELSE 1 END, cancel_at = COALESCE(cancel_at, ?),
         cancel_by = COALESCE(cancel_by, ?) WHERE id = ? AND run_attempt = ? AND status <> 'completed'`,
    )
    .bind(at, by, build.id, build.runAttempt);
}

/** Opens the next run attempt of a completed build; changes no row where somebody did so already. */
export function reopenBuild(
  db: D1Database,
  build: Build,
  runAttempt: number,
  problems: readonly Problem[],
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE builds SET run_attempt = ?, problems = ?, status = 'queued', conclusion = NULL, reason = NULL, detail = NULL,
         completed_at = NULL, started_at = NULL, cancel_at = NULL, cancel_by = NULL, cancel_force = 0, settled = 0
       WHERE id = ? AND run_attempt = ? AND status = 'completed'`,
    )
    .bind(runAttempt, JSON.stringify(problems), build.id, runAttempt - 1);
}

/** Remembers what GitHub was told for a build's key; `settled` once that was its end. */
export function markReported(db: D1Database, id: BuildId, reported: string, settled: boolean): D1PreparedStatement {
  return db
    .prepare(
      "UPDATE builds SET reported = ?, settled = MAX(settled, ?) WHERE id = ? AND (reported IS NOT ? OR settled < ?)",
    )
    .bind(reported, settled ? 1 : 0, id, reported, settled ? 1 : 0);
}
