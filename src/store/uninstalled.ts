/** What an installation that is gone leaves behind: builds that nothing can be read for, or told of. */

import { asBuildId } from "../model/ids.ts";
import type { BuildId } from "../model/ids.ts";

/** Asks to stop all that is not over of an installation's repositories; gives back which builds those are. */
export async function cancelInstallation(
  db: D1Database,
  installationId: number,
  by: string,
  at: number,
): Promise<BuildId[]> {
  const { results } = await db
    .prepare(
      `UPDATE builds SET cancel_at = ?, cancel_by = ? WHERE settled = 0 AND status <> 'completed' AND cancel_at IS NULL
         AND repository_id IN (SELECT id FROM repositories WHERE installation_id = ?) RETURNING id`,
    )
    .bind(at, by, installationId)
    .all<{ id: string }>();
  return results.map((row) => asBuildId(row.id));
}
