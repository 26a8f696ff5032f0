-- Who may see and act: people who signed in with GitHub, tokens of machines, and what GitHub said about both.

CREATE TABLE sessions (
  -- SHA-256 of what the browser or the command holds: the rows open nothing.
  id TEXT PRIMARY KEY,
  -- `browser` or `cli`: one is no use as the other.
  kind TEXT NOT NULL,
  user_id INTEGER NOT NULL,
  login TEXT NOT NULL,
  -- GitHub's tokens of this person: src/store/seal.ts.
  sealed TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE api_tokens (
  -- SHA-256 of the token.
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- `read`, `act` or `admin`.
  scope TEXT NOT NULL,
  -- Null for all repositories.
  repository_id INTEGER,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  -- Null for never.
  expires_at INTEGER
) WITHOUT ROWID;

-- What GitHub lets a person do, remembered for minutes; repository 0 says when all of a person's were listed.
CREATE TABLE github_rights (
  user_id INTEGER NOT NULL,
  repository_id INTEGER NOT NULL,
  -- `none`, `read`, `act` or `admin`.
  level TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, repository_id)
) WITHOUT ROWID;

-- When it was last said to be private: only what GitHub was asked later makes it public.
ALTER TABLE repositories ADD COLUMN private_at INTEGER NOT NULL DEFAULT 0;
