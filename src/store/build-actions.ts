/** Which commit each action of another repository is in a build: whoever asks first decides, for reruns too. */

import type { BuildId } from "../model/ids.ts";

export interface BuildAction {
  /** `owner/repository`, in lower case. */
  name: string;
  ref: string;
  sha: string;
  /** What the ref named when it was asked. */
  kind: "sha" | "tag" | "branch";
}

export async function actionsOfBuild(db: D1Database, build: BuildId): Promise<BuildAction[]> {
  const { results } = await db
    .prepare("SELECT name, ref, sha, kind FROM build_actions WHERE build_id = ? ORDER BY name, ref")
    .bind(build)
    .all<BuildAction>();
  return results;
}

/** All that the build has then: a job beside this one may have been faster. */
export async function keepActions(
  db: D1Database,
  build: BuildId,
  actions: readonly BuildAction[],
): Promise<BuildAction[]> {
  const insert = db.prepare(
    "INSERT INTO build_actions (build_id, name, ref, sha, kind) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  if (actions.length > 0)
    await db.batch(actions.map(({ name, ref, sha, kind }) => insert.bind(build, name, ref, sha, kind)));
  return await actionsOfBuild(db, build);
}
