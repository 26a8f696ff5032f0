/** Who did what that no webhook asked for: kept for people who look into something afterwards. Never holds a value. */

export interface AuditEntry {
  at: number;
  /** `token` for the API's, `access:<email>`, or whoever else the request proved to be. */
  who: string;
  what: AuditedAct;
  repositoryId: number | null;
  /** For people: which build, which name in which scope. */
  detail: string;
}

type AuditedAct =
  | "build.rerun"
  | "build.cancel"
  | "build.dispatch"
  | "session.start"
  | "session.end"
  | "session.revoke"
  | "token.create"
  | "token.revoke"
  | "cache.remove"
  | "secret.set"
  | "secret.remove"
  | "secrets.reseal"
  | "variable.set"
  | "variable.remove"
  | "environment.create"
  | "environment.remove"
  | "pause"
  | "budget.warn"
  | "resume";

export function recordAct(db: D1Database, entry: AuditEntry): D1PreparedStatement {
  return db
    .prepare("INSERT INTO audit (at, who, what, repository_id, detail) VALUES (?, ?, ?, ?, ?)")
    .bind(entry.at, entry.who, entry.what, entry.repositoryId, entry.detail);
}

export interface StoredAct extends AuditEntry {
  id: number;
  /** As it is called now; null for an act that is about no repository, or about one that is gone. */
  repository: string | null;
}

/** Newest first, those before the act `before`. */
export async function listActs(
  db: D1Database,
  { repositoryId, before, limit }: { repositoryId: number | null; before: number | null; limit: number },
): Promise<StoredAct[]> {
  const rows = await db
    .prepare(
      `SELECT a.id, a.at, a.who, a.what, a.repository_id, a.detail, r.owner || '/' || r.name AS repository
       FROM audit a LEFT JOIN repositories r ON r.id = a.repository_id
       WHERE (?1 IS NULL OR a.repository_id = ?1) AND (?2 IS NULL OR a.id < ?2) ORDER BY a.id DESC LIMIT ?3`,
    )
    .bind(repositoryId, before, limit)
    .all<{
      id: number;
      at: number;
      who: string;
      what: AuditedAct;
      repository_id: number | null;
      detail: string;
      repository: string | null;
    }>();
  return rows.results.map(({ repository_id, ...row }) => ({ ...row, repositoryId: repository_id }));
}
