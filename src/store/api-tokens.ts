/** Tokens of machines: named, with a scope and an end, kept as their hash. */

import type { Right } from "../model/right.ts";

export interface ApiToken {
  /** `hashSecret` of the token. */
  id: string;
  name: string;
  scope: Right;
  /** Null for all repositories. */
  repositoryId: number | null;
  createdAt: number;
  createdBy: string;
  /** Null for never. */
  expiresAt: number | null;
}

interface TokenRow {
  id: string;
  name: string;
  scope: Right;
  repository_id: number | null;
  created_at: number;
  created_by: string;
  expires_at: number | null;
}

function fromRow(row: TokenRow): ApiToken {
  return {
    id: row.id,
    name: row.name,
    scope: row.scope,
    repositoryId: row.repository_id,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
  };
}

/** False where a token of that name is there; one that has ended makes way. */
export async function saveApiToken(db: D1Database, token: ApiToken): Promise<boolean> {
  const [, inserted] = await db.batch([
    db.prepare("DELETE FROM api_tokens WHERE name = ? AND expires_at <= ?").bind(token.name, token.createdAt),
    db
      .prepare(
        `INSERT INTO api_tokens (id, name, scope, repository_id, created_at, created_by, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      )
      .bind(token.id, token.name, token.scope, token.repositoryId, token.createdAt, token.createdBy, token.expiresAt),
  ]);
  return (inserted?.meta.changes ?? 0) > 0;
}

/** Null where it has ended or was revoked. */
export async function findApiToken(db: D1Database, id: string, now: number): Promise<ApiToken | null> {
  const row = await db
    .prepare("SELECT * FROM api_tokens WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)")
    .bind(id, now)
    .first<TokenRow>();
  return row && fromRow(row);
}

export async function listApiTokens(db: D1Database): Promise<ApiToken[]> {
  const rows = await db.prepare("SELECT * FROM api_tokens ORDER BY name").all<TokenRow>();
  return rows.results.map(fromRow);
}

export function removeApiToken(db: D1Database, name: string): D1PreparedStatement {
  return db.prepare("DELETE FROM api_tokens WHERE name = ?").bind(name);
}
