-- What actions upload by themselves (docs/actions-services.md): a row per upload, gone with its attempt.

CREATE TABLE uploads (
  attempt_id TEXT NOT NULL,
  id TEXT NOT NULL,
  repository_id INTEGER NOT NULL,
  -- `cache` or `artifact`.
  kind TEXT NOT NULL,
  -- A cache's key, an artifact's name.
  name TEXT NOT NULL,
  -- Of a cache; empty for artifacts.
  version TEXT NOT NULL,
  scope TEXT NOT NULL,
  -- What it says it is, and until when (ms, UTC) it is kept; null for caches.
  mime_type TEXT,
  expires_at INTEGER,
  created_at INTEGER NOT NULL,
  -- R2 prefix of its blocks.
  prefix TEXT NOT NULL,
  -- Everything that was sent so far, what was sent twice included.
  sent_bytes INTEGER NOT NULL DEFAULT 0,
  -- Digest of the list of blocks that it is made of; null until one was sent.
  list TEXT,
  -- From when on nothing more is taken.
  sealed_at INTEGER,
  -- 1 once a cache or artifact names it; else its bytes go with the row.
  saved INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (attempt_id, id)
) WITHOUT ROWID;

-- A reservation is looked for by what it is for.
CREATE INDEX uploads_by_name ON uploads (repository_id, kind, name);

-- JSON, src/store/artifacts.ts ArtifactArchive, where an action sent it as one file; null where it is one object per file.
ALTER TABLE artifacts ADD COLUMN archive TEXT;
