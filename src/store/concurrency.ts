/** Concurrency groups: who runs in one and who waits, decided in one transaction, so that nobody runs beside another. */

import { asBuildId } from "../model/ids.ts";
import type { BuildId, JobId } from "../model/ids.ts";

/** A build, or one job of it, that wants to run in a group. */
export interface GroupClaim {
  repositoryId: number;
  /** In lower case. */
  name: string;
  buildId: BuildId;
  jobId: JobId | null;
  cancelInProgress: boolean;
  /** Said of whoever has to give way: `CI #7`. */
  by: string;
  at: number;
}

export interface GroupPlace {
  /** Null where the claimant is completed itself: it gave way to a newer one, or was cancelled. */
  place: "running" | "pending" | null;
  /** Who waited before and is cancelled now: one waits in a group, the newest. */
  superseded: { buildId: BuildId; wholeBuild: boolean } | null;
  /** The build in which something was asked to stop. */
  stopping: BuildId | null;
}

interface GroupRow {
  place: "running" | "pending";
  build_id: string;
  job_id: string | null;
}

/** Behind the name of who cancels a build: by this it is known to be superseded, and not cancelled by a person. */
const FOR_GROUP = " of its concurrency group";

export function isSuperseding(by: string): boolean {
  return by.endsWith(FOR_GROUP);
}

const OF_GROUP = "repository_id = ?1 AND name = ?2";
const IN_GROUP = `SELECT 1 FROM concurrency WHERE ${OF_GROUP}`;
/** The claimant is ?3 (build), ?4 (job or null): still to run, and in no place yet. */
const IS_NEW = `(CASE WHEN ?4 IS NULL THEN EXISTS (SELECT 1 FROM builds WHERE id = ?3 AND status <> 'completed')
    ELSE EXISTS (SELECT 1 FROM jobs WHERE id = ?4 AND status <> 'completed') END)
  AND NOT EXISTS (${IN_GROUP} AND build_id = ?3 AND job_id IS ?4)`;
const WAITS = `EXISTS (${IN_GROUP} AND place = 'pending' AND build_id = ?3 AND job_id IS ?4)`;
const GIVES_WAY =
  "status = 'completed', conclusion = 'cancelled', reason = 'superseded', detail = 'Superseded by ' || ?5, completed_at = ?6";
const HAS_NOT_BEGUN = "status IN ('waiting', 'queued')";

const held = (column: string, place: GroupRow["place"], whose: "IS" | "IS NOT"): string =>
  `(SELECT ${column} FROM concurrency WHERE ${OF_GROUP} AND place = '${place}' AND job_id ${whose} NULL)`;

/** Takes a place in the group, or keeps the one it has. Doubled and late claims change nothing. */
export async function claimGroup(db: D1Database, claim: GroupClaim): Promise<GroupPlace> {
  const { buildId, jobId } = claim;
  const results = await db.batch<GroupRow>([...settleGroup(db, claim), ...takePlace(db, claim)]);
  const rows = results.at(-1)?.results ?? [];
  const gone = results[TAKEN.displaced]?.results[0];
  const stopped = TAKEN.stopped.some((index) => (results[index]?.meta.changes ?? 0) > 0);
  const running = rows.find((row) => row.place === "running");
  return {
    place: rows.find((row) => row.build_id === buildId && row.job_id === jobId)?.place ?? null,
    superseded: gone ? { buildId: asBuildId(gone.build_id), wholeBuild: gone.job_id === null } : null,
    stopping: stopped && running ? asBuildId(running.build_id) : null,
  };
}

/** Takes out whoever is completed; who waited runs. */
function settleGroup(db: D1Database, { repositoryId, name }: Pick<GroupClaim, "repositoryId" | "name">) {
  return [
    db
      .prepare(
        `DELETE FROM concurrency WHERE ${OF_GROUP} AND (
           NOT EXISTS (SELECT 1 FROM builds b WHERE b.id = build_id AND b.status <> 'completed')
           OR (job_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = job_id AND j.status <> 'completed')))`,
      )
      .bind(repositoryId, name),
    db
      .prepare(
        `UPDATE concurrency SET place = 'running' WHERE ${OF_GROUP} AND place = 'pending'
           AND NOT EXISTS (${IN_GROUP} AND place = 'running') RETURNING place, build_id, job_id`,
      )
      .bind(repositoryId, name),
  ];
}

/** Where in the batch of a claim stands what is read back. */
const TAKEN = { displaced: 6, stopped: [8, 9, 10] } as const;

function takePlace(db: D1Database, claim: GroupClaim): D1PreparedStatement[] {
  const { repositoryId, name, buildId, jobId } = claim;
  const say = (sql: string) => db.prepare(sql).bind(repositoryId, name, buildId, jobId);
  const end = (sql: string) => db.prepare(sql).bind(repositoryId, name, buildId, jobId, claim.by, claim.at);
  const stop = claim.cancelInProgress ? WAITS : `FALSE AND ${WAITS}`;
  return [
    say(
      `INSERT INTO concurrency (repository_id, name, place, build_id, job_id) SELECT ?1, ?2, 'running', ?3, ?4
       WHERE ${IS_NEW} AND NOT EXISTS (${IN_GROUP} AND place = 'running')`,
    ),
    end(
      `UPDATE jobs SET ${GIVES_WAY} WHERE id = ${held("job_id", "pending", "IS NOT")} AND ${HAS_NOT_BEGUN} AND ${IS_NEW}`,
    ),
    end(
      `UPDATE jobs SET ${GIVES_WAY} WHERE id >= ${held("build_id || '-'", "pending", "IS")}
         AND id < ${held("build_id || '.'", "pending", "IS")} AND ${HAS_NOT_BEGUN} AND ${IS_NEW}`,
    ),
    end(
      `UPDATE builds SET ${GIVES_WAY} WHERE id = ${held("build_id", "pending", "IS")} AND ${HAS_NOT_BEGUN} AND ${IS_NEW}`,
    ),
    say(
      `DELETE FROM concurrency WHERE ${OF_GROUP} AND place = 'pending' AND ${IS_NEW} RETURNING place, build_id, job_id`,
    ),
    say(
      `INSERT INTO concurrency (repository_id, name, place, build_id, job_id) SELECT ?1, ?2, 'pending', ?3, ?4 WHERE ${IS_NEW}`,
    ),
    end(
      `UPDATE builds SET cancel_at = ?6, cancel_by = ?5 || '${FOR_GROUP}' WHERE id = ${held("build_id", "running", "IS")}
         AND status <> 'completed' AND cancel_at IS NULL AND ${stop}`,
    ),
    say(
      `UPDATE jobs SET stop_reason = 'superseded' WHERE id = ${held("job_id", "running", "IS NOT")}
         AND status <> 'completed' AND admitted = 1 AND stop_reason IS NULL AND ${stop}`,
    ),
    end(
      `UPDATE jobs SET ${GIVES_WAY} WHERE id = ${held("job_id", "running", "IS NOT")}
         AND ${HAS_NOT_BEGUN} AND admitted = 0 AND ${stop}`,
    ),
    db.prepare(`SELECT place, build_id, job_id FROM concurrency WHERE ${OF_GROUP}`).bind(repositoryId, name),
  ];
}

/** Gives back what a build, or its jobs, held and need no more. The builds that may go on now. */
export async function releaseGroups(db: D1Database, build: BuildId): Promise<BuildId[]> {
  const rows = await db
    .prepare("SELECT DISTINCT repository_id, name FROM concurrency WHERE build_id = ?")
    .bind(build)
    .all<{ repository_id: number; name: string }>();
  const next: BuildId[] = [];
  for (const { repository_id: repositoryId, name } of rows.results) {
    const [, moved] = await db.batch<GroupRow>(settleGroup(db, { repositoryId, name }));
    for (const row of moved?.results ?? []) next.push(asBuildId(row.build_id));
  }
  return next;
}
