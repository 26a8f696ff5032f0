/** What lists of builds need besides the builds: the newest of each repository, and what can be chosen from. */

import { buildOfRow } from "./builds.ts";
import type { BuildRow, StoredBuild } from "./builds.ts";
import { visibleWhere } from "./repositories.ts";
import type { Visible } from "./repositories.ts";

/** Those that were ever built, the last built first. */
export async function newestBuildOfEach(
  db: D1Database,
  limit: number,
  visible: Visible = "all",
): Promise<StoredBuild[]> {
  const may = visibleWhere(visible);
  const rows = await db
    .prepare(
      `SELECT b.* FROM repositories r JOIN builds b ON b.id = (
         SELECT id FROM builds WHERE repository_id = r.id ORDER BY created_at DESC, id DESC LIMIT 1)
       WHERE ${may.sql} ORDER BY b.created_at DESC LIMIT ?`,
    )
    .bind(...may.values, limit)
    .all<BuildRow>();
  return rows.results.map(buildOfRow);
}

/** A badge's build: the newest of a branch that ended, and not by being skipped. */
export async function newestOfBranch(
  db: D1Database,
  of: { repositoryId: number; branch: string; workflow: string | null },
): Promise<StoredBuild | null> {
  const row = await db
    .prepare(
      `SELECT * FROM builds WHERE repository_id = ?1 AND ref = ?2 AND event <> 'pull_request'
         AND (?3 IS NULL OR workflow_path = ?3 OR workflow_path LIKE '%/' || ?3 ESCAPE '\\' OR workflow_name = ?4)
         AND status = 'completed' AND conclusion <> 'skipped'
       ORDER BY created_at DESC, id DESC LIMIT 1`,
    )
    .bind(of.repositoryId, `refs/heads/${of.branch}`, of.workflow && escapeLike(of.workflow), of.workflow)
    .first<BuildRow>();
  return row && buildOfRow(row);
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}

/** What a repository's newest builds differ in: the choices of its filters. */
export interface BuildFacets {
  branches: string[];
  events: string[];
  workflows: { path: string; name: string | null }[];
}

/** Builds that are looked at for it. */
const RECENT = 300;

export async function buildFacets(db: D1Database, repositoryId: number): Promise<BuildFacets> {
  const rows = await db
    .prepare(
      `SELECT DISTINCT ref, head_ref, event, workflow_path, workflow_name FROM (
         SELECT * FROM builds WHERE repository_id = ? ORDER BY created_at DESC LIMIT ?)`,
    )
    .bind(repositoryId, RECENT)
    .all<Pick<BuildRow, "ref" | "head_ref" | "event" | "workflow_path" | "workflow_name">>();
  const found = rows.results;
  const branches = found.flatMap(({ ref, head_ref: head }) => head ?? /^refs\/heads\/(.*)/s.exec(ref)?.[1] ?? []);
  const names = new Map(found.map(({ workflow_path: path, workflow_name: name }) => [path, name]));
  return {
    branches: [...new Set(branches)].sort(),
    events: [...new Set(found.map(({ event }) => event))].sort(),
    workflows: [...names].map(([path, name]) => ({ path, name })).sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}
