/** People who signed in: one row for each browser and each command, found by the hash of what it holds. */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

export type SessionKind = "browser" | "cli";

export interface Session {
  /** `hashSecret` of what the browser or the command holds. */
  id: string;
  kind: SessionKind;
  /** GitHub's. */
  userId: number;
  login: string;
  /** `UserTokens` as JSON, sealed with `sessionContext`. */
  sealed: string;
  createdAt: number;
  expiresAt: number;
}

interface SessionRow {
  id: string;
  kind: SessionKind;
  user_id: number;
  login: string;
  sealed: string;
  created_at: number;
  expires_at: number;
}

const SECRET_BYTES = 32;

/** 256 random bits, fit for a cookie and a header. */
export function drawSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString("base64url");
}

/** For secrets of 256 random bits, which need no salt. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** What the sealing of a session's tokens is bound to. */
export function sessionContext(id: string): string {
  return `session/${id}`;
}

/** Those that are over go by the way. */
export async function saveSession(db: D1Database, session: Session): Promise<void> {
  await db.batch([
    db.prepare("DELETE FROM sessions WHERE expires_at <= ?").bind(session.createdAt),
    db
      .prepare(
        "INSERT INTO sessions (id, kind, user_id, login, sealed, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      )
      .bind(
        session.id,
        session.kind,
        session.userId,
        session.login,
        session.sealed,
        session.createdAt,
        session.expiresAt,
      ),
  ]);
}

/** By what the visitor holds; null where it is over, revoked or of the other kind. */
export async function findSession(
  db: D1Database,
  secret: string,
  kind: SessionKind,
  now: number,
): Promise<Session | null> {
  const row = await db
    .prepare("SELECT * FROM sessions WHERE id = ? AND kind = ? AND expires_at > ?")
    .bind(hashSecret(secret), kind, now)
    .first<SessionRow>();
  return row && fromRow(row);
}

function fromRow({ user_id: userId, created_at: createdAt, expires_at: expiresAt, ...row }: SessionRow): Session {
  return { ...row, userId, createdAt, expiresAt };
}

/** Null once it was ended. */
export async function readSealedTokens(db: D1Database, id: string): Promise<string | null> {
  const row = await db.prepare("SELECT sealed FROM sessions WHERE id = ?").bind(id).first<{ sealed: string }>();
  return row?.sealed ?? null;
}

/** Changes no row where another request has renewed the tokens meanwhile. */
export function replaceSealedTokens(db: D1Database, id: string, before: string, after: string): D1PreparedStatement {
  return db.prepare("UPDATE sessions SET sealed = ? WHERE id = ? AND sealed = ?").bind(after, id, before);
}

export function removeSession(db: D1Database, id: string): D1PreparedStatement {
  return db.prepare("DELETE FROM sessions WHERE id = ?").bind(id);
}

/** All of a person's, and what was remembered of their rights. */
export function removeSessionsOf(db: D1Database, userId: number): D1PreparedStatement[] {
  return [
    db.prepare("DELETE FROM sessions WHERE user_id = ?").bind(userId),
    db.prepare("DELETE FROM github_rights WHERE user_id = ?").bind(userId),
  ];
}

/** GitHub's id of who is signed in under a name, in any letter case. */
export async function findSignedIn(db: D1Database, login: string): Promise<number | null> {
  const row = await db
    .prepare("SELECT user_id FROM sessions WHERE login = ? COLLATE NOCASE ORDER BY created_at DESC LIMIT 1")
    .bind(login)
    .first<{ user_id: number }>();
  return row?.user_id ?? null;
}
